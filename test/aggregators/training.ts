import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { gradientNorm, weightNorm } from '../../plugins/index.js';
import { loadConfig } from '../../src/config.js';
import { memorySink, Trainer, type Sink, type TrainscopeEvent, type TrainerOptions } from '../../src/index.js';
import { clouds, smallClassifier } from '../support/small-run.js';

/** What a training of these tests may be given. */
export interface Training {
  readonly sinks?: readonly Sink[];
  readonly logger?: NonNullable<TrainerOptions['logger']>;
  readonly plugins?: NonNullable<TrainerOptions['plugins']>;
  readonly epochs?: number;
  /** A learning rate so large that the loss becomes Infinity and then NaN. */
  readonly diverges?: boolean;
  readonly beforeDispose?: () => Promise<void>;
  /** A config file whose sinks are used as well. */
  readonly config?: string;
}

const line = (): Sequential => sequential({ layers: [layers.dense({ units: 1, inputShape: [4] })] });

/**
 * 64 examples in batches of 8: 8 steps an epoch, each with a step event and two measurements.
 * @returns all events of the run, as they were in memory
 */
export async function train({ sinks = [], logger, plugins = [], epochs = 2, diverges = false, beforeDispose, config }: Training): Promise<readonly TrainscopeEvent[]> {
  const memory = memorySink();
  const configured = config === undefined ? [] : ((await loadConfig(config)).sinks ?? []);
  const trainer = new Trainer({
    model: diverges ? line : smallClassifier,
    loss: diverges ? 'meanSquaredError' : 'sparseCategoricalCrossentropy',
    ...(diverges ? {} : { metrics: ['accuracy'] as const }),
    optimizer: { name: 'sgd', learningRate: diverges ? 1e12 : 0.1 },
    backend: 'cpu',
    seed: 1,
    logEvery: 1,
    plugins: [gradientNorm({ every: 1 }), weightNorm({ every: 1 }), ...plugins],
    sinks: [memory, ...sinks, ...configured],
    ...(logger === undefined ? {} : { logger }),
  });
  const { inputs, labels } = clouds(64);
  try {
    if (diverges) await trainer.fit({ inputs, labels: { values: Float32Array.from(labels), shape: [64, 1] } }, { epochs, batchSize: 8 });
    else await trainer.fit({ inputs, labels }, { epochs, batchSize: 8, validation: clouds(16, 2) });
    await beforeDispose?.();
  } finally {
    await trainer.dispose();
  }
  return memory.events;
}
