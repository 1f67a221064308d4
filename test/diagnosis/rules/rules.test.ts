import { describe, expect, test } from 'vitest';
import { consolidate } from '../../../src/diagnosis/index.js';
import type { statistics} from './run.js';
import { kernel, layer, noise, output, run, tell } from './run.js';

const falling = (i: number): number => 0.1 + 2 * 0.9 ** i + 0.02 * noise(i);
const roots = (events: Parameters<typeof tell>[0]): string[] => consolidate(tell(events).findings).filter(({ severity }) => severity !== 'info').map(({ rule, severity }) => `${rule} ${severity}`);

describe('healthy runs are left in peace', () => {
  test('a loss that falls from 2 to 0.1 with noise, over 60 measurements', () => {
    expect(tell(run(60, (i) => ({ loss: falling(i), outputs: [output(Math.min(0.9, 0.05 * i))] }))).alarms).toEqual([]);
  });
  test('slow but steady: 2% in the whole run is an info', () => {
    const { alarms, findings } = tell(run(60, (i) => ({ loss: 1 - 0.0004 * i, outputs: [output(0.3)] })));
    expect(alarms).toEqual([]);
    expect(findings.map(({ rule }) => rule)).toContain('loss-slow');
  });
  test('a converged model that is trained on stays where it is', () => {
    expect(tell(run(60, (i) => ({ loss: 0.01 + 0.005 * noise(i), outputs: [output(0.97)], weights: { 'hidden/kernel': kernel({ updateNorm: 1e-7 }) } }))).alarms).toEqual([]);
  });
  test('single samples with losses over four decades, at random', () => {
    expect(tell(run(200, (i) => ({ loss: 10 ** (2 * noise(i)), outputs: [output(null, { samples: 1, labelSpread: 0, spread: 0 })] }), () => ({ loss: 1 }))).alarms).toEqual([]);
  });
  test('a majority class of 95% predicted throughout, with a ranking that is learned', () => {
    const classes = { count: 2, topPredicted: 1, topLabel: 0.95, labelEntropy: 0.2, agreement: 0.95, chance: 0.95 };
    expect(tell(run(60, (i) => ({ loss: 0.2 + 0.02 * noise(i), outputs: [output(0.35, { classes })] }))).alarms).toEqual([]);
  });
  test('predictions that begin against the labels, at -0.5, and turn round', () => {
    expect(tell(run(60, (i) => ({ loss: falling(i), outputs: [output(-0.5 + 0.02 * i)] }))).alarms).toEqual([]);
  });
  test('updates that are skipped at every measured step, as gradient accumulation does', () => {
    expect(tell(run(60, (i) => ({ loss: falling(i), weights: { 'hidden/kernel': kernel({ updateNorm: 0 }) } }))).alarms).toEqual([]);
  });
});

describe('the loss', () => {
  test('that rises from 1 to 3 and stays is told, and the rate named where updates are a fifth of the weight', () => {
    const rising = (updateNorm: number) => run(40, (i) => ({ loss: 1 + Math.min(2, 0.1 * i) + 0.05 * noise(i), outputs: [output(0)], weights: { 'hidden/kernel': kernel({ updateNorm }) } }));
    expect(roots(rising(1e-3))).toEqual(['loss-rising warning']);
    const { findings } = tell(rising(0.2));
    const [first] = consolidate(findings);
    expect(first).toMatchObject({ rule: 'learning-rate-too-high', severity: 'warning', where: { weight: 'hidden/kernel' } });
    // min(0.1, 0.01 / 0.2) = 0.05 of the rate 0.01.
    expect(first?.evidence['suggestedRate']).toBeCloseTo(5e-4, 10);
    expect((first?.evidence['symptoms'] as { rule: string }[]).map(({ rule }) => rule)).toContain('loss-rising');
  });
  test('that grows tenfold from one measurement to the next is told by the seventh', () => {
    const { findings } = tell(run(8, (i) => ({ loss: 10 ** i, outputs: [output(0)] })));
    expect(findings.find(({ rule }) => rule === 'loss-rising')?.where.steps).toEqual({ from: 1, to: 70 });
  });
  test('that leaps to a million and comes back to 20 says nothing of its sign, whatever the correlation; from 1 to 0.5 it does', () => {
    const named = (loss: (i: number) => number) => tell(run(60, (i) => ({ loss: loss(i), outputs: [output(Math.max(-0.8, -0.05 * i))] }))).alarms.filter((each) => each.startsWith('metric'));
    expect(named((i) => (i === 0 ? 1 : 20 + 1e6 * 0.5 ** i))).toEqual([]);
    expect(named((i) => 0.5 + 0.5 * 0.9 ** i)).toEqual(['metric-contradicts-loss error']);
  });
  test('that stands at ln 3 with a correlation of 0 is stuck', () => {
    expect(roots(run(60, (i) => ({ loss: Math.log(3) + 0.01 * noise(i), outputs: [output(0.05 * noise(i + 7))] })))).toEqual(['loss-stuck warning']);
  });
  test('that stands, of labels that cannot be compared, is an info', () => {
    const { alarms, findings } = tell(run(60, (i) => ({ loss: 1 + 0.01 * noise(i), outputs: [output(null, { labelSpread: null })] })));
    expect(alarms).toEqual([]);
    expect(findings.map(({ rule }) => rule)).toContain('loss-stuck');
  });
  test('that jumps between 1 and 2 each epoch and teaches nothing', () => {
    expect(tell(run(30, (i) => ({ loss: 1 + (i % 2), outputs: [output(0.05 * noise(i))] }))).alarms).toContain('loss-oscillating warning');
  });
  test('moved by a thousandth of a percent at most: the rate is too low, and nothing else is', () => {
    // 600 steps of 1e-8 times the weight.
    const tiny = { 'hidden/kernel': kernel({ updateNorm: 1e-8 }), 'out/kernel': kernel({ updateNorm: 1e-8 }) };
    expect(roots(run(60, (i) => ({ loss: 1.1 + 0.01 * noise(i), outputs: [output(0.05 * noise(i + 7))], weights: tiny })))).toEqual(['learning-rate-too-low warning']);
  });
});

