import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { diagnosis } from '../../plugins/diagnosis.js';
import { seed } from '../../plugins/seed.js';
import { diagnose } from '../../src/diagnosis/index.js';
import { memorySink, Trainer, type TrainerOptions } from '../../src/index.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeAll(async () => {
  await useBackend('wasm');
});

const relu = (biasStart = 0): Sequential =>
  sequential({
    layers: [
      layers.dense({ units: 16, activation: 'relu', inputShape: [4], name: 'hidden', biasInitializer: initializers.constant({ value: biasStart }) }),
      layers.dense({ units: 2, name: 'out' }),
    ],
  });

/** Two clouds with targets that are four times as far apart as the inputs: a regression that a rate of 3 blows up. */
const numbers = (): { inputs: ReturnType<typeof clouds>['inputs']; labels: number[][] } => {
  const { inputs, labels } = clouds(128);
  return { inputs, labels: [...labels].map((label) => [4 * label - 2]) };
};

interface Ran {
  readonly alarms: readonly string[];
  readonly repairs: readonly Readonly<Record<string, unknown>>[];
  readonly events: ReturnType<typeof memorySink>['events'];
  readonly loss: number;
}

async function run(options: Pick<TrainerOptions, 'model' | 'loss' | 'optimizer'>, data: Parameters<Trainer['fit']>[0], given: Parameters<typeof diagnosis>[0] = {}, epochs = 25): Promise<Ran> {
  const before = tf.memory().numTensors;
  const sink = memorySink();
  const trainer = new Trainer({ ...options, backend: 'keep', progress: false, sinks: [sink], plugins: [seed({ seed: 4, reinitialize: true }), diagnosis(given)] });
  const { history } = await trainer.fit(data, { epochs, batchSize: 16 });
  const last = sink.events.findLast(({ event }) => event === 'diagnosis')?.data as { findings: { rule: string; severity: string }[] } | undefined;
  const model = (options.model as Sequential | undefined) ?? null;
  await trainer.dispose();
  model?.dispose();
  expect(tf.memory().numTensors).toBeLessThanOrEqual(before);
  return {
    alarms: (last?.findings ?? []).filter(({ severity }) => severity !== 'info').map(({ rule, severity }) => `${rule} ${severity}`),
    repairs: sink.events.filter(({ event }) => event === 'repair').map(({ data: each }) => each),
    events: sink.events,
    loss: history.at(-1)?.metrics['loss'] ?? NaN,
  };
}

const logits = { name: 'sparseCategoricalCrossentropy', fromLogits: true } as const;
const classes: TrainerOptions['loss'] = logits;

describe('healthy trainings', () => {
  test.each([
    ['adam', { name: 'adam', learningRate: 0.01 } as const],
    ['sgd', { name: 'sgd', learningRate: 0.1 } as const],
  ])('two clouds with %s: no alarm, in the run and in its log', async (_, optimizer) => {
    const { alarms, events, repairs } = await run({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', optimizer }, clouds(128));
    expect(alarms).toEqual([]);
    expect(repairs).toEqual([]);
    expect(diagnose(events).findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
    // Steps 1, 2, 5 and every tenth of 200.
    expect(events.filter(({ event }) => event === 'training-statistics').map(({ step }) => step).slice(0, 5)).toEqual([1, 2, 5, 10, 20]);
    expect(events.filter(({ event }) => event === 'training-statistics')).toHaveLength(23);
    expect(events.filter(({ event }) => event === 'error-decomposition')).toHaveLength(1);
  });
});

describe('faulty trainings', () => {
  test('a rate of 3 blows up a regression: the rate is named, and a lower one suggested, once', async () => {
    const { alarms, repairs, events } = await run({ model: sequential({ layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [4] }), layers.dense({ units: 1 })] }), loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 3 } }, numbers());
    expect(alarms).toEqual(['learning-rate-too-high error']);
    expect(repairs.map(({ status, fix, before }) => [status, fix, before])).toEqual([['suggested', 'lower-learning-rate', 3]]);
    expect(diagnose(events).findings[0]?.rule).toBe('learning-rate-too-high');
  });

  test('the same with autoFix apply: put back to the start, a lower rate, kept, and the loss is below the variance of the labels, 4', async () => {
    const { repairs, loss } = await run({ model: sequential({ layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [4] }), layers.dense({ units: 1 })] }), loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 3 } }, numbers(), { autoFix: 'apply' });
    expect(repairs.map(({ status }) => status)).toEqual(['applied', 'kept']);
    expect(repairs[0]).toMatchObject({ rule: 'learning-rate-too-high', before: 3, restoredFrom: 0 });
    expect(loss).toBeLessThan(1);
  });

  test('biases of -20: the layer is dead, and all else follows from it', async () => {
    const { alarms } = await run({ model: relu(-20), loss: classes, optimizer: { name: 'adam', learningRate: 1e-3 } }, clouds(128));
    expect(alarms).toEqual(['dead-units error']);
  });

  test('a rate of 1e-8 is too low', async () => {
    const { alarms } = await run({ model: relu(), loss: classes, optimizer: { name: 'adam', learningRate: 1e-8 } }, clouds(128));
    expect(alarms.filter((each) => !each.startsWith('learning-rate-too-low'))).toEqual([]);
  });

  test('the log of a number below 0 in the loss: the loss is the first place', async () => {
    const { events } = await run({ model: sequential({ layers: [layers.dense({ units: 1, inputShape: [4] })] }), loss: (_, p) => tf.tidy(() => tf.neg(tf.mean(tf.log(p)))), optimizer: { name: 'sgd', learningRate: 0.01 } }, numbers(), {}, 3);
    const found = events.find(({ event, data }) => event === 'finding' && data['rule'] === 'first-non-finite');
    expect(found?.data['message']).toMatch(/first in the loss, while all layers give finite values/);
  });

  test('the weights after three epochs are bit for bit those without the plugin, repairs allowed or not', async () => {
    const weights = async (plugins: TrainerOptions['plugins']): Promise<number[][]> => {
      const model = smallClassifier();
      const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'adam', learningRate: 0.01 }, backend: 'keep', progress: false, plugins: [seed({ seed: 4, reinitialize: true }), ...(plugins ?? [])] });
      await trainer.fit(clouds(64), { epochs: 3, batchSize: 16 });
      const all = model.getWeights().map((each) => [...each.dataSync()]);
      await trainer.dispose();
      model.dispose();
      return all;
    };
    const alone = await weights([]);
    expect(await weights([diagnosis()])).toEqual(alone);
    expect(await weights([diagnosis({ autoFix: 'apply' })])).toEqual(alone);
  });
});
