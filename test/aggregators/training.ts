import { readFileSync } from 'node:fs';
import { clouds, smallClassifier } from '../support/small-run.js';
import { memorySink, Trainer, type Sink, type TrainscopeEvent, type TrainerOptions } from '../../src/index.js';
import { gradientNorm, weightNorm } from '../../plugins/index.js';

export interface Trained {
  /** All events of the run, as they were in memory. */
  readonly events: readonly TrainscopeEvent[];
}

/** What a training of the tests may be given otherwise. */
export interface Training {
  readonly sinks?: readonly Sink[];
  readonly logger?: TrainerOptions['logger'];
  readonly epochs?: number;
  /** So large that the loss becomes NaN. */
  readonly diverges?: boolean;
  readonly plugins?: TrainerOptions['plugins'];
  readonly beforeDispose?: () => Promise<void>;
}

/** 64 examples in batches of 8: 8 steps an epoch, each with a step event and two measurements. */
export async function train({ sinks = [], logger, epochs = 2, diverges = false, plugins = [], beforeDispose }: Training): Promise<Trained> {
  const memory = memorySink();
  const trainer = new Trainer({
    model: smallClassifier,
    loss: diverges ? 'meanSquaredError' : 'sparseCategoricalCrossentropy',
    metrics: diverges ? [] : ['accuracy'],
    optimizer: diverges ? { name: 'sgd', learningRate: 1e30 } : { name: 'sgd', learningRate: 0.1 },
    backend: 'cpu',
    seed: 1,
    logEvery: 1,
    plugins: [gradientNorm({ every: 1 }), weightNorm({ every: 1 }), ...plugins],
    sinks: [memory, ...sinks],
    ...(logger === undefined ? {} : { logger }),
  } as never);
  const { inputs, labels } = clouds(64);
  const given = diverges ? { inputs, labels: Array.from({ length: 64 }, (_, i) => [i, -i]) } : { inputs, labels };
  try {
    await trainer.fit(given as never, { epochs, batchSize: 8, validation: diverges ? undefined : clouds(16, 2) } as never);
    await beforeDispose?.();
  } finally {
    await trainer.dispose();
  }
  return { events: memory.events };
}

export const text = (path: string): string => readFileSync(path, 'utf8');
