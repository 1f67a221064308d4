import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import '@tensorflow/tfjs-backend-cpu';
import { ConfigError } from '../../src/errors.js';
import { memorySink, Trainer } from '../../src/index.js';
import type { GradientStatistics, WeightInfo } from '../../src/plugin/index.js';
import { PluginHarness } from '../../src/testing/index.js';
import { gradientNorm } from '../../plugins/gradient-norm.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const info = (name: string, role: WeightInfo['role'], shape: readonly number[]): WeightInfo => ({
  name, role, shape, size: shape.reduce((product, each) => product * each, 1), layer: name.split('/')[0], trainable: true,
});
const weights = [info('a/kernel', 'kernel', [2, 2]), info('a/bias', 'bias', [2]), info('b/kernel', 'kernel', [2, 2])];
const statistics = (norm: number, more: Partial<GradientStatistics> = {}): GradientStatistics => ({ norm, maxAbs: norm, zeros: 0, nonFinite: 0, ...more });

type Plugin = ReturnType<typeof gradientNorm>;
const harnessOf = (plugin: Plugin = gradientNorm()): PluginHarness => new PluginHarness(plugin, { weights, metrics: { loss: 1 } });

/** One measurement, ten steps after the last: the kernel of layer a, the bias, the kernel of layer b. */
async function measure(harness: PluginHarness, first: number | GradientStatistics, last: number | GradientStatistics = first, loss = 1, bias = 0): Promise<void> {
  const full = (each: number | GradientStatistics): GradientStatistics => (typeof each === 'number' ? statistics(each) : each);
  harness.fields.step += 10;
  harness.fields.metrics = { loss };
  const values = { statistics: new Map([['a/kernel', full(first)], ['a/bias', statistics(bias)], ['b/kernel', full(last)]]) };
  await harness.call('measured', values);
}

/** n measurements whose global norms alternate between 1 and e^2: log norms of median 1 and median absolute deviation 1. */
async function settle(harness: PluginHarness, n = 20, loss = 1): Promise<void> {
  for (let i = 0; i < n; i += 1) await ofNorm(harness, i % 2 === 0 ? 1 : Math.exp(2), loss);
}
const ofNorm = (harness: PluginHarness, norm: number, loss = 1): Promise<void> => measure(harness, norm / Math.SQRT2, norm / Math.SQRT2, loss);

const rules = (harness: PluginHarness): string[] => harness.findings.map(({ rule, severity }) => `${rule} ${severity}`);

