import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch } from '../../data/index.js';
import { openModel } from '../../trainer/open-model.js';
import type { ModelSource } from '../../trainer/model.js';
import type { OptimizerSpec } from '../../trainer/optimizer/index.js';
import type { Finding } from '../finding.js';
import type { Experiment } from './experiment.js';
import { Lab, labDefaults } from './lab.js';
import { applyPriorBias } from './model/index.js';
import { preflight, withOwnRandom } from './preflight.js';
import { standardised } from './standardise.js';

/** One change that was tried, and what became of it. */
export interface Repair {
  readonly fix: 'standardise-inputs' | 'prior-bias' | 'learning-rate';
  /** The rule whose finding asked for it. */
  readonly rule: string;
  readonly before: unknown;
  readonly after: unknown;
  /** Loss of held-out training samples after equally many steps, without the fix and with it. */
  readonly heldOut: { readonly before: number; readonly after: number };
  /** Whether it helped, and so is in the experiment that is given back. */
  readonly kept: boolean;
}

export interface Repaired {
  /** With every fix that helped. What was given is not changed. */
  readonly experiment: Experiment;
  readonly repairs: readonly Repair[];
}

/** Steps by which a fix has to show that it helps: those that the checks of the learning rate take at most. */
const trialSteps = 100;
/** What a fix has to gain on held-out samples: a hundredth of the loss is within what another order of the data changes. */
const leastGain = 0.01;

interface Fix {
  readonly fix: Repair['fix'];
  readonly rules: readonly string[];
  readonly make: (experiment: Experiment, found: Finding) => Promise<{ readonly experiment: Experiment; readonly before: unknown; readonly after: unknown } | undefined>;
}

/** An optimizer as plain data with another rate; undefined for one that is an object of TensorFlow.js's. */
function withRate(spec: OptimizerSpec | undefined, learningRate: number): OptimizerSpec | undefined {
  if (spec === undefined) return { name: 'adam', learningRate };
  if (typeof spec === 'string') return { name: spec, learningRate } as OptimizerSpec;
  return 'name' in spec && !(spec instanceof tf.Optimizer) ? ({ ...spec, learningRate }) : undefined;
}

const rateOf = (spec: OptimizerSpec | undefined): unknown => (typeof spec === 'object' && 'learningRate' in spec ? spec.learningRate : null);

/** By its place among the weights: tfjs-layers gives those of every further model other names. */
function setBias(model: ModelSource, position: number, values: readonly number[]): ModelSource {
  const weight = openModel(model).weights()[position];
  if (weight?.info.size === values.length) applyPriorBias({ weight, values: Float32Array.from(values) });
  return model;
}

/** In the order in which they are tried: what the data needs comes before the rate that is right for it. */
const fixes: readonly Fix[] = [
  {
    fix: 'standardise-inputs',
    rules: ['inputs-not-scaled', 'features-scales-differ'],
    make: async (experiment) => {
      const changed = await standardised(experiment);
      return changed === undefined ? undefined : { experiment: changed, before: null, after: 'mean 0 and standard deviation 1 by the training samples' };
    },
  },
  {
    fix: 'prior-bias',
    rules: ['prior-bias'],
    make: async (experiment, { evidence }) => {
      const { bias, position } = evidence as { readonly bias?: readonly number[]; readonly position?: number };
      const { model } = experiment;
      // A model that is made already is the user's: it is not written to.
      if (bias === undefined || position === undefined || typeof model !== 'function') return undefined;
      return { experiment: { ...experiment, model: async () => setBias(await model(), position, bias) }, before: 0, after: bias };
    },
  },
  {
    fix: 'learning-rate',
    rules: ['learning-rate-too-high', 'learning-rate-too-low'],
    make: async (experiment, { evidence }) => {
      const { suggestion } = evidence as { readonly suggestion?: unknown };
      const optimizer = typeof suggestion === 'number' && suggestion > 0 ? withRate(experiment.optimizer, suggestion) : undefined;
      return optimizer === undefined ? undefined : { experiment: { ...experiment, optimizer }, before: rateOf(experiment.optimizer), after: suggestion };
    },
  },
];

/** Loss of samples that were held out, after some steps on the others: the same samples and numbers for every experiment. */
async function heldOutLoss(experiment: Experiment, seed: number): Promise<number> {
  return withOwnRandom(seed, async () => {
    const lab = await Lab.open(experiment, { ...labDefaults, seed });
    try {
      const order = lab.random('repair/split').permutation(lab.training.count);
      const held = order.slice(0, Math.max(1, Math.min(512, Math.floor(order.length / 5))));
      const pool = order.slice(held.length);
      const size = Math.min(lab.batchSize, pool.length);
      if (size === 0) return NaN;
      return await lab.trial(async (trainee) => {
        for (let step = 0; step < trialSteps; step += 1) {
          const from = (step * size) % Math.max(1, pool.length - size + 1);
          const batch = lab.batch(pool.slice(from, from + size));
          const { loss } = await trainee.step(batch);
          disposeBatch(batch);
          if (!Number.isFinite(loss)) return Infinity;
        }
        const probe = lab.batch(held);
        const loss = await trainee.loss(probe);
        disposeBatch(probe);
        return Number.isFinite(loss) ? loss : Infinity;
      });
    } finally {
      lab.close();
    }
  });
}

/**
 * Applies the fixes that are safe: inputs brought to mean 0 and standard deviation 1, the last layer's bias from the
 * labels, the learning rate that the checks suggest. Each is tried on a copy for 100 steps and kept only if samples that
 * were held out have a loss at least 1% lower with it than without. The experiment given is not changed, and its data and
 * model neither; a fix that would change a model that is made already is not offered.
 *
 * @param findings Of `preflight`; asked for where left out. Infos count as well: the prior bias is one.
 * @example
 * const { experiment: better, repairs } = await repair(experiment);
 * const { data, validation, ...options } = better;
 * await new Trainer(options).fit(data, { validation });
 */
export async function repair(experiment: Experiment, findings?: readonly Finding[], options: { readonly seed?: number } = {}): Promise<Repaired> {
  const { seed = labDefaults.seed } = options;
  let known = findings ?? (await preflight(experiment, { seed })).all;
  let current = experiment;
  let loss: number | undefined;
  const repairs: Repair[] = [];
  for (const { fix, rules, make } of fixes) {
    const found = known.find(({ rule }) => rules.includes(rule));
    if (found === undefined) continue;
    const made = await make(current, found);
    if (made === undefined) continue;
    loss ??= await heldOutLoss(current, seed);
    const after = await heldOutLoss(made.experiment, seed);
    const kept = after < loss - leastGain * Math.abs(loss) || (!Number.isFinite(loss) && Number.isFinite(after));
    repairs.push({ fix, rule: found.rule, before: made.before, after: made.after, heldOut: { before: loss, after }, kept });
    if (!kept) continue;
    current = made.experiment;
    loss = after;
    // With other inputs another rate is right: what was found before does not hold any more.
    if (fix === 'standardise-inputs') known = (await preflight(current, { seed })).all;
  }
  return { experiment: current, repairs };
}