describe('the first place that is not finite', () => {
  const nan = { loss: NaN, gradientNorm: NaN };
  const where = (bad: Parameters<typeof statistics>[0]) => tell(run(12, (i) => (i < 6 ? { loss: falling(i) } : { ...nan, ...bad }))).findings.filter(({ rule }) => rule === 'first-non-finite');

  test('is the layer hidden2, when hidden1 before it is finite', () => {
    const [found, more] = where({ layers: { hidden1: layer(), hidden2: layer({ rms: Infinity }), out: layer({ rms: NaN, isOutput: true }) } });
    expect(found).toMatchObject({ severity: 'error', where: { layer: 'hidden2', steps: { from: 61, to: 70 } } });
    expect(more).toBeUndefined();
  });
  test('is the loss, when all layers are finite', () => {
    expect(where({})[0]?.message).toMatch(/first in the loss, while all layers give finite values/);
  });
  test('is the gradient nearest to the loss, when the loss is finite', () => {
    const weights = { 'hidden/kernel': kernel({ gradientNorm: NaN }), 'out/kernel': kernel({ gradientNorm: NaN }) };
    expect(where({ loss: 1, weights })[0]?.where.weight).toBe('out/kernel');
  });
  test('is not known when all weights are lost by then', () => {
    const [found] = where({ layers: { hidden: layer({ rms: NaN }) }, weights: { 'hidden/kernel': kernel({ norm: NaN, gradientNorm: NaN }) } });
    expect(found?.where.layer).toBeUndefined();
    expect(found?.message).toBe('NaN or infinite values in all weights at step 70; at step 60 all was finite');
  });
  test('is no matter for the rate unless updates were large', () => {
    expect(roots(run(12, (i) => (i < 6 ? {} : nan)))).toEqual(['first-non-finite error']);
    expect(roots(run(12, (i) => (i < 6 ? { loss: 1 + i, weights: { 'hidden/kernel': kernel({ updateNorm: 0.5 }) } } : nan)))).toEqual(['learning-rate-too-high error']);
  });
});

describe('the learning rate', () => {
  const scheduled = (rate: (i: number) => number) => tell(run(60, (i) => ({ loss: falling(i), learningRate: rate(i) }))).alarms;
  test('of 0 from the third of 60 measurements on is told while 88% of the run is to come, once', () => {
    const { findings } = tell(run(60, (i) => ({ loss: falling(i), learningRate: i < 2 ? 0.01 : 0 })));
    const found = findings.filter(({ rule }) => rule === 'learning-rate-zero');
    expect(found).toHaveLength(1);
    // Five readings at 0: those of the epochs 3 to 7 of 60.
    expect(found[0]?.evidence).toMatchObject({ largest: 0.01, lastStep: 20, left: 1 - 7 / 60 });
  });
  test('of a ten-millionth of its largest is 0 in effect, and of a hundred-thousandth is not', () => {
    expect(scheduled((i) => (i < 10 ? 1e-2 : 1e-9))).toEqual(['learning-rate-zero warning']);
    expect(scheduled((i) => (i < 10 ? 1e-2 : 1e-7))).toEqual([]);
  });
  test('that a cosine takes to 0 at the end, that begins at 0, or passes 0 between two cycles, is left in peace', () => {
    expect(scheduled((i) => 0.005 * (1 + Math.cos((Math.PI * i) / 59)))).toEqual([]);
    expect(scheduled((i) => 0.001 * Math.min(10, i))).toEqual([]);
    expect(scheduled((i) => 0.005 * (1 + Math.cos((Math.PI * (i % 20)) / 19)))).toEqual([]);
  });
});