describe('the event gradient-norm', () => {
  test('gradients of norms 3, 4 and 12 make one of 13; shares are weighted by entries: 2 zeros in 10', async () => {
    const harness = harnessOf();
    harness.fields.step = 10;
    const values = {
      statistics: new Map([
        ['a/kernel', { norm: 3, maxAbs: 2, zeros: 0.25, nonFinite: 0 }],
        ['a/bias', { norm: 4, maxAbs: 3.5, zeros: 0.5, nonFinite: 0 }],
        ['b/kernel', { norm: 12, maxAbs: 7, zeros: 0, nonFinite: 0 }],
      ]),
    };
    await harness.call('measured', values);
    expect(harness.dataOf('gradient-norm')).toEqual([
      {
        norm: 13, maxAbs: 7, zeros: 0.2, nonFinite: 0, score: null, firstToLast: 0.25,
        weights: { 'a/kernel': { norm: 3, maxAbs: 2, zeros: 0.25, nonFinite: 0 }, 'b/kernel': { norm: 12, maxAbs: 7, zeros: 0, nonFinite: 0 } },
      },
    ]);
  });

  test('biases are listed when asked for, and nothing is without perWeight', async () => {
    const listed = harnessOf(gradientNorm({ biases: true }));
    await measure(listed, 1, 1, 1, 2);
    expect(Object.keys(listed.dataOf('gradient-norm')[0]?.['weights'] as object)).toEqual(['a/kernel', 'a/bias', 'b/kernel']);
    const bare = harnessOf(gradientNorm({ perWeight: false }));
    await measure(bare, 1);
    expect(bare.dataOf('gradient-norm')[0]).not.toHaveProperty('weights');
  });

  test('the score of log norm 10 among log norms 0 and 2 is (10 - 1) / 1.4826', async () => {
    const harness = harnessOf();
    await settle(harness);
    await ofNorm(harness, Math.exp(10));
    expect(harness.dataOf('gradient-norm').slice(0, 20).every(({ score }) => score === null)).toBe(true);
    expect(harness.dataOf('gradient-norm')[20]?.['score']).toBeCloseTo(6.07042, 5);
  });

  test('clipped norms are asked for, and told apart from the raw ones, only with the option', async () => {
    expect(Object.keys(gradientNorm().needs?.of ?? {})).toEqual(['statistics']);
    const plugin = gradientNorm({ clipped: true });
    expect(Object.keys(plugin.needs?.of ?? {})).toEqual(['statistics', 'clipped']);
    const harness = harnessOf(plugin);
    const values = {
      statistics: new Map([['a/kernel', statistics(3)], ['a/bias', statistics(0)], ['b/kernel', statistics(4)]]),
      clipped: { byWeight: new Map([['a/kernel', 0.6], ['a/bias', 0], ['b/kernel', 0.8]]), global: 1 },
    };
    await harness.call('measured', values);
    expect(harness.dataOf('gradient-norm')[0]).toMatchObject({ norm: 5, clippedNorm: 1, weights: { 'a/kernel': { norm: 3, clippedNorm: 0.6 }, 'b/kernel': { norm: 4, clippedNorm: 0.8 } } });
  });
});

describe('gradient-spike', () => {
  test('log norm 10 is told (6.07 deviations), 9.8 is not (5.94)', async () => {
    for (const [log, expected] of [[10, ['gradient-spike warning']], [9.8, []]] as const) {
      const harness = harnessOf();
      await settle(harness);
      await ofNorm(harness, Math.exp(log));
      expect(rules(harness)).toEqual(expected);
    }
  });

  test('steady norms that double are not told, though infinitely many deviations away: the factor is missing', async () => {
    const harness = harnessOf();
    for (let i = 0; i < 20; i += 1) await ofNorm(harness, 1);
    await ofNorm(harness, 2);
    expect(harness.dataOf('gradient-norm').at(-1)?.['score']).toBe(Infinity);
    expect(harness.findings).toEqual([]);
  });

  test('20 times the recent norms, but only a fifth of those at the start, is an info', async () => {
    const harness = harnessOf(gradientNorm({ window: 20 }));
    for (let i = 0; i < 20; i += 1) await ofNorm(harness, 100);
    for (let i = 0; i < 20; i += 1) await ofNorm(harness, 1);
    await ofNorm(harness, 20);
    expect(rules(harness)).toEqual(['gradient-spike info']);
    expect(harness.findings[0]?.evidence).toMatchObject({ norm: expect.closeTo(20, 9) as number, median: expect.closeTo(1, 9) as number, startNorm: expect.closeTo(100, 9) as number });
  });

  test('a spike is told once, and again only after ten calm measurements', async () => {
    const harness = harnessOf();
    await settle(harness, 40);
    await ofNorm(harness, 1e6);
    for (let i = 0; i < 9; i += 1) await ofNorm(harness, 1);
    await ofNorm(harness, 1e6);
    expect(harness.findings).toHaveLength(1);
    for (let i = 0; i < 10; i += 1) await ofNorm(harness, 1);
    await ofNorm(harness, 1e6);
    expect(rules(harness)).toEqual(['gradient-spike warning', 'gradient-spike warning']);
    expect(harness.findings[1]?.evidence).toMatchObject({ spikes: 3 });
  });

  test('the finding names the weight with the largest gradient', async () => {
    const harness = harnessOf();
    await settle(harness);
    await measure(harness, 10, 1e6);
    expect(harness.findings[0]?.where).toEqual({ weight: 'b/kernel', layer: 'b' });
  });

  test('the first twenty measurements are not judged, however they differ', async () => {
    const harness = harnessOf();
    for (let i = 0; i < 20; i += 1) await ofNorm(harness, i === 19 ? 1e9 : 1);
    expect(harness.findings).toEqual([]);
  });

  test('norms of 0 are no history: after 20 norms of 1 and 30 of 0, a norm of 1 is nothing new', async () => {
    const harness = harnessOf();
    for (let i = 0; i < 20; i += 1) await ofNorm(harness, 1);
    for (let i = 0; i < 30; i += 1) await ofNorm(harness, 0);
    await ofNorm(harness, 1);
    expect(harness.dataOf('gradient-norm').at(-1)?.['score']).toBe(0);
    expect(harness.findings).toEqual([]);
  });
});

