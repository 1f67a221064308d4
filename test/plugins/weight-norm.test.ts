import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import '@tensorflow/tfjs-backend-cpu';
import { memorySink, Trainer } from '../../src/index.js';
import type { Norms, WeightInfo } from '../../src/plugin/index.js';
import { PluginHarness } from '../../src/testing/index.js';
import { weightNorm } from '../../plugins/weight-norm.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const info = (name: string, role: WeightInfo['role'] = 'kernel', more: Partial<WeightInfo> = {}): WeightInfo => ({ name, role, shape: [2, 2], size: 4, layer: name.split('/')[0], trainable: true, ...more });
const two = [info('a/kernel'), info('b/kernel')];

const norms = (byWeight: Readonly<Record<string, number>>): Norms => ({ byWeight: new Map(Object.entries(byWeight)), global: NaN });

type Figures = Readonly<Record<string, readonly [norm: number, updateNorm: number]>>;

/** One measurement, ten steps after the last: norm and norm of the update by weight. */
async function measure(harness: PluginHarness, figures: Figures, loss = 1): Promise<void> {
  harness.fields.step += 10;
  harness.fields.metrics = { loss };
  const pick = (at: 0 | 1): Norms => norms(Object.fromEntries(Object.entries(figures).map(([name, each]) => [name, each[at]])));
  await harness.call('measured', { norms: pick(0), updates: pick(1) });
}

const harnessOf = (weights: readonly WeightInfo[] = two, options: Parameters<typeof weightNorm>[0] = {}): PluginHarness => new PluginHarness(weightNorm(options), { weights });
const rules = (harness: PluginHarness): string[] => harness.findings.map(({ rule, severity }) => `${rule} ${severity}`);
const latest = (harness: PluginHarness): Record<string, unknown> & { weights: Record<string, Record<string, number | null>> } => harness.dataOf('weight-norm').at(-1) as never;

describe('the event weight-norm', () => {
  test('trainable norms of 3 and 4 make 5, and updates of 0.03 and 0.04 a ratio of 0.01; frozen weights and statistics are apart', async () => {
    const harness = harnessOf([...two, info('c/kernel', 'kernel', { trainable: false }), info('c/moving_mean', 'statistic', { trainable: false }), info('b/bias', 'bias', { size: 2, shape: [2] })]);
    await measure(harness, { 'a/kernel': [3, 0.03], 'b/kernel': [4, 0.04], 'c/kernel': [100, 0], 'c/moving_mean': [7, 1], 'b/bias': [0, 0] });
    expect(latest(harness)).toMatchObject({ norm: 5, updateNorm: 0.05, growth: null });
    expect(latest(harness)['updateRatio']).toBeCloseTo(0.01, 12);
    expect(Object.keys(latest(harness).weights)).toEqual(['a/kernel', 'b/kernel', 'c/kernel']);
    expect(latest(harness).weights['c/kernel']).toEqual({ norm: 100, updateNorm: 0, updateRatio: 0, growth: null });
    expect(harness.findings).toEqual([]);
  });

  test('a bias at 0 has no ratio and no growth, and not an infinite one', async () => {
    const harness = harnessOf([info('a/kernel'), info('a/bias', 'bias')], { biases: true, window: 3 });
    for (const bias of [0, 0.5, 1, 2, 4]) await measure(harness, { 'a/kernel': [1, 0.001], 'a/bias': [bias, bias === 0 ? 0 : 0.5] });
    const history = harness.dataOf('weight-norm').map(({ weights }) => (weights as Record<string, Record<string, number | null>>)['a/bias']);
    expect(history.map((each) => each?.['updateRatio'])).toEqual([null, 1, 0.5, 0.25, 0.125]);
    // The window of three holds the 0 at first; then 0.5, 1, 2 at steps 20, 30, 40: log(2) in 10 steps.
    expect(history.map((each) => each?.['growth'] ?? null).slice(0, 3)).toEqual([null, null, null]);
    expect(history[3]?.['growth']).toBeCloseTo(Math.log(2) / 10, 12);
  });

  test('norms that grow by 1% every ten steps grow by log(1.01) / 10 a step, one odd measurement in the window or not', async () => {
    const harness = harnessOf([info('a/kernel')]);
    for (let i = 0; i < 20; i += 1) await measure(harness, { 'a/kernel': [i === 7 ? 50 : 1.01 ** i, 0.01] });
    const slope = Math.log(1.01) / 10;
    expect(latest(harness)['growth']).toBeGreaterThan(0.9 * slope);
    expect(latest(harness)['growth']).toBeLessThan(1.2 * slope);
  });

  test('growth is by step and not by measurement: doubling in 10 steps is ten times the growth of doubling in 100', async () => {
    const harness = harnessOf([info('a/kernel')], { window: 3 });
    for (let i = 0; i < 6; i += 1) {
      await measure(harness, { 'a/kernel': [2 ** i, 0.01] });
      if (i === 2) expect(latest(harness)['growth']).toBeCloseTo(Math.log(2) / 10, 12);
      if (i >= 2) harness.fields.step += 90;
    }
    expect(latest(harness)['growth']).toBeCloseTo(Math.log(2) / 100, 12);
  });

  test('the global growth begins anew when a layer is frozen, so that the drop of the norm is no growth', async () => {
    const harness = harnessOf(two, { window: 3 });
    for (let i = 0; i < 3; i += 1) await measure(harness, { 'a/kernel': [3, 0.1], 'b/kernel': [4, 0.1] });
    expect(latest(harness)['growth']).toBe(0);
    harness.fields.weights = [info('a/kernel', 'kernel', { trainable: false }), info('b/kernel')];
    await measure(harness, { 'a/kernel': [3, 0], 'b/kernel': [4, 0.1] });
    expect(latest(harness)).toMatchObject({ norm: 4, growth: null });
  });

  test('without perWeight there are the global figures alone', async () => {
    const harness = harnessOf(two, { perWeight: false });
    await measure(harness, { 'a/kernel': [3, 0.1], 'b/kernel': [4, 0.1] });
    expect(Object.keys(latest(harness))).toEqual(['norm', 'updateNorm', 'updateRatio', 'growth']);
  });
});