describe('units, gradients and weights', () => {
  const stuck = (i: number) => ({ loss: 1.1 + 0.01 * noise(i), outputs: [output(0.05 * noise(i + 3))] });

  test('80% of the units of a relu silent in five batches: dead, and no others are', () => {
    const dead = (share: number, more = {}) => run(20, (i) => ({ ...stuck(i), layers: { hidden: layer({ deadUnits: share, ...more }) } }));
    expect(roots(dead(0.8))).toEqual(['dead-units warning']);
    expect(roots(dead(0.5))).toEqual(['loss-stuck warning']);
    expect(tell(dead(0.8, { activation: 'tanh' })).findings.map(({ rule }) => rule)).not.toContain('dead-units');
    // Four rows are silent by chance.
    expect(tell(dead(0.8, { rows: 4 })).findings.map(({ rule }) => rule)).not.toContain('dead-units');
  });
  test('a layer that is dead as a whole, and kernels without gradient behind it: an error that explains them', () => {
    const weights = { 'hidden/kernel': kernel({ updateNorm: 0, gradientNorm: 0 }), 'out/kernel': kernel({ layer: 'out' }) };
    expect(roots(run(20, (i) => ({ ...stuck(i), weights, layers: { hidden: layer({ deadUnits: 1 }) } })))).toEqual(['dead-units error']);
  });
  test('units to spare in a model that learns well are an info', () => {
    expect(tell(run(20, (i) => ({ loss: falling(i), layers: { hidden: layer({ deadUnits: 0.8 }) } }))).alarms).toEqual([]);
  });
  test('90% of a tanh in its flat parts, in a model that learns little', () => {
    const flat = (more = {}) => tell(run(20, (i) => ({ ...stuck(i), layers: { hidden: layer({ activation: 'tanh', beyondTanh: 0.9, ...more }) } }))).alarms;
    expect(flat()).toContain('saturated-activations warning');
    expect(flat({ isOutput: true })).not.toContain('saturated-activations warning');
    expect(flat({ className: 'LSTM' })).not.toContain('saturated-activations warning');
  });
  test('a first kernel with a ten-thousandth of the gradient of the last: vanishing; a tenth is not', () => {
    const depth = (first: number) => run(20, (i) => ({ ...stuck(i), weights: { 'a/kernel': kernel({ gradientNorm: first }), 'b/kernel': kernel({ gradientNorm: 1 }) } }));
    expect(roots(depth(1e-4))).toEqual(['vanishing-gradients warning']);
    expect(roots(depth(0.1))).toEqual(['loss-stuck warning']);
  });
  test('norms of 20 times the start, with a loss that has not improved: exploding, and clipping at the level of the start', () => {
    const { findings } = tell(run(40, (i) => ({ loss: 1 + 0.05 * noise(i), outputs: [output(0)], gradientNorm: i < 20 ? 0.5 : 10 })));
    const found = findings.filter(({ rule, severity }) => rule === 'exploding-gradients' && severity === 'warning');
    expect(found).toHaveLength(1);
    expect(found[0]?.evidence['suggestedClip']).toBe(0.5);
  });
  test('one norm of 200 times the median is a spike, and one of 3 times is none', () => {
    const spiky = (times: number) => tell(run(40, (i) => ({ loss: falling(i), gradientNorm: (i === 30 ? times : 1) * (0.5 + 0.05 * noise(i)) }))).alarms;
    expect(spiky(200)).toEqual(['gradient-spike warning']);
    expect(spiky(3)).toEqual([]);
  });
  test('a kernel that stands still without a gradient while the other moves', () => {
    const weights = (gradientNorm: number | null) => ({ 'hidden/kernel': kernel({ updateNorm: 0, gradientNorm }), 'out/kernel': kernel({ layer: 'out' }) });
    expect(tell(run(20, (i) => ({ loss: falling(i), weights: weights(0) }))).alarms).toEqual(['weights-unchanged warning']);
    expect(tell(run(20, (i) => ({ loss: falling(i), weights: weights(1e-12) }))).alarms).toEqual([]);
  });
  test('a kernel that doubles in the second half while the loss does not fall', () => {
    const grow = (loss: (i: number) => number) => tell(run(60, (i) => ({ loss: loss(i), outputs: [output(0.2)], weights: { 'hidden/kernel': kernel({ norm: 1.05 ** i }) } }))).alarms;
    expect(grow((i) => 1 + 0.001 * i)).toContain('weights-growing warning');
    expect(grow(falling)).toEqual([]);
  });
  test('values of 1e19, of which the square is beyond float32', () => {
    expect(tell(run(5, () => ({ layers: { hidden: layer({ maxAbs: 1e19 }) } }))).alarms).toEqual(['risky-values warning']);
  });
});

