import * as tf from '@tensorflow/tfjs-core';
import { memorySink, Trainer, type FitResult, type TrainscopeEvent } from 'trainscope';
import { gradientNorm, seed } from 'trainscope/plugins';
import { defineTraining, type TrainingRoom } from 'trainscope/worker';
import { clouds, smallClassifier } from '../../support/small-run.js';

export interface CloudsData {
  readonly backend?: 'cpu' | 'wasm';
  readonly samples?: number;
  readonly epochs?: number;
  readonly seed?: number;
}

export interface CloudsResult {
  readonly fit: FitResult;
  readonly backend: string;
  /** As the sinks of the worker had them. */
  readonly events: readonly TrainscopeEvent[];
  readonly kernel: Float32Array;
}

/** A training as most are: 4-8-2 on two clouds, and what its own events were. */
export default defineTraining(async ({ sink, signal, data }: TrainingRoom<CloudsData>): Promise<CloudsResult> => {
  const memory = memorySink();
  const trainer = new Trainer({
    model: smallClassifier,
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    backend: data.backend ?? 'cpu',
    logEvery: 1,
    plugins: [seed({ seed: data.seed ?? 1 }), gradientNorm({ every: 2 })],
    sinks: [sink, memory],
  });
  const fit = await trainer.fit(clouds(data.samples ?? 64), { epochs: data.epochs ?? 2, batchSize: 16, signal });
  const [kernel] = (trainer.model as ReturnType<typeof smallClassifier>).getWeights();
  const values = (await kernel?.data()) as Float32Array;
  await trainer.dispose();
  return { fit, backend: tf.getBackend(), events: memory.events, kernel: values };
});