describe('vanishing-gradients', () => {
  test('ten measurements in a row below 0.001 are told once; nine are not', async () => {
    const harness = harnessOf();
    for (let i = 0; i < 9; i += 1) await measure(harness, 0.0009, 1);
    expect(harness.findings).toEqual([]);
    for (let i = 0; i < 11; i += 1) await measure(harness, 0.0009, 1);
    expect(rules(harness)).toEqual(['vanishing-gradients warning']);
    expect(harness.findings[0]).toMatchObject({ where: { weight: 'a/kernel', layer: 'a' }, evidence: { ratio: 0.0009, norms: { 'a/kernel': 0.0009, 'b/kernel': 1 } } });
  });

  test('one measurement at 0.002 begins the count anew', async () => {
    const harness = harnessOf();
    for (let i = 0; i < 30; i += 1) await measure(harness, i % 10 === 9 ? 0.002 : 0.0001, 1);
    expect(harness.findings).toEqual([]);
  });

  test('it is told again once it had cleared: ten measurements at 0.01, then ten at 0.0001', async () => {
    const harness = harnessOf();
    for (const ratio of [0.0001, 0.01, 0.0001]) for (let i = 0; i < 10; i += 1) await measure(harness, ratio, 1);
    expect(rules(harness)).toEqual(['vanishing-gradients warning', 'vanishing-gradients warning']);
  });

  test('the scale of the gradients is of no matter: both kernels at 1e-9 are well', async () => {
    const harness = harnessOf();
    for (let i = 0; i < 30; i += 1) await measure(harness, 1e-9, 1e-9);
    expect(harness.findings).toEqual([]);
  });

  test('kernels without any gradient, while a bias has one, are dead units; when all is 0 there is nothing left to learn', async () => {
    const dead = harnessOf();
    for (let i = 0; i < 10; i += 1) await measure(dead, { norm: 0, maxAbs: 0, zeros: 1, nonFinite: 0 }, 0, 1, 0.5);
    expect(rules(dead)).toEqual(['vanishing-gradients warning']);
    expect(dead.findings[0]?.remedy).toContain('dead');
    const learnt = harnessOf();
    for (let i = 0; i < 30; i += 1) await measure(learnt, 0, 0, 0, 0);
    expect(learnt.dataOf('gradient-norm').every(({ firstToLast }) => firstToLast === null)).toBe(true);
    expect(learnt.findings).toEqual([]);
  });

  test('with two outputs the last kernel may be on another branch, so that it is an info', async () => {
    const harness = harnessOf();
    harness.fields.outputNames = ['one', 'two'];
    for (let i = 0; i < 10; i += 1) await measure(harness, 0.0001, 1);
    expect(rules(harness)).toEqual(['vanishing-gradients info']);
  });
});

