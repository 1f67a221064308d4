import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { diagnosis } from '../../plugins/diagnosis.js';
import { clipGradients } from '../../plugins/diagnosis/clip.js';
import { state } from '../../plugins/diagnosis/contract.js';
import { judge, repairFor } from '../../plugins/diagnosis/repair.js';
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

describe('repairs', () => {
  /** A loss that goes up by itself from step 20 on, whatever the weights are. */
  const rising = () => {
    let step = 0;
    return (_: tf.Tensor, p: tf.Tensor): tf.Tensor => {
      step += 1;
      return tf.add(tf.mul(tf.mean(tf.square(p), -1), 1e-3), 1 + Math.max(0, step - 100) / 10);
    };
  };
  test('a loss that rises whatever the rate: lowered, and undone after the probation, with the rate as it was', async () => {
    const sink = memorySink();
    const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [4] })] });
    const trainer = new Trainer({ model, loss: rising(), optimizer: { name: 'sgd', learningRate: 0.01 }, backend: 'keep', progress: false, sinks: [sink], plugins: [seed({ seed: 4, reinitialize: true }), diagnosis({ autoFix: 'apply', every: 5 })] });
    // Labels that go in another rhythm than the clouds: predictions follow them no better than chance.
    const { inputs } = numbers();
    await trainer.fit({ inputs, labels: Array.from({ length: 128 }, (_, i) => [(i >> 1) % 2]) }, { epochs: 60, batchSize: 16 });
    const repairs = sink.events.filter(({ event }) => event === 'repair').map(({ data }) => data);
    expect(repairs.slice(0, 2).map(({ status, fix, before }) => [status, fix, before])).toEqual([['applied', 'lower-learning-rate', 0.01], ['undone', 'lower-learning-rate', 0.01]]);
    // After the verdict steps are made at 0.01 again, until the next repair.
    const undone = sink.events.findIndex(({ event, data }) => event === 'repair' && data['status'] === 'undone');
    expect(sink.events.slice(undone).find(({ event }) => event === 'training-statistics')?.data['learningRate']).toBe(0.01);
    // Three repairs at most.
    expect(repairs.filter(({ status }) => status === 'applied').length).toBeLessThanOrEqual(3);
    await trainer.dispose();
    model.dispose();
  });

  test('gradients that explode are clipped at the level of the start: 3, 4 and a NaN at 1 become 0.6, 0.8 and 0', async () => {
    const given = new Map([['a', tf.tensor1d([3, NaN])], ['b', tf.tensor1d([4])]]);
    const clipped = clipGradients(given, 1);
    expect([...(await (clipped.get('a') as tf.Tensor).data())].map((each) => each.toFixed(6))).toEqual(['0.600000', '0.000000']);
    expect((await (clipped.get('b') as tf.Tensor).data())[0]).toBeCloseTo(0.8, 6);
    tf.dispose([...given.values(), ...clipped.values()]);
  });

  test('targets that grow a hundredfold in the middle of a training: gradients are clipped at the level of the start', async () => {
    // Targets a hundred times larger from step 150 on: gradients are a hundred times those of the start.
    const sink = memorySink();
    let step = 0;
    const loss = (y: tf.Tensor, p: tf.Tensor): tf.Tensor => {
      step += 1;
      return tf.mean(tf.square(tf.sub(p, tf.mul(y, step > 150 ? 100 : 1))), -1);
    };
    const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [4] })] });
    const trainer = new Trainer({ model, loss, optimizer: { name: 'sgd', learningRate: 1e-4 }, backend: 'keep', progress: false, sinks: [sink], plugins: [seed({ seed: 4, reinitialize: true }), diagnosis({ autoFix: 'apply', every: 5, rules: { skip: ['loss-rising', 'learning-rate-too-high'] } })] });
    await trainer.fit(numbers(), { epochs: 60, batchSize: 16 });
    const [first] = sink.events.filter(({ event }) => event === 'repair').map(({ data }) => data);
    expect(first).toMatchObject({ status: 'applied', fix: 'clip-gradients', before: null });
    const { after } = first as { after: number };
    const norms = sink.events.filter(({ event, step: at }) => event === 'training-statistics' && at <= 150).map(({ data }) => data['gradientNorm'] as number);
    // The 0.95 quantile of the first ten.
    const [second = NaN, largest = NaN] = norms.slice(0, 10).toSorted((a, b) => a - b).slice(-2);
    expect(after).toBeGreaterThanOrEqual(second);
    expect(after).toBeLessThanOrEqual(largest);
    await trainer.dispose();
    model.dispose();
  });

  test('a repair on probation, judged after a round trip through JSON as without: kept below 2, undone above', () => {
    const parsed = state.parse({});
    const high = { rule: 'learning-rate-too-high', severity: 'warning', where: {}, message: '', evidence: { suggestedRate: 0.01 }, remedy: '', docs: '' } as const;
    const withLoss = { ...parsed, watch: { ...parsed.watch, history: { ...parsed.watch.history, recentLosses: [2] } } };
    const planned = repairFor([high], withLoss, { learningRate: 0.1, step: 50 });
    expect(planned).toMatchObject({ fix: 'lower-learning-rate', before: 0.1, after: 0.01, lossBefore: 2 });
    const restored = state.parse(JSON.parse(JSON.stringify({ ...withLoss, repair: { ...withLoss.repair, active: planned } }))).repair.active;
    expect(restored).toEqual(planned);
    const options = { probation: 2 } as Parameters<typeof judge>[3];
    const verdict = (loss: number) => judge(judge(restored as NonNullable<typeof restored>, loss, 1, options).repair, loss, 1, options).verdict;
    expect([verdict(1.5), verdict(2.5), verdict(NaN)]).toEqual(['kept', 'undone', 'undone']);
  });
});

test('what is known of a run survives a checkpoint as JSON: the resumed fit counts on, and says nothing twice', async () => {
  const make = () => {
    const sink = memorySink();
    const model = relu(-20);
    return { sink, model, trainer: new Trainer({ model, loss: classes, optimizer: { name: 'adam', learningRate: 1e-3 }, backend: 'keep', progress: false, sinks: [sink], plugins: [seed({ seed: 4, reinitialize: true }), diagnosis()] }) };
  };
  const first = make();
  await first.trainer.fit(clouds(128), { epochs: 12, batchSize: 16 });
  const told = first.sink.events.filter(({ event, data }) => event === 'finding' && data['rule'] === 'dead-units');
  expect(told).toHaveLength(1);
  const saved = first.trainer.getState();
  const second = make();
  second.trainer.setState(JSON.parse(JSON.stringify(saved)) as typeof saved);
  await second.trainer.fit(clouds(128), { epochs: 12, batchSize: 16 });
  expect(second.sink.events.filter(({ event, data }) => event === 'finding' && data['rule'] === 'dead-units')).toHaveLength(0);
  const end = second.sink.events.findLast(({ event }) => event === 'diagnosis')?.data as { findings: { rule: string }[]; steps: number };
  expect(end.findings[0]?.rule).toBe('dead-units');
  expect(end.steps).toBe(192);
  for (const { trainer, model } of [first, second]) {
    await trainer.dispose();
    model.dispose();
  }
});