describe('predictions and validation', () => {
  test('one class for all of three, at a loss that stands', () => {
    const classes = { count: 3, topPredicted: 1, topLabel: 0.4, labelEntropy: 1.09, agreement: 1 / 3, chance: 1 / 3 };
    const collapsed = run(40, (i) => ({ loss: 1.1 + 0.01 * noise(i), outputs: [output(null, { spread: 0, classes })] }));
    expect(tell(collapsed).alarms).toContain('class-collapse warning');
    expect(roots(collapsed)).toEqual(['loss-stuck warning']);
  });
  test('a loss that falls while the correlation goes from 0 to -0.8: the loss is flipped', () => {
    expect(roots(run(60, (i) => ({ loss: -i, outputs: [output(Math.max(-0.8, -0.05 * i))] })))).toEqual(['metric-contradicts-loss error']);
  });
  test('validation from 0.5 back to 2, above the 1.5 of the untrained model, while training goes to 0.01', () => {
    const over = (end: number) => run(40, (i) => ({ loss: 1.5 * 0.88 ** i }), (i) => ({ validation: i < 8 ? 1.5 - 0.125 * i : 0.5 + ((end - 0.5) * (i - 8)) / 31 }));
    const { findings, alarms } = tell(over(2.5));
    expect(alarms).toEqual(['overfitting warning']);
    expect(findings.find(({ rule }) => rule === 'overfitting')?.evidence['bestEpoch']).toBe(9);
    expect(tell(over(0.8)).alarms).toEqual([]);
    expect(tell(over(0.8)).findings.map(({ rule }) => rule)).toContain('overfitting');
  });
  test('validation that stands at 0.4 of the 1 of the start while training goes to 1e-4: known by heart; at 0.03, or with training at 0.02, it is not told', () => {
    const classes = { count: 3, topPredicted: 0.4, topLabel: 0.4, labelEntropy: 1.09, agreement: 1, chance: 1 / 3 };
    const heart = (validation: number, training: number, of: typeof classes | null = null) =>
      tell(run(40, (i) => ({ loss: Math.max(training, 0.7 ** i), outputs: [output(0.9, { classes: of })] }), (i) => ({ validation: Math.max(validation, 0.8 ** i) + 0.001 * noise(i) }))).alarms;
    expect(heart(0.4, 1e-4)).toEqual(['overfitting warning']);
    expect(heart(0.03, 1e-4)).toEqual([]);
    expect(heart(0.4, 0.02)).toEqual([]);
    // A few mistakes of a sure classifier cost as much.
    expect(heart(0.4, 1e-4, classes)).toEqual([]);
    expect(heart(0.8, 1e-4, classes)).toEqual([]);
  });
  test('validation that has lost 0.4 of what it gained, at 3 times its best, for 30 of 40 epochs', () => {
    // From 1 to 0.15 and back to 0.5: (0.5 - 0.15) / (1 - 0.15) = 0.41.
    expect(tell(run(40, (i) => ({ loss: 0.88 ** i }), (i) => ({ validation: i < 6 ? 1 - 0.17 * i : 0.5 }))).alarms).toEqual(['overfitting warning']);
    expect(tell(run(40, (i) => ({ loss: 0.88 ** i }), (i) => ({ validation: i < 6 ? 1 - 0.17 * i : 0.25 }))).alarms).toEqual([]);
  });
  test('the best of many validations that are alike is luck: 1.5 to 2 deviations of it; of a loss that falls on, none', () => {
    const { findings, alarms } = tell(run(60, () => ({}), (i) => ({ loss: 1, validation: 1 + 0.1 * noise(i) })));
    const found = findings.find(({ rule }) => rule === 'validation-overfitting');
    expect(found?.severity).toBe('info');
    const { optimism, noise: deviation } = found?.evidence as { optimism: number; noise: number };
    expect(optimism / deviation).toBeGreaterThan(1.5);
    expect(optimism / deviation).toBeLessThan(2.5);
    // A uniform draw from -0.1 to 0.1 has the deviation 0.1 / sqrt(3) = 0.058.
    expect(deviation).toBeGreaterThan(0.03);
    expect(deviation).toBeLessThan(0.1);
    expect(alarms).toEqual([]);
    expect(tell(run(60, () => ({}), (i) => ({ loss: 1, validation: 0.95 ** i + 1e-4 * noise(i) }))).findings.map(({ rule }) => rule)).not.toContain('validation-overfitting');
  });
  test('a validation loss of a fifth of the training loss, with nothing that explains it; with dropout it is an info', () => {
    const better = (regularised: boolean | null) => tell(run(20, () => ({ loss: 1, outputs: [output(0.6)] }), () => ({ validation: 0.2 }), regularised));
    expect(better(false).alarms).toEqual(['validation-better-than-training warning']);
    expect(better(true).alarms).toEqual([]);
    expect(better(true).findings.map(({ rule }) => rule)).toContain('validation-better-than-training');
  });
  test('100 steps that waited 12 of 15 s are a warning, 1.5 of 2 s an info; 0.8 s in all, and 5 s in 4000 steps, at 1.3 ms each, are no warning', () => {
    const waited = (data: number, total: number, length = 10) => tell(run(length, () => ({ times: { data, total } }))).findings.filter(({ rule }) => rule === 'data-bound').map(({ severity }) => severity);
    expect(waited(12_000, 15_000)).toEqual(['warning']);
    // 3.2 of 3.5 s: eleven times as fast without.
    expect(waited(3_200, 3_500)).toEqual(['warning']);
    expect(waited(1_500, 2_000)).toEqual(['info']);
    expect(waited(800, 1_000)).toEqual([]);
    expect(waited(4_000, 10_000)).toEqual([]);
    expect(waited(5_200, 10_000, 400)).toEqual(['info']);
    // 40 steps are too few.
    expect(waited(12_000, 15_000, 4)).toEqual(['info']);
  });
  test('times of a resumed run are of the steps since: 40 of 100, which are too few', () => {
    const [start, ...events] = run(10, () => ({ times: { data: 12_000, total: 15_000 } }));
    const resumed = [start, ...events.slice(0, 12), { event: 'resume', step: 60, epoch: 6, data: { plannedEpochs: 12 } }, ...events.slice(12)] as typeof events;
    const { findings, watch } = tell(resumed);
    expect(findings.filter(({ rule }) => rule === 'data-bound').map(({ severity, evidence }) => [severity, evidence['steps']])).toEqual([['info', 40]]);
    expect(watch.history.plannedEpochs).toBe(12);
  });
});

