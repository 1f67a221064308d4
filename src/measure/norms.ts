import type * as tf from '@tensorflow/tfjs-core';
import type { Measurement } from './measurement.js';
import type { StepFacts } from './sources.js';
import { sumsOfSquaredDifferences, sumsOfSquaredDifferencesOnHost, sumsOfSquares, sumsOfSquaresOnHost } from './sums-of-squares.js';

/** L2 norms by weight name, and the norm of all of them as one vector. */
export interface Norms {
  readonly byWeight: ReadonlyMap<string, number>;
  /** sqrt of the sum of all squares: the Euclidean norm of the concatenation. */
  readonly global: number;
}

const readNorms = (values: Float32Array, names: readonly string[]): Norms => {
  const byWeight = new Map<string, number>();
  let total = 0;
  names.forEach((name, i) => {
    const sum = values[i] ?? Number.NaN;
    byWeight.set(name, Math.sqrt(sum));
    total += sum;
  });
  return { byWeight, global: Math.sqrt(total) };
};

const allWeights = ({ weights }: StepFacts): readonly string[] => weights.map(({ name }) => name);

/** L2 norm of every raw gradient: before clipping and before any hook. */
export const gradientNorms = (): Measurement<Norms, 'gradients'> => ({
  key: 'gradientNorms',
  sources: ['gradients'],
  reduce: ({ gradients }, memo) => sumsOfSquares('gradients', gradients, memo),
  onHost: ({ gradients }) => sumsOfSquaresOnHost(gradients),
  read: (values, { gradientNames }) => readNorms(values, gradientNames),
});

/** L2 norm of every gradient as it was handed to the optimizer: after the gradients hooks and clipping. */
export const clippedGradientNorms = (): Measurement<Norms, 'clippedGradients'> => ({
  key: 'clippedGradientNorms',
  sources: ['clippedGradients'],
  reduce: ({ clippedGradients }, memo) => sumsOfSquares('clippedGradients', clippedGradients, memo),
  onHost: ({ clippedGradients }) => sumsOfSquaresOnHost(clippedGradients),
  read: (values, { clippedGradientNames }) => readNorms(values, clippedGradientNames),
});

/** L2 norm of every weight after the update. */
export const weightNorms = (): Measurement<Norms, 'weights'> => ({
  key: 'weightNorms',
  sources: ['weights'],
  reduce: ({ weights }, memo): tf.Tensor => sumsOfSquares('weights', weights, memo),
  onHost: ({ weights }) => sumsOfSquaresOnHost(weights),
  read: (values, facts) => readNorms(values, allWeights(facts)),
});

/** L2 norm of what the update changed in every weight (also in those that should not change). */
export const updateNorms = (): Measurement<Norms, 'weights' | 'weightsBefore'> => ({
  key: 'updateNorms',
  sources: ['weights', 'weightsBefore'],
  reduce: ({ weights, weightsBefore }, memo): tf.Tensor => sumsOfSquaredDifferences('updates', weights, weightsBefore, memo),
  onHost: ({ weights, weightsBefore }) => sumsOfSquaredDifferencesOnHost(weights, weightsBefore),
  read: (values, facts) => readNorms(values, allWeights(facts)),
});
