import * as tf from '@tensorflow/tfjs-core';
import type { Measurement } from './measurement.js';
import type { StepFacts, StepSources } from './sources.js';

/** How the entries of a tensor are spread. What is not finite is in no bin and in no other number: it is counted apart. */
export interface Histogram {
  /** bins + 1 of them, rising, from min to max in equal steps; 2 where all entries are equal; none without finite entries. */
  readonly edges: readonly number[];
  /** Entries from one edge up to the next, which is left out save at the last bin. Exact up to 2^24, the integers of float32. */
  readonly counts: readonly number[];
  /** Of the finite entries; NaN where there are none. */
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Standard deviation of the entries (divisor n). */
  readonly std: number;
  /** How many entries are NaN or infinite. */
  readonly nonFinite: number;
}

/** What histograms are made of; `gradients` are the raw ones. */
export const histogramKinds = ['weights', 'gradients', 'updates', 'activations'] as const;
export type HistogramKind = (typeof histogramKinds)[number];

export interface HistogramOptions {
  /** Bins of each histogram. */
  readonly bins: number;
  /** Layers whose weights or outputs are looked at. Default: all. */
  readonly layers?: readonly string[] | undefined;
}

/** Numbers before the edges: finite, nonFinite, mean, std. */
const facts = 4;
const length = (bins: number): number => facts + (bins + 1) + bins;

const largest = 3.4028234663852886e38;

/**
 * Histograms of weights, gradients, updates or activations, by name. Bins are linear from the smallest to the largest
 * finite entry, as those of tf.summary.histogram.
 *
 * On cpu, wasm and tfjs-node, whose tensors lie in the memory of the process, entries are counted there, in one pass. On others
 * one comparison an edge is made on the device, and what is read is some 60 numbers a tensor all the same.
 */
export const histogramsOf = <Kind extends HistogramKind>(kind: Kind, { bins, layers }: HistogramOptions): Measurement<ReadonlyMap<string, Histogram>, Kind> => ({
  key: `histogramsOf:${JSON.stringify([kind, bins, layers ?? null])}`,
  sources: [kind],
  ...(kind === 'activations' && layers !== undefined ? { layers } : {}),
  reduce(sources, _memo, about) {
    const tensors = (sources as StepSources)[kind];
    const names = namesOf(kind, layers, about);
    const reduceOne = readsAtOnce.has(tf.getBackend()) ? countedOnHost : countedOnDevice;
    const columns = names.flatMap((name) => {
      const tensor = tensors.get(name);
      return tensor === undefined ? [] : [tf.tidy(() => reduceOne(tf.cast(tensor, 'float32'), bins))];
    });
    return columns.length === 0 ? tf.zeros([0]) : tf.stack(columns);
  },
  read: (values, about) => new Map(namesOf(kind, layers, about).map((name, i) => [name, readOne(values.subarray(i * length(bins), (i + 1) * length(bins)), bins)])),
});

/** Backends whose memory is that of the process: a read copies at most. */
const readsAtOnce = new Set(['cpu', 'wasm', 'tensorflow']);

function namesOf(kind: HistogramKind, layers: readonly string[] | undefined, { activationNames, gradientNames, weights }: StepFacts): readonly string[] {
  if (kind === 'activations') return layers === undefined ? activationNames : activationNames.filter((name) => layers.includes(name));
  const chosen = new Set(weights.filter(({ layer }) => layers === undefined || (layer !== undefined && layers.includes(layer))).map(({ name }) => name));
  return (kind === 'gradients' ? gradientNames : weights.map(({ name }) => name)).filter((name) => chosen.has(name));
}