describe('exploding-gradients', () => {
  // Each norm is 1.4 times the one before: 1.4^7 = 10.5, and the newest ten are all above that after 16 more steps.
  const climb = async (harness: PluginHarness, loss: number): Promise<void> => {
    for (let i = 1; i <= 20; i += 1) await ofNorm(harness, 1.4 ** i, loss);
  };

  test('ten norms in a row above ten times the level of the start, and a loss that is no lower, are a warning', async () => {
    const harness = harnessOf();
    for (let i = 0; i < 20; i += 1) await ofNorm(harness, 1, 1);
    for (let i = 0; i < 9; i += 1) await ofNorm(harness, 11, 1);
    expect(rules(harness).filter((rule) => rule.startsWith('exploding'))).toEqual([]);
    await ofNorm(harness, 11, 1);
    expect(rules(harness).filter((rule) => rule.startsWith('exploding'))).toEqual(['exploding-gradients warning']);
    expect(harness.findings.at(-1)?.evidence).toMatchObject({ growth: expect.closeTo(11, 9) as number, startLoss: 1 });
  });

  test('with a loss that has fallen by then it is an info, and a warning when the loss comes back', async () => {
    const harness = harnessOf();
    for (let i = 0; i < 20; i += 1) await ofNorm(harness, 1, 1);
    await climb(harness, 0.5);
    const exploding = (): string[] => rules(harness).filter((rule) => rule.startsWith('exploding'));
    expect(exploding()).toEqual(['exploding-gradients info']);
    for (let i = 0; i < 10; i += 1) await ofNorm(harness, 1000, 2);
    expect(exploding()).toEqual(['exploding-gradients info', 'exploding-gradients warning']);
  });

  test('a first kernel at 71 times the last is told once the run has a start to compare its loss with, at 69 times never', async () => {
    for (const [ratio, expected] of [[71, ['exploding-gradients warning']], [69, []]] as const) {
      const harness = harnessOf();
      for (let i = 0; i < 19; i += 1) await measure(harness, ratio, 1);
      expect(harness.findings).toEqual([]);
      for (let i = 0; i < 10; i += 1) await measure(harness, ratio, 1);
      expect(rules(harness)).toEqual(expected);
    }
  });

  test('it is told again once ten norms in a row were below a third of the threshold', async () => {
    const harness = harnessOf();
    const exploding = (): number => rules(harness).filter((rule) => rule.startsWith('exploding')).length;
    for (const norm of [1, 1, 20, 4, 20]) for (let i = 0; i < 10; i += 1) await ofNorm(harness, norm);
    expect(exploding()).toBe(1);
    for (const norm of [3, 20]) for (let i = 0; i < 10; i += 1) await ofNorm(harness, norm);
    expect(exploding()).toBe(2);
  });

  test('a norm beyond float32 with finite entries is told at once, and once', async () => {
    const harness = harnessOf();
    for (const norm of [Infinity, 1, Infinity]) await measure(harness, statistics(norm, { maxAbs: 1e20 }), 1);
    expect(rules(harness)).toEqual(['exploding-gradients warning']);
  });
});

describe('non-finite-gradients', () => {
  const broken = statistics(NaN, { nonFinite: 0.25 });

  test('one NaN in four entries is an error that names the weight, the finite ones, and the one nearest to the loss', async () => {
    const harness = harnessOf();
    await measure(harness, broken, 1, 0.5);
    expect(rules(harness)).toEqual(['non-finite-gradients error']);
    expect(harness.findings[0]).toMatchObject({
      where: { weight: 'a/kernel', layer: 'a' },
      evidence: { step: 10, loss: 0.5, nonFinite: { 'a/kernel': 0.25 }, finite: ['a/bias', 'b/kernel'], nearestToLoss: 'a/kernel' },
    });
    expect(harness.dataOf('gradient-norm')[0]).toMatchObject({ norm: NaN, maxAbs: NaN, nonFinite: 0.1, score: null, firstToLast: null });
  });

  test('of two such weights the first is named, and the last is nearest to the loss', async () => {
    const harness = harnessOf();
    await measure(harness, broken, broken);
    expect(harness.findings[0]).toMatchObject({ where: { weight: 'a/kernel' }, evidence: { nearestToLoss: 'b/kernel', finite: ['a/bias'] } });
  });

  test('it is told once, and again after ten finite measurements in a row', async () => {
    const harness = harnessOf();
    for (let i = 0; i < 30; i += 1) await measure(harness, i % 10 === 0 ? broken : 1, 1);
    await measure(harness, broken, 1);
    expect(harness.findings).toHaveLength(1);
    for (let i = 0; i < 10; i += 1) await measure(harness, 1, 1);
    await measure(harness, broken, 1);
    expect(harness.findings).toHaveLength(2);
  });
});

