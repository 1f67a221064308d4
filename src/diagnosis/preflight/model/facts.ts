import * as tf from '@tensorflow/tfjs-core';
import type { OutputLoss } from '../../../trainer/loss/index.js';
import type { Lab } from '../lab.js';
import type { Column } from '../sample.js';
import { layerNodes, outputActivation } from './graph.js';
import { predict } from './predictions.js';

/** What labels are beside an output, by their shape and values. */
export type LabelKind = 'class' | 'one-hot' | 'distribution' | 'binary' | 'multi-label' | 'sign' | 'numbers' | 'other';

export interface OutputFacts {
  readonly index: number;
  readonly name: string;
  readonly loss: OutputLoss;
  readonly labels: Column;
  readonly kind: LabelKind;
  /** Shape of a sample's prediction. */
  readonly rest: readonly number[];
  /** Size of the last axis. */
  readonly width: number;
  /** In inference mode for the samples looked at, row-major. */
  readonly predictions: Float32Array;
  /** The last activation in lower case, where a layer tells. */
  readonly activation: string | undefined;
}

export interface Facts {
  /** Samples that the predictions are of. */
  readonly indices: Int32Array;
  readonly outputs: readonly OutputFacts[];
  /** Whether all inputs are float32, so that they can be scaled and mixed. */
  readonly isFloat: boolean;
}

const known = new WeakMap<Lab, Promise<Facts>>();

/** How many samples: 256 give a mean loss a standard error of 6% of its spread; fewer where samples are large. */
export const affordable = (lab: Lab, most = 256): number => {
  const width = lab.training.inputs.reduce((sum, each) => sum + each.width, 0);
  // 2,000,000 numbers through a small convolution net take some 0.2 s on two cores.
  return Math.min(lab.training.count, most, Math.max(16, Math.floor(2_000_000 / Math.max(1, width))));
};

/** What several checks ask for, made once for a lab. */
export function factsOf(lab: Lab): Promise<Facts> {
  const before = known.get(lab);
  if (before !== undefined) return before;
  const made = gather(lab);
  known.set(lab, made);
  return made;
}

async function gather(lab: Lab): Promise<Facts> {
  const indices = lab.choose(affordable(lab), 'model/facts');
  const { values, rests } = await predict(lab, indices);
  const outputs = lab.loss.outputs.flatMap((loss, index): OutputFacts[] => {
    const labels = lab.training.labels[index];
    const rest = rests[index];
    const predictions = values[index];
    if (labels === undefined || rest === undefined || predictions === undefined) return [];
    return [{ index, name: loss.output.name, loss, labels, kind: kindOf(labels, rest), rest, width: rest.at(-1) ?? 1, predictions, activation: outputActivation(lab.model, index) }];
  });
  return { indices, outputs, isFloat: lab.training.inputs.every((column) => isScalable(lab, column)) };
}

/**
 * Whether an input may be given other numbers than the data's: not where it is whole numbers that a model looks up.
 * Embeddings of tfjs-layers take their tokens as float32.
 */
function isScalable(lab: Lab, { dtype, values }: Column): boolean {
  if (dtype !== 'float32') return false;
  if (lab.model.kind === 'layers') return !layerNodes(lab.model).some(({ className }) => className === 'Embedding');
  return !values.every((each) => Number.isInteger(each) && each >= 0) || values.every((each) => each <= 1);
}

const product = (shape: readonly number[]): number => shape.reduce((whole, each) => whole * each, 1);

/** What the labels are, beside predictions [samples, ...rest]. */
export function kindOf(labels: Column, rest: readonly number[]): LabelKind {
  const { values, width } = labels;
  const size = product(rest);
  const last = rest.at(-1) ?? 1;
  const every = (holds: (value: number) => boolean): boolean => {
    for (const each of values) if (!holds(each)) return false;
    return true;
  };
  if (width !== size) {
    const isClass = last > 1 && width * last === size && every((each) => Number.isInteger(each) && each >= 0 && each < last);
    return isClass ? 'class' : 'other';
  }
  const isBinary = every((each) => each === 0 || each === 1);
  if (last > 1 && every((each) => each >= 0 && each <= 1)) {
    const sums = rowSums(values, last);
    if (sums.every((sum) => Math.abs(sum - 1) < 1e-3)) return isBinary ? 'one-hot' : 'distribution';
  }
  if (isBinary) return last > 1 ? 'multi-label' : 'binary';
  return every((each) => each === 1 || each === -1) ? 'sign' : 'numbers';
}

/** Whether labels are the inputs themselves, as of an autoencoder: the same numbers in the same order. */
export const labelsAreInputs = ({ training: { inputs, labels } }: Lab): boolean =>
  labels.length > 0 && labels.every(({ values, width }) => inputs.some((input) => input.width === width && input.values.length === values.length && values.every((each, i) => each === input.values[i])));

/** Sums along the last axis. */
export function rowSums(values: ArrayLike<number>, width: number): Float64Array {
  const sums = new Float64Array(Math.floor(values.length / width));
  for (let i = 0; i < sums.length * width; i += 1) sums[Math.floor(i / width)] = (sums[Math.floor(i / width)] ?? 0) + (values[i] ?? 0);
  return sums;
}

/** Values of the labels of some samples, row-major. */
export function labelValues({ labels }: OutputFacts, indices: ArrayLike<number>): Float32Array {
  const { width, values } = labels;
  const all = new Float32Array(indices.length * width);
  for (let i = 0; i < indices.length; i += 1) {
    const from = (indices[i] ?? 0) * width;
    all.set(values.subarray(from, from + width), i * width);
  }
  return all;
}

/** Multiplies float inputs; others stay as they are. */
export const scaledBy =
  (factor: number) =>
  (inputs: readonly tf.Tensor[]): readonly tf.Tensor[] =>
    inputs.map((each) => (each.dtype === 'float32' ? tf.mul(each, factor) : each));