/** @param tensor float32 */
export function countedOnHost(tensor: tf.Tensor, bins: number): tf.Tensor1D {
  const values = tensor.dataSync<'float32'>();
  let finite = 0;
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  // By index, and by a difference that is NaN for NaN and infinities: a third of the time of for-of and Number.isFinite.
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    if (value - value !== 0) continue;
    finite += 1;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const edges = new Float32Array(bins + 1);
  const counts = new Float64Array(bins);
  const mean = sum / finite;
  let squares = 0;
  if (finite > 0) {
    const scale = bins / (max - min);
    for (let i = 0; i <= bins; i += 1) edges[i] = edgeAt(min, max, i / bins);
    for (let i = 0; i < values.length; i += 1) {
      const value = values[i] ?? 0;
      if (value - value !== 0) continue;
      squares += (value - mean) ** 2;
      let bin = max > min ? Math.min(bins - 1, Math.floor((value - min) * scale)) : bins - 1;
      // The edges are rounded to float32: an entry at one is to be on its right side.
      while (bin > 0 && value < (edges[bin] ?? 0)) bin -= 1;
      while (bin < bins - 1 && value >= (edges[bin + 1] ?? 0)) bin += 1;
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
  }
  return tf.tensor1d([finite, values.length - finite, mean, Math.sqrt(squares / finite), ...edges, ...counts], 'float32');
}

/** Not min + (max - min) * t: the width of what float32 holds may be more than it holds. */
const edgeAt = (min: number, max: number, t: number): number => Math.fround(Math.fround(min * Math.fround(1 - t)) + Math.fround(max * Math.fround(t)));

/** @param tensor float32 */
export function countedOnDevice(tensor: tf.Tensor, bins: number): tf.Tensor1D {
  const flat = tf.reshape(tensor, [tensor.size]);
  // False for NaN and for both infinities.
  const isFinite = tf.lessEqual(tf.abs(flat), largest);
  const finite = tf.sum(tf.cast(isFinite, 'float32'));
  const full = (value: number): tf.Tensor => tf.fill([tensor.size], value);
  // At infinity an entry is below no edge.
  const above = tf.where(isFinite, flat, full(Infinity));
  const min = tf.min(above);
  const max = tf.max(tf.where(isFinite, flat, full(-Infinity)));
  const mean = tf.div(tf.sum(tf.where(isFinite, flat, full(0))), finite);
  const std = tf.sqrt(tf.div(tf.sum(tf.where(isFinite, tf.square(tf.sub(flat, mean)), full(0))), finite));
  const t = Float32Array.from({ length: bins + 1 }, (_, i) => i / bins);
  const edges = tf.add(tf.mul(min, tf.tensor1d(t.map((each) => 1 - each))), tf.mul(max, tf.tensor1d(t)));
  const inner = bins === 1 ? [] : tf.unstack(tf.slice(edges, [1], [bins - 1]));
  const below = inner.map((edge) => tf.tidy(() => tf.sum(tf.cast(tf.less(above, edge), 'float32'))));
  const cumulated = tf.stack([...below, finite]) as tf.Tensor1D;
  const counts = tf.sub(cumulated, tf.concat1d([tf.zeros([1]), tf.slice(cumulated, [0], [bins - 1])]));
  return tf.concat1d([tf.stack([finite, tf.sub(tensor.size, finite), mean, std]) as tf.Tensor1D, edges as tf.Tensor1D, counts as tf.Tensor1D]);
}

/** The numbers of one tensor, read. */
export function readOne(values: Float32Array, bins: number): Histogram {
  const [finite = 0, nonFinite = 0, mean = Number.NaN, std = Number.NaN] = values;
  if (finite === 0) return { edges: [], counts: [], min: Number.NaN, max: Number.NaN, mean: Number.NaN, std: Number.NaN, nonFinite };
  const edges = [...values.subarray(facts, facts + bins + 1)];
  const [min = Number.NaN] = edges;
  const max = edges.at(-1) ?? Number.NaN;
  const isOne = min === max;
  return { edges: isOne ? [min, max] : edges, counts: isOne ? [finite] : [...values.subarray(facts + bins + 1)], min, max, mean, std, nonFinite };
}
