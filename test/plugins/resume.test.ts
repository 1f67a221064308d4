import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { definePlugin, type AnyPlugin } from 'trainscope/plugin';
import { diagnosis, earlyStopping, gpuProfiler, gradientNorm, lrScheduler, predictionDynamics, preflight, seed, weightNorm } from 'trainscope/plugins';
import { z } from 'zod';
import { useBackend } from '../support/backends.js';
import { trainThrough, type Outcome, type Training } from '../support/resumed-run.js';
import { clouds } from '../support/small-run.js';

beforeAll(async () => {
  await useBackend('cpu');
});

const { inputs, labels } = clouds(16);
const some = (count: number) => ({ inputs: { values: inputs.values.slice(0, 4 * count), shape: [count, 4] }, labels: labels.slice(0, count) });

const model = (): Sequential =>
  sequential({
    layers: [
      layers.dense({ units: 6, inputShape: [4], activation: 'relu' }),
      layers.dropout({ rate: 0.3, seed: 3 }),
      layers.dense({ units: 5, activation: 'tanh' }),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });

/** 16 samples in batches of 4: 3 epochs of 4 steps, with a checkpoint after each step and at each end of an epoch. */
const training = (plugins: () => readonly AnyPlugin[], more: Partial<Training> = {}): Training => ({
  options: () => ({ model, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], optimizer: { name: 'adam', learningRate: 0.05 }, logEvery: 1 }),
  plugins: () => [seed({ seed: 7 }), ...plugins()],
  data: () => ({ inputs, labels }),
  fit: () => ({ epochs: 3, batchSize: 4, validation: some(8) }),
  checkpoint: { every: { steps: 1, epochs: 1 } },
  ...more,
});

/** In the first epoch; right after its end; before the last step of the second; in the third. */
const crashes = [3, 5, 8, 11];

/** Rules that judge the machine. */
const ofTime = ['step-time-outlier', 'data-bound'];
/** Of machine and clock. */
const apart = new Set(['times', 'tensors', 'configurationHash', 'folder']);
/** TensorFlow.js counts the layers that a process has made: here they are those of one model, from 1. */
function counted(text: string): string {
  const seen = new Map<string, string>();
  return text.replaceAll(/_(Dense|Dropout)(\d+)/g, (_, kind: string, count: string) => {
    const key = kind + count;
    if (!seen.has(key)) seen.set(key, `_${kind}${'abc'.charAt([...seen.keys()].filter((each) => each.startsWith(kind)).length)}`);
    return seen.get(key) ?? '';
  });
}
/** What the run tells after it has started. */
const eventsOf = ({ events }: Outcome): readonly unknown[] =>
  events.slice(1).map((event) => JSON.parse(counted(JSON.stringify(event, (key, value: unknown) => (apart.has(key) ? undefined : value)))) as unknown);

async function expectSame(given: Training, at: readonly number[] = crashes): Promise<Outcome> {
  const whole = await trainThrough(given);
  const resumed = await trainThrough(given, at);
  expect(resumed.resumes).toBe(at.length);
  expect(eventsOf(resumed)).toEqual(eventsOf(whole));
  expect(resumed.weights).toEqual(whole.weights);
  expect(resumed.result.reason).toBe(whole.result.reason);
  return whole;
}
const namesOf = (outcome: Outcome): readonly string[] => outcome.events.map((event) => (event as { event: string }).event);
const count = (outcome: Outcome, name: string): number => namesOf(outcome).filter((each) => each === name).length;

