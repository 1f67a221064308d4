import * as tf from '@tensorflow/tfjs-core';
import { array } from '@tensorflow/tfjs-data';
import type { DataSource, SeekableBatches } from 'trainscope';
import { numbers } from '../support/numbers.js';
import type { Variation } from './variation.js';

/** Twelve batches of eight: enough steps in an epoch for checkpoints every 7, and few enough for many epochs. */
export const batchSize = 8;
const batches = 12;
const width = 6;

interface Samples {
  readonly inputs: Float32Array;
  readonly labels: Int32Array;
}

/** Noise with a bit of a rule: a loss that falls, and not smoothly. */
function samplesOf(count: number, seed: number): Samples {
  const random = numbers(seed);
  const inputs = Float32Array.from({ length: count * width }, () => random() * 2 - 1);
  const labels = Int32Array.from({ length: count }, (_, i) => ((inputs[i * width] ?? 0) + (inputs[i * width + 1] ?? 0) + random() - 0.5 > 0 ? 1 : 0));
  return { inputs, labels };
}

const shaped = ({ inputs, labels }: Samples) => ({ inputs: { values: inputs, shape: [labels.length, width] }, labels });

const batchOf = ({ inputs, labels }: Samples, batch: number) =>
  shaped({ inputs: inputs.slice(batch * batchSize * width, (batch + 1) * batchSize * width), labels: labels.slice(batch * batchSize, (batch + 1) * batchSize) });

/** The same samples in the same order in every process, whatever gives them. */
export function openData({ data, seed }: Pick<Variation, 'data' | 'seed'>): { readonly train: DataSource; readonly validation: DataSource; readonly batchSize?: number } {
  const samples = samplesOf(batches * batchSize, seed);
  const validation = shaped(samplesOf(24, seed + 1));
  switch (data) {
    case 'tensors':
      return { train: { inputs: tf.tensor2d(samples.inputs, [samples.labels.length, width]), labels: tf.tensor1d(samples.labels, 'int32') }, validation, batchSize };
    case 'arrays':
      return { train: shaped(samples), validation, batchSize };
    case 'shuffled-dataset': {
      const rows = Array.from(samples.labels, (label, i) => ({ xs: [...samples.inputs.slice(i * width, (i + 1) * width)], ys: label }));
      return { train: array(rows).shuffle(32, String(seed)).batch(batchSize), validation };
    }
    case 'seekable': {
      const iterateFrom = async function* (first: number) {
        for (let batch = first; batch < batches; batch += 1) {
          // A shard that is read takes its time, which lets a kill come while it is awaited.
          await new Promise((resolve) => setImmediate(resolve));
          yield batchOf(samples, batch);
        }
      };
      const train: SeekableBatches = { iterateFrom, [Symbol.asyncIterator]: () => iterateFrom(0) };
      return { train, validation };
    }
    case 'replayed':
      return {
        *train(epoch: number) {
          // Another order in each epoch, by its number alone.
          for (let batch = 0; batch < batches; batch += 1) yield batchOf(samples, (batch * 5 + epoch) % batches);
        },
        validation,
      };
  }
}