describe('weight-norm-growing', () => {
  // Windows of 3 measurements, 3 of them, and one that is let pass: judged from the 12th measurement on.
  const small = { window: 3, windows: 3 };
  const grow = async (harness: PluginHarness, factor: (i: number) => number, loss: (i: number) => number, n = 12): Promise<void> => {
    for (let i = 0; i < n; i += 1) await measure(harness, { 'a/kernel': [factor(i), 0.01], 'b/kernel': [1, 0.01] }, loss(i));
  };

  test('growth in proportion to the steps, over windows with the medians 5, 8 and 11, is told at its first chance as 2.2 times', async () => {
    const harness = harnessOf(two, small);
    await grow(harness, (i) => i + 1, () => 1, 11);
    expect(harness.findings).toEqual([]);
    await measure(harness, { 'a/kernel': [12, 0.01], 'b/kernel': [1, 0.01] }, 1);
    expect(rules(harness)).toEqual(['weight-norm-growing warning']);
    expect(harness.findings[0]).toMatchObject({ where: { weight: 'a/kernel', layer: 'a', steps: { from: 40, to: 120 } }, evidence: { medians: [5, 8, 11], factors: { 'a/kernel': 2.2 }, losses: [1, 1, 1] } });
  });

  test('a norm that wanders off like the root of the steps is not: sqrt(11 / 5) is 1.48', async () => {
    const harness = harnessOf(two, small);
    await grow(harness, (i) => Math.sqrt(i + 1), () => 1, 60);
    expect(harness.findings).toEqual([]);
  });

  test('with a loss that falls over the same windows it is an info, and a warning when the loss falls no longer', async () => {
    const harness = harnessOf(two, small);
    await grow(harness, (i) => 1.2 ** i, (i) => Math.max(1, 20 - i), 16);
    expect(rules(harness)).toEqual(['weight-norm-growing info']);
    await grow(harness, (i) => 1.2 ** (16 + i), () => 1, 16);
    expect(rules(harness)).toEqual(['weight-norm-growing info', 'weight-norm-growing warning']);
  });

  test('a jump within one window and then rest is no steady growth: the last two medians are equal', async () => {
    const harness = harnessOf(two, small);
    await grow(harness, (i) => (i < 6 ? 1 : 10), () => 1, 40);
    expect(harness.findings).toEqual([]);
  });

  test('it is told once while it goes on, and anew after it had ended', async () => {
    const harness = harnessOf(two, { ...small, lowestRatio: 0 });
    await grow(harness, (i) => 1.2 ** i, () => 1, 40);
    expect(harness.findings).toHaveLength(1);
    await grow(harness, () => 1.2 ** 40, () => 1, 20);
    expect(harness.findings).toHaveLength(1);
    await grow(harness, (i) => 1.2 ** (40 + i), () => 1, 20);
    expect(rules(harness)).toEqual(['weight-norm-growing warning', 'weight-norm-growing warning']);
  });

  test('frozen kernels and biases are not judged', async () => {
    const harness = harnessOf([info('a/kernel', 'kernel', { trainable: false }), info('b/kernel', 'bias')], { ...small, movesByDesign: ['a/kernel'], biases: true });
    for (let i = 0; i < 30; i += 1) await measure(harness, { 'a/kernel': [1.5 ** i, 0.01], 'b/kernel': [1.5 ** i, 0.01] });
    expect(harness.findings).toEqual([]);
  });
});

