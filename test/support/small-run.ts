import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { numbers } from './numbers.js';

/** A classifier of two classes, 4-8-2. */
export const smallClassifier = (): Sequential =>
  sequential({
    layers: [
      layers.dense({ units: 8, activation: 'tanh', inputShape: [4] }),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });

/** Two clouds, apart along every axis: any sound training tells them apart. */
export function clouds(samples: number, seed = 1): { inputs: { values: Float32Array; shape: number[] }; labels: Int32Array } {
  const random = numbers(seed);
  const labels = Int32Array.from({ length: samples }, (_, i) => i % 2);
  const values = Float32Array.from({ length: samples * 4 }, (_, i) => (labels[Math.floor(i / 4)] === 1 ? 0.7 : -0.7) + random() - 0.5);
  return { inputs: { values, shape: [samples, 4] }, labels };
}