describe('gradientNorm', () => {
  test('a run that is interrupted after any measurement and resumed from the JSON of its state says the same', async () => {
    const run = async (interruptions: boolean): Promise<unknown> => {
      let harness = harnessOf();
      const heard: unknown[] = [];
      for (let i = 0; i < 60; i += 1) {
        await ofNorm(harness, i === 30 || i === 32 ? 1e5 : i > 40 ? 50 : 1 + (i % 3));
        if (!interruptions) continue;
        const next = harnessOf();
        next.context.state = gradientNorm().bind().parseState(JSON.parse(JSON.stringify(harness.context.state)));
        next.fields.step = harness.fields.step;
        heard.push(...harness.events, ...harness.findings);
        harness = next;
      }
      return interruptions ? heard.filter((each) => 'rule' in (each as object)) : harness.findings;
    };
    const whole = await run(false);
    expect((whole as unknown[]).length).toBe(2);
    expect(await run(true)).toEqual(whole);
  });

  test('a patience beyond the window that is remembered is refused', () => {
    expect(() => gradientNorm({ window: 20, patience: 21 })).toThrow(ConfigError);
  });

  test('in a training, a linear model at 0 with input [1, 2] and label 1 has the gradient -2 [1, 2] and -2: norms sqrt(20) and sqrt(24)', async () => {
    const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [2], kernelInitializer: 'zeros', name: 'only' })] });
    const sink = memorySink();
    const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.1 }, clip: { globalNorm: 1 }, plugins: [gradientNorm({ every: 1, biases: true, clipped: true })], sinks: [sink], backend: 'keep' });
    await trainer.fit([[[1, 2]], [[1]]], { epochs: 1 });
    const [event] = sink.events.filter((each) => each.event === 'gradient-norm') as unknown as { data: { norm: number; clippedNorm: number; weights: Record<string, GradientStatistics & { clippedNorm: number }> } }[];
    expect(event?.data.norm).toBeCloseTo(Math.sqrt(24), 5);
    expect(event?.data.clippedNorm).toBeCloseTo(1, 5);
    expect(event?.data.weights['only/kernel']?.norm).toBeCloseTo(Math.sqrt(20), 5);
    expect(event?.data.weights['only/kernel']?.maxAbs).toBeCloseTo(4, 5);
    expect(event?.data.weights['only/kernel']?.clippedNorm).toBeCloseTo(Math.sqrt(20 / 24), 5);
  });

  test('ten sigmoid layers make vanishing gradients, and the same net with tanh does not', async () => {
    const find = async (activation: 'sigmoid' | 'tanh'): Promise<string[]> => {
      const model = sequential();
      for (let i = 0; i < 10; i += 1) model.add(layers.dense({ units: 6, activation, ...(i === 0 ? { inputShape: [4] } : {}), kernelInitializer: initializers.glorotUniform({ seed: 10 + i }) }));
      model.add(layers.dense({ units: 1, kernelInitializer: initializers.glorotUniform({ seed: 5 }) }));
      const x = tf.randomNormal([64, 4], 0, 1, 'float32', 3);
      const y = tf.sum(x, 1, true);
      const trainer = new Trainer({ model, loss: 'meanSquaredError', plugins: [gradientNorm({ every: 2 })], seed: 1, backend: 'keep' });
      const { findings } = await trainer.fit({ inputs: x, labels: y }, { epochs: 12 });
      return findings.map(({ rule }) => rule);
    };
    expect(await find('sigmoid')).toEqual(['vanishing-gradients']);
    expect(await find('tanh')).toEqual([]);
  });
});