describe('frozen-weight-moves', () => {
  const frozen = { trainable: false };

  test('a frozen kernel that an update changed is named, once', async () => {
    const harness = harnessOf([info('a/kernel', 'kernel', frozen), info('b/kernel')]);
    for (let i = 0; i < 3; i += 1) await measure(harness, { 'a/kernel': [1, 0.25], 'b/kernel': [1, 0.1] });
    expect(rules(harness)).toEqual(['frozen-weight-moves warning']);
    expect(harness.findings[0]).toMatchObject({ where: { weight: 'a/kernel', layer: 'a' }, evidence: { step: 10, updateNorms: { 'a/kernel': 0.25 } } });
  });

  test('moving statistics and weights that move by design are let be; a weight of unknown kind is an info', async () => {
    const weights = [info('a/moving_mean', 'statistic', frozen), info('ema/kernel', 'kernel', frozen), info('counter', 'other', frozen), info('b/kernel')];
    const harness = harnessOf(weights, { movesByDesign: ['ema/kernel'] });
    await measure(harness, { 'a/moving_mean': [1, 0.1], 'ema/kernel': [1, 0.1], counter: [1, 1], 'b/kernel': [1, 0.1] });
    expect(rules(harness)).toEqual(['frozen-weight-moves info']);
    expect(harness.findings[0]?.where).toMatchObject({ weight: 'counter' });
  });

  test('a weight that is trained again in between is told again when it is frozen anew and moves', async () => {
    const harness = harnessOf();
    for (const trainable of [false, true, false]) {
      harness.fields.weights = [info('a/kernel', 'kernel', { trainable }), info('b/kernel')];
      await measure(harness, { 'a/kernel': [1, 0.1], 'b/kernel': [1, 0.1] });
    }
    expect(rules(harness)).toEqual(['frozen-weight-moves warning', 'frozen-weight-moves warning']);
  });
});

describe('trainable-weight-unchanged', () => {
  const stuck: Figures = { 'a/kernel': [2, 0], 'b/kernel': [2, 0.01] };
  const moving: Figures = { 'a/kernel': [2, 0.01], 'b/kernel': [2, 0.01] };

  test('a kernel with update 0 in five measurements, while another moves, is named; with four it is not', async () => {
    const harness = harnessOf();
    for (let i = 0; i < 4; i += 1) await measure(harness, stuck);
    expect(harness.findings).toEqual([]);
    for (let i = 0; i < 4; i += 1) await measure(harness, stuck);
    expect(rules(harness)).toEqual(['trainable-weight-unchanged warning']);
    expect(harness.findings[0]).toMatchObject({ where: { weight: 'a/kernel' }, evidence: { weights: ['a/kernel'], moved: ['b/kernel'], learningRate: 0.1 } });
  });

  test('when nothing moves, or the learning rate is 0, no weight is singled out', async () => {
    const still = harnessOf();
    for (let i = 0; i < 20; i += 1) await measure(still, { 'a/kernel': [2, 0], 'b/kernel': [2, 0] });
    expect(still.findings).toEqual([]);
    const noRate = harnessOf();
    noRate.fields.learningRate = 0;
    for (let i = 0; i < 20; i += 1) await measure(noRate, stuck);
    expect(noRate.findings).toEqual([]);
  });

  test('changes of the others that a float32 of its size would lose prove nothing: 1e-9 an entry beside entries of 1', async () => {
    const harness = harnessOf(two, { lowestRatio: 0 });
    for (let i = 0; i < 20; i += 1) await measure(harness, { 'a/kernel': [2, 0], 'b/kernel': [2, 2e-9] });
    expect(harness.findings).toEqual([]);
  });

  test('it is told again only after it has moved in five measurements in a row', async () => {
    const harness = harnessOf();
    const run = async (figures: Figures, n: number): Promise<void> => {
      for (let i = 0; i < n; i += 1) await measure(harness, figures);
    };
    await run(stuck, 6);
    await run(moving, 4);
    await run(stuck, 6);
    expect(harness.findings).toHaveLength(1);
    await run(moving, 5);
    await run(stuck, 5);
    expect(harness.findings).toHaveLength(2);
  });

  test('biases may stand still: in front of a normalisation they have no effect', async () => {
    const harness = harnessOf([info('a/bias', 'bias'), info('b/kernel')]);
    for (let i = 0; i < 20; i += 1) await measure(harness, { 'a/bias': [2, 0], 'b/kernel': [2, 0.01] });
    expect(harness.findings).toEqual([]);
  });
});

