import * as tf from '@tensorflow/tfjs-core';
import { isHostMemory } from '../../measure/pack.js';
import { epsilon } from './limits.js';

/**
 * Elements up to which the crossentropy of probabilities is computed on the host where tensors lie in its memory. Value
 * and gradient of 320, 1,280 and 4,000 elements take 0.077, 0.150 and 0.217 ms here and 0.274, 0.284 and 0.357 ms by
 * kernels on wasm; on cpu 0.053, 0.160 and 0.397 and by kernels 0.422, 1.26 and 4.72 (medians of 9 turns of 300, Node
 * 20, 2 cores). On wasm the kernels gain with the size; farther was not measured.
 */
const mostElements = 4096;

/** The kernels' constants, as they are in float32. */
const [low, high] = [Math.fround(epsilon), Math.fround(1 - epsilon)];

const limited = (x: number): number => (x < low ? low : x > high ? high : x);
/** 1 inside the limits, 0 outside and for NaN: what a gradient is multiplied with. */
const passes = (x: number): number => (x >= low && x <= high ? 1 : 0);

interface Rows {
  readonly rows: number;
  readonly classes: number;
  readonly p: Float32Array;
  /** What the label of a row gives a class. */
  readonly label: (row: number, column: number) => number;
  /** Whether probabilities are limited before they are scaled as well. */
  readonly limitsFirst: boolean;
}

/** -sum(y log c) of each row, with c = limit(p / sum(p)), and its derivatives by p: both in double precision. */
function compute({ rows, classes, p, label, limitsFirst }: Rows): { readonly losses: Float32Array; readonly gradient: Float32Array } {
  const losses = new Float32Array(rows);
  const gradient = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row += 1) {
    const from = row * classes;
    let sum = 0;
    for (let i = 0; i < classes; i += 1) sum += limitsFirst ? limited(p[from + i] ?? Number.NaN) : (p[from + i] ?? Number.NaN);
    let [loss, weighted] = [0, 0];
    for (let i = 0; i < classes; i += 1) {
      const given = p[from + i] ?? Number.NaN;
      const first = limitsFirst ? limited(given) : given;
      const scaled = first / sum;
      const y = label(row, i);
      loss -= y * Math.log(limited(scaled));
      const byScaled = (-y / limited(scaled)) * passes(scaled);
      gradient[from + i] = byScaled;
      weighted += byScaled * scaled;
    }
    losses[row] = loss;
    // Scaling by the sum takes from each what all of them get.
    for (let i = 0; i < classes; i += 1) {
      const own = (((gradient[from + i] ?? Number.NaN) - weighted) / sum) * (limitsFirst ? passes(p[from + i] ?? Number.NaN) : 1);
      gradient[from + i] = own;
    }
  }
  return { losses, gradient };
}

const canBeRead = (...tensors: readonly tf.Tensor[]): boolean => isHostMemory() && tensors.every(({ size, dtype }) => size <= mostElements && (dtype === 'float32' || dtype === 'int32'));

/**
 * The crossentropy of probabilities [batch, ..., classes] by rows, [batch, ...], or undefined where the kernels are to
 * compute it. As one step of the tape.
 * @param labels Of the predictions' shape; with `kind` 'numbers', class numbers of it less the last axis.
 */
export const hostCrossentropy = (labels: tf.Tensor, predictions: tf.Tensor, kind: 'rows' | 'numbers'): tf.Tensor | undefined => onHost(labels, predictions, kind, false);

/** The mean of those rows, with which a step of training begins and ends: without the kernels of tf.mean and of its gradient. */
export const hostMeanCrossentropy = (labels: tf.Tensor, predictions: tf.Tensor, kind: 'rows' | 'numbers'): tf.Scalar | undefined => onHost(labels, predictions, kind, true) as tf.Scalar | undefined;

function onHost(labels: tf.Tensor, predictions: tf.Tensor, kind: 'rows' | 'numbers', isMean: boolean): tf.Tensor | undefined {
  const classes = predictions.shape.at(-1) ?? 1;
  const rows = predictions.size / classes;
  if (predictions.dtype !== 'float32' || predictions.size === 0 || !canBeRead(labels, predictions) || labels.size !== (kind === 'rows' ? predictions.size : rows)) return undefined;
  const shape = predictions.shape.slice(0, -1);
  const step = tf.customGrad((...args) => {
    const [x] = args as [tf.Tensor];
    const y = labels.dataSync();
    const label = kind === 'rows' ? (row: number, column: number) => y[row * classes + column] ?? Number.NaN : (row: number, column: number) => (Math.trunc(y[row] ?? -1) === column ? 1 : 0);
    const { losses, gradient } = compute({ rows, classes, p: x.dataSync<'float32'>(), label, limitsFirst: kind === 'numbers' });
    return {
      value: isMean ? tf.scalar(losses.reduce((sum, each) => sum + each, 0) / rows) : tf.tensor(losses, shape),
      gradFunc: (dy: tf.Tensor) => {
        const above = dy.dataSync<'float32'>();
        if (isMean) {
          const share = (above[0] ?? Number.NaN) / rows;
          for (let i = 0; i < gradient.length; i += 1) gradient[i] = (gradient[i] ?? Number.NaN) * share;
          return tf.tensor(gradient, predictions.shape);
        }
        return tf.tensor(gradient.map((each, i) => each * (above[Math.floor(i / classes)] ?? Number.NaN)), predictions.shape);
      },
    };
  });
  return step(predictions);
}