describe('the time of steps', () => {
  /** 10 ms a step, 100 for ten, and what comes on top in some of them. */
  const timed = (extra: (i: number) => number) => {
    let loop = 0;
    return tell(run(60, (i) => ({ times: { data: 0, total: (loop += 100 + 3 * noise(i) + extra(i)), loop } }))).findings.filter(({ rule }) => rule === 'step-time-outlier');
  };
  test('one stall of 2 s among steps of 10 ms is an info with its place, and 20 ms are nothing', () => {
    const [found] = timed((i) => (i === 30 ? 2000 : 0));
    expect(found).toMatchObject({ severity: 'info', where: { steps: { from: 310, to: 310 } } });
    expect(found?.evidence['milliseconds']).toBeGreaterThan(1980);
    expect(timed((i) => (i === 30 ? 20 : 0))).toEqual([]);
  });
  test('1.2 s in every ninth measurement, half of the time, are an info; a slower machine from the middle on, and slices of 30 ms, are nothing', () => {
    // 5 times 1.2 s of 12.
    expect(timed((i) => (i >= 15 && i % 9 === 0 ? 1200 : 0)).map(({ severity, evidence }) => [severity, evidence['count']])).toEqual([['info', 5]]);
    expect(timed((i) => (i > 30 ? 15 : 0))).toEqual([]);
    expect(timed((i) => (i >= 15 && i % 2 === 0 ? 30 : 0))).toEqual([]);
  });
});

test('what is kept of a run of 3000 measurements is plain JSON, goes on after a round trip, and stays small', () => {
  const events = run(3000, (i) => ({ loss: falling(i) }));
  const half = Math.floor(events.length / 2);
  const first = tell(events.slice(0, half));
  const restored = JSON.parse(JSON.stringify(first.watch)) as typeof first.watch;
  expect(JSON.stringify(first.watch).length).toBeLessThan(60_000);
  expect(tell(events.slice(half), restored).watch).toEqual(tell(events).watch);
}, 20_000);