describe('update-ratio', () => {
  test('a usual ratio of 0.2 or of 1e-7 is an info after a window of 20; 0.001 and one wild step are nothing', async () => {
    for (const [ratio, expected] of [[0.2, ['update-ratio info']], [1e-7, ['update-ratio info']], [0.001, []]] as const) {
      const harness = harnessOf([info('a/kernel')]);
      for (let i = 0; i < 19; i += 1) await measure(harness, { 'a/kernel': [1, ratio] });
      expect(harness.findings).toEqual([]);
      await measure(harness, { 'a/kernel': [1, 5] });
      for (let i = 0; i < 20; i += 1) await measure(harness, { 'a/kernel': [1, ratio] });
      expect(rules(harness)).toEqual(expected);
    }
  });
});

describe('weightNorm', () => {
  test('a run that is interrupted after any measurement and resumed from the JSON of its state says the same', async () => {
    const options = { window: 3, unchangedFor: 3 };
    const figures = (i: number): Figures => ({ 'a/kernel': [1.3 ** i, i % 11 > 6 ? 0 : 0.2 * 1.3 ** i], 'b/kernel': [1, 0.01], 'c/kernel': [1, i > 20 ? 0.1 : 0] });
    const weights = [...two, info('c/kernel', 'kernel', { trainable: false })];
    const run = async (interrupted: boolean): Promise<{ findings: unknown[]; growth: unknown[] }> => {
      const findings: unknown[] = [];
      const growth: unknown[] = [];
      let harness = harnessOf(weights, options);
      for (let i = 0; i < 40; i += 1) {
        await measure(harness, figures(i));
        if (!interrupted && i < 39) continue;
        findings.push(...harness.findings);
        growth.push(...harness.dataOf('weight-norm').map((data) => data['growth']));
        const next = harnessOf(weights, options);
        next.context.state = weightNorm(options).bind().parseState(JSON.parse(JSON.stringify(harness.context.state)));
        next.fields.step = harness.fields.step;
        harness = next;
      }
      return { findings, growth };
    };
    const whole = await run(false);
    expect(new Set((whole.findings as { rule: string }[]).map(({ rule }) => rule))).toEqual(new Set(['weight-norm-growing', 'trainable-weight-unchanged', 'frozen-weight-moves', 'update-ratio']));
    expect(await run(true)).toEqual(whole);
  });

  test('in a training, a linear model at 0 with input [1, 2] and label 1 moves at rate 0.1 to 0.2 [1, 2]: norm and update are sqrt(0.2), their ratio 1', async () => {
    const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [2], kernelInitializer: 'zeros', useBias: false, name: 'only' })] });
    const sink = memorySink();
    const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.1 }, plugins: [weightNorm({ every: 1 })], sinks: [sink], backend: 'keep' });
    await trainer.fit([[[1, 2]], [[1]]], { epochs: 1 });
    const [event] = sink.events.filter((each) => each.event === 'weight-norm') as unknown as { data: { norm: number; updateNorm: number; updateRatio: number } }[];
    expect(event?.data.norm).toBeCloseTo(Math.sqrt(0.2), 6);
    expect(event?.data.updateNorm).toBeCloseTo(Math.sqrt(0.2), 6);
    expect(event?.data.updateRatio).toBeCloseTo(1, 5);
  });

  test('a training with a frozen layer and a dead one names the dead one alone', async () => {
    const model = sequential({
      layers: [
        layers.dense({ units: 3, inputShape: [2], trainable: false, name: 'frozen' }),
        // Negative for every input that a sigmoid can give, so that ReLU is off for good.
        layers.activation({ activation: 'sigmoid' }),
        layers.dense({ units: 3, activation: 'relu', kernelInitializer: 'zeros', biasInitializer: { className: 'Constant', config: { value: -1 } } as never, name: 'dead' }),
        layers.dense({ units: 1, name: 'last' }),
      ],
    });
    const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.01 }, plugins: [weightNorm({ every: 1 })], backend: 'keep' });
    const { findings } = await trainer.fit([[[1, 0], [0, 1], [1, 1], [0, 0]], [[1], [2], [3], [4]]], { epochs: 10 });
    expect(findings.map(({ rule, evidence }) => [rule, evidence['weights']])).toEqual([['trainable-weight-unchanged', ['dead/kernel', 'last/kernel']]]);
  });
});
