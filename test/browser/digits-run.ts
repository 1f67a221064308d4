import { rmSync } from 'node:fs';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { fileSink, Trainer, type FitResult } from 'trainscope';
import { diagnosis, gpuProfiler, gradientNorm, predictionDynamics, seed, weightNorm } from 'trainscope/plugins';
import { loadDigits } from '../../examples/mnist/data.js';

export interface DigitsRun {
  readonly log: string;
  readonly learningRate: number;
  readonly epochs?: number;
  readonly samples?: number;
}

/** Trains a network on some of the MNIST digits, with the plugins that measure and the diagnosis on, and writes its log. */
export async function trainDigits({ log, learningRate, epochs = 6, samples = 4000 }: DigitsRun): Promise<FitResult> {
  rmSync(log, { force: true });
  const trainer = new Trainer({
    model: () =>
      sequential({
        layers: [
          layers.dense({ name: 'hidden1', units: 128, activation: 'relu', inputShape: [784] }),
          layers.dense({ name: 'hidden2', units: 64, activation: 'relu' }),
          layers.dense({ name: 'digit', units: 10, activation: 'softmax' }),
        ],
      }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    optimizer: { name: 'adam', learningRate },
    progress: false,
    logEvery: 1,
    plugins: [seed({ seed: 1 }), gradientNorm({ every: 2 }), weightNorm({ every: 2 }), predictionDynamics({ every: 10, samples: 8 }), diagnosis({ every: 2 }), gpuProfiler({ gpu: false })],
    sinks: [fileSink({ path: log })],
  });
  const result = await trainer.fit(loadDigits('train', [784], 0, samples), { epochs, batchSize: 64, validation: loadDigits('train', [784], 58_000) });
  await trainer.dispose();
  return result;
}
