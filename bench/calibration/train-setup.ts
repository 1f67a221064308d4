import type { Sequential } from '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { gradientNorm, predictionDynamics, seed, weightNorm } from 'trainscope/plugins';
import { Trainer, type CoreEvents } from 'trainscope';
import { RandomStreams } from '../../src/random/index.js';
import type { Setup } from './setups.js';

/** Steps between two measurements: the plugins' default, and half of it, which gives twice the numbers. */
export const cadences = [10, 5] as const;
export type Cadence = (typeof cadences)[number];

/** Gradients of a step: global norm, and that of the first kernel over the last one's. */
export interface GradientPoint {
  readonly norm: number;
  readonly firstToLast: number | null;
}

/** The weights after a step. */
export interface WeightPoint {
  readonly loss: number;
  readonly kernels: ReadonlyMap<string, { readonly norm: number; readonly updateRatio: number | null }>;
}

/** What was measured at one cadence, oldest first. */
export interface Series {
  readonly gradients: readonly GradientPoint[];
  readonly weights: readonly WeightPoint[];
}

export interface Run {
  readonly setup: Setup;
  readonly seed: number;
  readonly steps: number;
  /** Mean loss of the first and of the last epoch. */
  readonly losses: { readonly first: number; readonly last: number };
  readonly findings: readonly (Pick<CoreEvents['finding'], 'rule' | 'severity' | 'message'> & { readonly plugin: string })[];
  readonly series: Readonly<Record<Cadence, Series>>;
  readonly seconds: number;
}

/** An epoch has at least so many steps, so that looking at predictions once an epoch costs little. */
const fewestStepsPerEpoch = 20;
/** Names of kernels as tfjs-layers gives them: kernel, recurrent_kernel, embeddings. */
const isKernel = (name: string): boolean => /(kernel|embeddings)(_\d+)?$/.test(name);

/** Trains a set-up once with the plugins at both cadences. Data, initial weights and the order of samples follow the seed. */
export async function trainSetup(setup: Setup, seedOfRun: number, steps = setup.steps): Promise<Run> {
  const { training, validation } = setup.data(new RandomStreams(seedOfRun).derive(`calibration/${setup.name}`));
  const began = performance.now();
  let model: Sequential | undefined;
  const trainer = new Trainer({
    model: () => (model = setup.model()),
    loss: setup.loss,
    optimizer: setup.optimizer,
    backend: 'keep',
    progress: false,
    logEvery: Math.min(...cadences),
    plugins: [
      seed({ seed: seedOfRun }),
      ...cadences.flatMap((every) => [gradientNorm({ every, perWeight: false }, { name: `gradientNorm:${every}` }), weightNorm({ every }, { name: `weightNorm:${every}` })]),
      predictionDynamics(),
    ],
  });
  const series = { 10: { gradients: [] as GradientPoint[], weights: [] as WeightPoint[] }, 5: { gradients: [] as GradientPoint[], weights: [] as WeightPoint[] } };
  const seriesOf = (plugin: string | null): (typeof series)[Cadence] => series[plugin?.endsWith(':10') === true ? 10 : 5];
  const losses = new Map<number, number>();
  const pending: { step: number; plugin: string | null; kernels: WeightPoint['kernels'] }[] = [];
  const findings: Run['findings'][number][] = [];
  trainer.on('step', ({ step, data }) => losses.set(step, data.loss));
  trainer.on('gradient-norm', ({ plugin, data: { norm, firstToLast } }) => seriesOf(plugin).gradients.push({ norm, firstToLast }));
  trainer.on('weight-norm', ({ plugin, step, data: { weights = {} } }) => {
    pending.push({ step, plugin, kernels: new Map(Object.entries(weights).filter(([name]) => isKernel(name))) });
  });
  trainer.on('finding', ({ plugin, data: { rule, severity, message } }) => findings.push({ plugin: plugin ?? 'trainer', rule, severity, message }));
  if ('badBatch' in setup) {
    const { step: bad, times } = setup.badBatch;
    trainer.hook('batch', (batch, { step }) => (step === bad ? { ...batch, labels: batch.labels.map((each) => tf.mul(each, times)) } : undefined));
  }

  const stepsPerEpoch = Math.max(fewestStepsPerEpoch, Math.ceil(training.inputs.length / setup.batchSize));
  try {
    const { history, steps: done } = await trainer.fit(training, { validation, epochs: Math.ceil(steps / stepsPerEpoch), stepsPerEpoch, batchSize: setup.batchSize });
    for (const { step, plugin, kernels } of pending) seriesOf(plugin).weights.push({ loss: losses.get(step) ?? NaN, kernels });
    const [first, last] = [history[0], history.at(-1)].map((record) => record?.metrics['loss'] ?? NaN);
    return { setup, seed: seedOfRun, steps: done, losses: { first: first ?? NaN, last: last ?? NaN }, findings, series, seconds: (performance.now() - began) / 1000 };
  } finally {
    await trainer.dispose();
    model?.dispose();
  }
}
