import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { fileSink, Trainer } from 'trainscope';
import { checkpoint, diagnosis, earlyStopping, gpuProfiler, gradientNorm, lrScheduler, predictionDynamics, seed, weightNorm } from 'trainscope/plugins';
import { numbers } from '../support/numbers.js';

export interface MemoryOptions {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** Measurements of the process's memory over the whole training. */
  readonly samples: number;
}

/** What was held, from the beginning to the end. */
export interface MemoryCourse {
  readonly steps: number;
  /** Tensors alive at the end of each epoch. */
  readonly tensors: readonly number[];
  /** MiB of the process, and of live JavaScript objects where the garbage collector can be called (node --expose-gc). */
  readonly rss: readonly number[];
  readonly heap: readonly number[];
  readonly checkpoints: number;
  readonly seconds: number;
}

const mebibyte = 2 ** 20;
const batchSize = 8;
const width = 6;

/** Trains with every plugin that there is, a log and checkpoints, and looks at the memory. */
export async function trainWatched({ steps, stepsPerEpoch, samples }: MemoryOptions): Promise<MemoryCourse> {
  const folder = mkdtempSync(join(tmpdir(), 'trainscope-memory-'));
  const random = numbers(1);
  const rows = (count: number) => ({
    inputs: { values: Float32Array.from({ length: count * width }, () => random() * 2 - 1), shape: [count, width] },
    // Noise: a loss that never settles, so that every rule and history goes on being fed.
    labels: Int32Array.from({ length: count }, () => Math.floor(random() * 2)),
  });
  const model: Sequential = sequential({
    layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [width] }), layers.batchNormalization(), layers.dropout({ rate: 0.2 }), layers.dense({ units: 2, activation: 'softmax' })],
  });
  const tensors: number[] = [];
  const rss: number[] = [];
  const heap: number[] = [];
  let checkpoints = 0;
  const every = Math.max(1, Math.floor(steps / samples));
  const began = performance.now();
  try {
    const trainer = new Trainer({
      model,
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
      clip: { norm: 5 },
      progress: false,
      sinks: [fileSink({ path: join(folder, 'run.jsonl') })],
      plugins: [
        seed({ seed: 1 }),
        lrScheduler({ schedule: { kind: 'cosineWithWarmRestarts', learningRate: 0.005, t0: 3 } }),
        gradientNorm(),
        weightNorm(),
        predictionDynamics({ every: 50 }),
        earlyStopping({ monitor: 'val_loss', patience: steps, restoreBestWeights: true }),
        gpuProfiler({ gpu: false }),
        diagnosis(),
        checkpoint({ folder: join(folder, 'checkpoints'), every: { steps: Math.max(1, stepsPerEpoch / 2) } }),
      ],
    });
    trainer.on('checkpoint', () => void (checkpoints += 1));
    trainer.hook('stepEnd', (_, { step }) => {
      if (step % every !== 0) return;
      (globalThis as { gc?: () => void }).gc?.();
      const used = process.memoryUsage();
      rss.push(used.rss / mebibyte);
      heap.push(used.heapUsed / mebibyte);
    });
    trainer.hook('epochEnd', () => void tensors.push(tf.memory().numTensors));
    const result = await trainer.fit(rows(batchSize * stepsPerEpoch), { batchSize, epochs: Math.ceil(steps / stepsPerEpoch), validation: rows(32) });
    await trainer.dispose();
    return { steps: result.steps, tensors, rss, heap, checkpoints, seconds: (performance.now() - began) / 1000 };
  } finally {
    model.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** MiB by which the last quarter lies above the one before it, by their medians: a collection that is due moves single values by more. */
export function growthOf(course: readonly number[]): number {
  const quarter = Math.floor(course.length / 4);
  return median(course.slice(-quarter)) - median(course.slice(-2 * quarter, -quarter));
}

/** How many different counts of tensors there were at the ends of epochs, once the first two had made what stays. 1: exactly flat. */
export const countsOfTensors = ({ tensors }: MemoryCourse): number => new Set(tensors.slice(2)).size;
