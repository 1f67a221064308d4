/** What the broken trainings share: some digits, and networks that are sound. */
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { loadDigits, type Digits } from '../mnist/data.js';

export const trainingDigits = (count = 4000, shape: readonly number[] = [784]): Digits => loadDigits('train', shape, 0, count);
export const validationDigits = (count = 1000, shape: readonly number[] = [784]): Digits => loadDigits('train', shape, 59_000, 59_000 + count);

/** 784-64-10. */
export const perceptron = (activation: 'softmax' | 'linear' = 'softmax'): Sequential =>
  sequential({
    layers: [
      layers.dense({ units: 64, activation: 'relu', kernelInitializer: 'heNormal', inputShape: [784], name: 'hidden' }),
      layers.dense({ units: 10, activation, name: 'digit' }),
    ],
  });

/** Rows of five numbers between -1 and 1, and a smooth function of them, one number a row: what a regression can learn. */
export function houses(count: number, seed: number): { readonly inputs: number[][]; readonly prices: number[][] } {
  let state = seed;
  // A linear congruential generator (Numerical Recipes): the rows are the same everywhere.
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (2 * state) / 2 ** 32 - 1;
  };
  const inputs = Array.from({ length: count }, () => Array.from({ length: 5 }, next));
  const prices = inputs.map(([rooms = 0, area = 0, age = 0, distance = 0, floor = 0]) => [1.5 * rooms + area * area - 0.8 * age * distance + 0.5 * Math.sin(3 * floor) + 0.1 * next()]);
  return { inputs, prices };
}
