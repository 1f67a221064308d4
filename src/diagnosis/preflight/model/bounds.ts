import type { Lab } from '../lab.js';
import { rowSums, scaledBy, type Facts, type OutputFacts } from './facts.js';
import { allFinite, predict } from './predictions.js';

/** What the numbers of an output are, by its activation or by what came out for all inputs tried. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
  /** Rows sum to 1 along the last axis. */
  readonly isDistribution: boolean;
  /** From a layer's configuration; otherwise from values. */
  readonly isKnown: boolean;
}

/** Ranges of activations: of selu -1.0507 * 1.67326 (Klambauer et al., 2017), of swish and mish their minima. */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  softmax: [0, 1],
  sigmoid: [0, 1],
  hardsigmoid: [0, 1],
  tanh: [-1, 1],
  softsign: [-1, 1],
  relu: [0, Infinity],
  relu6: [0, 6],
  softplus: [0, Infinity],
  elu: [-1, Infinity],
  selu: [-1.758099, Infinity],
  swish: [-0.2784645, Infinity],
  mish: [-0.308841, Infinity],
  linear: [-Infinity, Infinity],
};

/** How far apart float32 sums of a softmax over many classes may be. */
const sumTolerance = 1e-4;

/** Factors for the inputs: a sum that is merely near a bound leaves it when it is scaled, in either direction. */
const factors = [30, -30, 1000] as const;

/** Predictions for inputs that are scaled up, where all inputs are float32; 64 samples. */
export async function scaledPredictions(lab: Lab, { indices, isFloat }: Facts, output: OutputFacts): Promise<readonly Float32Array[]> {
  if (!isFloat) return [];
  const few = indices.slice(0, 64);
  const all: Float32Array[] = [];
  for (const factor of factors) {
    const { values } = await predict(lab, few, scaledBy(factor));
    const own = values[output.index];
    // Overflow tells nothing about the range.
    if (own !== undefined && allFinite(own)) all.push(own);
  }
  return all;
}

/** The range of an output. Undefined where neither a layer nor the values tell. */
export function boundsOf(output: OutputFacts, scaled: readonly Float32Array[]): Bounds | undefined {
  const { activation, predictions, width } = output;
  const range = activation === undefined ? undefined : ranges[activation];
  if (activation !== undefined && range !== undefined) return { least: range[0], most: range[1], isDistribution: activation === 'softmax' && width > 1, isKnown: true };
  if (activation !== undefined) return undefined;
  const sums = rowSums(predictions, width);
  const isDistribution = width > 1 && sums.length >= 8 && predictions.every((each) => each >= 0) && [predictions, ...scaled].every((each) => rowSums(each, width).every((sum) => Math.abs(sum - 1) < sumTolerance));
  if (isDistribution) return { least: 0, most: 1, isDistribution, isKnown: false };
  let least = Infinity;
  let most = -Infinity;
  for (const values of [predictions, ...scaled]) {
    for (const each of values) {
      least = Math.min(least, each);
      most = Math.max(most, each);
    }
  }
  // Values alone: an activation shows in values that lie at its bound, as ReLU's zeros do for any inputs and the ends of
  // sigmoid and tanh once the inputs are scaled up. That no value has come out beyond a bound is no evidence.
  const share = (values: Float32Array, at: number): number => values.filter((each) => Math.abs(each - at) < 1e-3).length / Math.max(1, values.length);
  const last = scaled.at(-1);
  if (last === undefined) return undefined;
  const of = (from: number, to: number): Bounds => ({ least: from, most: to, isDistribution: false, isKnown: false });
  if (least >= -1 && most <= 1 && share(last, 1) > 0.1) {
    if (least >= 0 && share(last, 0) > 0.1) return of(0, 1);
    if (share(last, -1) > 0.1) return of(-1, 1);
  }
  const zeros = predictions.filter((each) => each === 0).length / Math.max(1, predictions.length);
  return least === 0 && most > 1 && zeros > 0.1 ? of(0, Infinity) : undefined;
}
