import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type ModelCompileArgs, type Sequential } from '@tensorflow/tfjs-layers';
import { numbers } from '../support/numbers.js';

/** Numbers between -1 and 1 that are float32 exactly. */
export const values = (count: number, seed: number): number[] => {
  const random = numbers(seed);
  return Array.from({ length: count }, () => Math.fround(2 * random() - 1));
};

/** 2-3-1 with tanh, its weights from `seed`. */
export function regression(compile: Partial<ModelCompileArgs> = {}, seed = 3): Sequential {
  const model = sequential({ layers: [layers.dense({ units: 3, activation: 'tanh', inputShape: [2] }), layers.dense({ units: 1 })] });
  const given = [[2, 3], [3], [3, 1], [1]].map((shape, i) => tf.tensor(values(shape.reduce((a, b) => a * b), seed + i), shape));
  model.setWeights(given);
  tf.dispose(given);
  model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(0.1), metrics: ['mae'], ...compile });
  return model;
}

/** Ends a model and the optimizer that it was compiled with. */
export function disposeOf(model: Sequential): void {
  const { optimizer } = model;
  model.dispose();
  optimizer.dispose();
}

/** What one step of `regression` comes to, in double precision. */
export interface ReferenceStep {
  readonly loss: number;
  /** Of kernel, bias, kernel, bias. */
  readonly gradientNorms: readonly number[];
  readonly updateNorms: readonly number[];
  readonly weightNorms: readonly number[];
}

const norm = (of: readonly number[]): number => Math.sqrt(of.reduce((sum, each) => sum + each * each, 0));

/** Plain gradient descent on the mean squared error, by hand: batches in the order of the samples. */
export function reference(x: readonly number[], y: readonly number[], { batchSize, steps, rate = 0.1, seed = 3 }: { batchSize: number; steps: number; rate?: number; seed?: number }): ReferenceStep[] {
  const [k1, b1, k2, b2] = [6, 3, 3, 1].map((count, i) => values(count, seed + i)) as [number[], number[], number[], number[]];
  const samples = y.length;
  const perEpoch = Math.ceil(samples / batchSize);
  return Array.from({ length: steps }, (_, s) => {
    const first = (s % perEpoch) * batchSize;
    const rows = Array.from({ length: Math.min(batchSize, samples - first) }, (_each, i) => first + i);
    const [g1, h1, g2, h2] = [k1, b1, k2, b2].map((of) => of.map(() => 0)) as [number[], number[], number[], number[]];
    let loss = 0;
    for (const row of rows) {
      const hidden = [0, 1, 2].map((unit) => Math.tanh(x[2 * row]! * k1[unit]! + x[2 * row + 1]! * k1[3 + unit]! + b1[unit]!));
      const error = hidden.reduce((sum, each, unit) => sum + each * k2[unit]!, b2[0]!) - y[row]!;
      loss += error ** 2 / rows.length;
      const slope = (2 * error) / rows.length;
      h2[0]! += slope;
      hidden.forEach((each, unit) => {
        g2[unit]! += slope * each;
        const back = slope * k2[unit]! * (1 - each * each);
        h1[unit]! += back;
        g1[unit]! += back * x[2 * row]!;
        g1[3 + unit]! += back * x[2 * row + 1]!;
      });
    }
    const pairs = [[k1, g1], [b1, h1], [k2, g2], [b2, h2]] as const;
    for (const [weight, gradient] of pairs) gradient.forEach((each, i) => (weight[i]! -= rate * each));
    return {
      loss,
      gradientNorms: pairs.map(([, gradient]) => norm(gradient)),
      updateNorms: pairs.map(([, gradient]) => rate * norm(gradient)),
      weightNorms: pairs.map(([weight]) => norm(weight)),
    };
  });
}