describe('killed four times and resumed, the log and the weights are those of a run that was not', () => {
  test('seed: dropout, and what others draw from Math.random and from streams of their own', async () => {
    const drawing = definePlugin({
      name: 'drawing',
      summary: 'Tells the random numbers that it draws.',
      role: 'observe',
      events: { drawn: z.strictObject({ where: z.string(), numbers: z.array(z.number()) }).describe('Numbers.') },
      hooks: () => {
        const draw = (where: string) => (_: unknown, ctx: { random(): { float(): number }; emit(name: 'drawn', data: { where: string; numbers: number[] }): void }) => ctx.emit('drawn', { where, numbers: [Math.random(), Math.random(), ctx.random().float()] });
        return { epochStart: draw('epochStart'), stepEnd: draw('stepEnd'), validationEnd: draw('validationEnd'), epochEnd: draw('epochEnd') };
      },
    });
    const whole = await expectSame(training(() => [drawing()]));
    // 3 starts and ends of epochs, 12 steps, 3 validations.
    expect(count(whole, 'drawn')).toBe(21);
  });

  test('gradientNorm and weightNorm, whose windows are full in the second epoch', async () => {
    const whole = await expectSame(
      training(() => [gradientNorm({ every: 1, patience: 2, window: 20, biases: true, clipped: true }), weightNorm({ every: 1, window: 3, windows: 2, growthFactor: 1.01, lowestRatio: 0.5, biases: true })], {
        fit: () => ({ epochs: 8, batchSize: 4, validation: some(8) }),
      }),
      [3, 5, 8, 22, 27, 30],
    );
    expect(count(whole, 'gradient-norm')).toBe(32);
    expect(count(whole, 'weight-norm')).toBe(32);
    expect(count(whole, 'finding')).toBeGreaterThan(0);
  });

  test('predictionDynamics', async () => {
    const whole = await expectSame(training(() => [predictionDynamics({ every: 1, samples: 4, window: 4 })]));
    expect(count(whole, 'prediction-dynamics')).toBe(12);
  });

  test.each([
    ['a rate of its own by steps, told every third', { schedule: { kind: 'exponential', gamma: 0.9 }, per: 'step', logEvery: 3 }],
    ['a staircase by epochs', { schedule: { kind: 'step', stepSize: 1, gamma: 0.5 } }],
    ['a plateau of the validation, which is taken to rise', { schedule: { kind: 'reduceOnPlateau', mode: 'max', patience: 0, factor: 0.5 } }],
    ['a plateau of the loss of each step', { schedule: { kind: 'reduceOnPlateau', monitor: 'loss', patience: 2, threshold: 0.5, factor: 0.5 }, per: 'step' }],
  ] as const)('lrScheduler: %s, while another plugin sets the rate in the middle of each epoch', async (_, options) => {
    const meddling = definePlugin({
      name: 'meddling',
      summary: 'Doubles the rate at the second step of each epoch.',
      role: 'steer',
      hooks: () => ({
        stepEnd({ stepInEpoch }, context) {
          if (stepInEpoch === 1) context.learningRate *= 2;
        },
      }),
    });
    const whole = await expectSame(training(() => [lrScheduler(options), meddling()]), [3, 4, 5, 8, 11]);
    expect(count(whole, 'learning-rate')).toBeGreaterThan(2);
  });

  test('lrScheduler, which never gets to see the validation, says so once at the end, of all three epochs', async () => {
    const whole = await expectSame(training(() => [lrScheduler({ schedule: { kind: 'reduceOnPlateau' } })], { fit: () => ({ epochs: 3, batchSize: 4, validation: some(8), validationEvery: { steps: 5 } }) }));
    expect(whole.events.filter((event) => (event as { event: string }).event === 'finding')).toMatchObject([{ data: { rule: 'plateau-never-looked-at', evidence: { epochs: 3 } } }]);
  });

  test('earlyStopping, at epochs: it stops after the first epoch without improvement, and puts the best weights back', async () => {
    const whole = await expectSame(training(() => [earlyStopping({ monitor: 'val_loss', patience: 1, minDelta: { relative: 0.3 }, restoreBestWeights: true })], { fit: () => ({ epochs: 12, batchSize: 4, validation: some(8) }) }), [3, 5, 8]);
    expect(whole.result.stoppedBy).toBe('earlyStopping');
    expect(count(whole, 'early-stopping-restored')).toBe(1);
  });

  test('earlyStopping, at steps', async () => {
    const whole = await expectSame(training(() => [earlyStopping({ monitor: 'loss', unit: 'steps', patience: 6, cooldown: 1, restoreBestWeights: true })]), [3, 5, 8]);
    expect(count(whole, 'early-stopping')).toBeGreaterThan(7);
  });

  test('all that watch, through a loss that is NaN from step 6 on', async () => {
    const spoiling = definePlugin({ name: 'spoiling', summary: 'Makes the loss of step 6 NaN.', role: 'steer', hooks: () => ({ loss: (loss, { step }) => (step === 6 ? tf.mul<tf.Scalar>(loss, NaN) : undefined) }) });
    const plateau = { kind: 'reduceOnPlateau', monitor: 'loss', patience: 1 } as const;
    const plugins = () => [
      spoiling(), gradientNorm({ every: 1, patience: 2 }), weightNorm({ every: 1, window: 3, windows: 2 }), predictionDynamics({ every: 1, samples: 4, window: 4 }), diagnosis({ every: 1, rules: { skip: ofTime } }),
      earlyStopping({ monitor: 'val_loss', checkFinite: false, patience: 5, restoreBestWeights: true }), lrScheduler({ schedule: plateau, per: 'step' }),
    ];
    const whole = await expectSame(training(plugins), [3, 7, 8, 11]);
    expect(whole.events.flatMap((event) => (event as { data: { rule?: string } }).data.rule ?? [])).toEqual(expect.arrayContaining(['non-finite-gradients', 'first-non-finite']));
  });

  test('preflight looks once', async () => {
    const whole = await expectSame(training(() => [preflight({ stopOn: 'never', only: ['loss-fit', 'label-values'] })]));
    expect(count(whole, 'preflight')).toBe(1);
  });

  test('gpuProfiler tells at the same steps, though the warm-up of each attempt counts for nothing, and not twice that there is no GPU', async () => {
    const given = training(() => [gpuProfiler({ command: 'no-such-nvidia-smi', warmUp: 3, every: 3 })], { fit: () => ({ epochs: 5, batchSize: 4 }) });
    const told = (outcome: Outcome) => outcome.events.flatMap((event) => ((event as { event: string }).event === 'gpu-profile' ? [(event as { step: number }).step] : []));
    const resumed = await trainThrough(given, [7, 9, 15]);
    // At every third step after the warm-up, and at the end. Steps 7 to 9 are the warm-up of the second attempt.
    expect(told(await trainThrough(given))).toEqual([6, 9, 12, 15, 18, 20]);
    expect(told(resumed)).toEqual([6, 9, 12, 15, 18, 20]);
    expect(count(resumed, 'gpu')).toBe(1);
  });

  test('diagnosis, which watches: a saturated layer is told once, and at the end by its name of then', async () => {
    const saturated = (): Sequential =>
      sequential({ layers: [layers.dense({ units: 6, inputShape: [4], activation: 'tanh', kernelInitializer: initializers.constant({ value: 50 }) }), layers.dense({ units: 2, activation: 'softmax' })] });
    const whole = await expectSame(training(() => [diagnosis({ every: 1, rules: { skip: ofTime } })], { options: () => ({ ...training(() => []).options(), model: saturated }), fit: () => ({ epochs: 6, batchSize: 4, validation: some(8) }) }), [3, 5, 8, 11, 21]);
    expect(whole.events.filter((event) => (event as { data: { rule?: string } }).data.rule === 'saturated-activations')).toHaveLength(1);
  });

  test('diagnosis, which repairs: wherever it is killed about the repair, it goes back to the same copy of the weights and comes to the same verdict', async () => {
    // Labels a hundred times larger from step 31 on: so are the gradients.
    const larger = definePlugin({
      name: 'larger',
      summary: 'Makes labels larger from a step on.',
      role: 'steer',
      hooks: () => ({ batch: ({ labels: [given], ...batch }, { step }) => (given === undefined || step <= 30 ? undefined : { ...batch, labels: [tf.mul(given, 100)] }) }),
    });
    const given = training(() => [larger(), diagnosis({ every: 1, autoFix: 'apply', probation: 5, rules: { skip: [...ofTime, 'loss-rising', 'learning-rate-too-high'] } })], {
      options: () => ({ model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [4] })] }), loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 1e-4 }, logEvery: 1 }),
      data: () => ({ inputs, labels: Array.from(labels, (label) => [label]) }),
      fit: () => ({ epochs: 12, batchSize: 4 }),
    });
    const whole = await trainThrough(given);
    const repairs = whole.events.flatMap((event) => {
      const { event: name, step, data } = event as { event: string; step: number; data: { status: string; restoredFrom: number | null } };
      return name === 'repair' ? [{ step, status: data.status, restoredFrom: data.restoredFrom }] : [];
    });
    const step = repairs[0]?.step ?? NaN;
    // The older of two copies, made after each step: that of two steps before. Judged after the probation.
    expect(repairs).toEqual([{ step, status: 'applied', restoredFrom: step - 2 }, { step: step + 5, status: 'undone', restoredFrom: step - 2 }]);
    for (const at of [step - 1, step, step + 3]) {
      const resumed = await trainThrough(given, [at]);
      expect(eventsOf(resumed)).toEqual(eventsOf(whole));
      expect(resumed.weights).toEqual(whole.weights);
    }
  });
});
