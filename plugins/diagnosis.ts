import * as tf from '@tensorflow/tfjs-core';
import {
  activationStatistics,
  definePlugin,
  gradientNorms,
  predictionStatistics,
  updateNorms,
  weightNorms,
  type FindingInput,
  type SteererContext,
} from 'trainscope/plugin';
import { consolidate, decompose, factsOf, gather, see, type Finding, type ModelFacts, type Seen } from 'trainscope/diagnosis';
import type { z } from 'zod';
import { clipGradients } from './diagnosis/clip.js';
import { events, options, state, type Options, type State } from './diagnosis/contract.js';
import { forget, judge, repairFor } from './diagnosis/repair.js';
import { renamed } from './shared/renamed.js';

type Context = SteererContext<{ readonly [Name in keyof typeof events]: z.input<(typeof events)[Name]> }, State>;

/** Two copies of the weights, in turn: the newest may be the one that went wrong. */
const copyKey = (count: number): string => `diagnosis/${count % 2}`;
const startKey = 'diagnosis/start';

/**
 * Watches a training with the rules of trainscope/diagnosis, and names the cause of what goes wrong: each thing once,
 * and a cause in place of its symptoms. At the end of the fit it says what was found in the whole, and which part of
 * the error to work on.
 *
 * It measures activations, gradients, weights, updates and predictions in one readback. With `autoFix: 'apply'` it
 * keeps three copies of the weights, lowers a rate that is too high or clips gradients that explode, and undoes what
 * has not helped after a probation. Otherwise it changes nothing.
 *
 * @example
 * new Trainer({ model, optimizer, loss, plugins: [diagnosis({ autoFix: 'apply' })] });
 */
export const diagnosis = definePlugin({
  name: 'diagnosis',
  summary: 'Watches a training, names the cause of what goes wrong, and suggests or makes repairs.',
  role: 'steer',
  options,
  events,
  state,
  // It can be done without: a fault of its own must not end a training.
  onError: 'disable',
  needs: ({ every }) => ({
    every,
    also: [1, 2, 5],
    of: { activations: activationStatistics(), gradients: gradientNorms(), weights: weightNorms(), updates: updateNorms(), predictions: predictionStatistics() },
  }),
  hooks: (given) => {
    let facts: ModelFacts | undefined;
    const factsFor = (context: Context): ModelFacts => (facts ??= factsOf(context.model));
    return {
      fitStart({ epochs, resumed }, context: Context) {
        facts = factsOf(context.model);
        callByName(context, [...context.weights.map(({ name }) => name), ...facts.layers.keys()]);
        if (resumed) {
          show(context, given, { event: 'resume', step: context.step, epoch: context.epoch, data: { plannedEpochs: context.state.epochsBefore + epochs } });
          return;
        }
        context.state = { ...context.state, epochsBefore: context.epoch };
        show(context, given, { event: 'run-start', step: context.step, epoch: context.epoch, data: { epochs, regularised: facts.regularised } });
        if (given.autoFix !== 'apply') return;
        context.snapshots.save(startKey);
        context.state = { ...context.state, repair: { ...context.state.repair, start: context.step, copies: [], saved: 0 } };
      },
      gradients(gradients, context: Context) {
        return given.autoFix === 'apply' ? clipGradients(gradients, context.state.repair.clip) : undefined;
      },
      measured(values, context: Context) {
        const { step, epoch, learningRate, times } = context;
        const loss = context.metrics['loss'] ?? NaN;
        const data = gather(values, { facts: factsFor(context), infos: context.weights, loss, learningRate, tensors: tf.memory().numTensors, times });
        context.emit('training-statistics', data, { level: 'debug' });
        const fresh = show(context, given, { event: 'training-statistics', step, epoch, data });
        if (given.autoFix === 'off') return;
        probe(context, given, loss);
        repair(context, given, fresh);
        const whole = Number.isFinite(loss) && fresh.every(({ severity }) => severity === 'info');
        if (given.autoFix === 'apply' && whole && context.state.repair.active === null) keepCopy(context);
      },
      epochEnd({ metrics, validation }, context: Context) {
        const fresh = show(context, given, { event: 'epoch-end', step: context.step, epoch: context.epoch, data: { metrics, validation } });
        if (given.autoFix !== 'off') repair(context, given, fresh);
      },
      fitEnd({ reason }, context: Context) {
        show(context, given, { event: 'run-end', step: context.step, epoch: context.epoch, data: { reason } });
        conclude(context, given);
      },
    };
  },
});

/** Puts what is remembered under the names of now. */
function callByName(context: Context, names: readonly string[]): void {
  const { watch, found, names: before } = context.state;
  context.state = { ...context.state, ...renamed({ watch, found }, before, names), names: [...names] };
}

/** Shows an event to the rules, and emits what is new: roots alone, where a cause is known of a symptom. */
function show(context: Context, { rules: { skip } }: Options, event: Seen): readonly Finding[] {
  const { watch, findings } = see(context.state.watch, event, skip);
  const found = [...context.state.found, ...findings];
  context.state = { ...context.state, watch, found };
  if (findings.length === 0) return findings;
  const roots = consolidate(found);
  const fresh = roots.filter((root) => findings.some((each) => each.rule === root.rule && each.message === root.message));
  for (const each of fresh) context.finding(each as FindingInput);
  return findings;
}

/** Copies the weights under the older of the two keys. */
function keepCopy(context: Context): void {
  const { repair } = context.state;
  context.snapshots.save(copyKey(repair.saved));
  context.state = { ...context.state, repair: { ...repair, copies: [...repair.copies, context.step].slice(-2), saved: repair.saved + 1 } };
}

function repair(context: Context, { autoFix }: Options, findings: readonly Finding[]): void {
  const planned = repairFor(findings, context.state, context);
  if (planned === null) return;
  const { fix, rule, before, after, step, lossBefore } = planned;
  const about = { fix, rule, before, after, step, lossBefore, lossAfter: null };
  if (autoFix === 'suggest') {
    context.emit('repair', { ...about, restoredFrom: null, status: 'suggested' });
    context.state = { ...context.state, repair: { ...context.state.repair, done: context.state.repair.done + 1 } };
    return;
  }
  const { start, copies: steps, saved } = context.state.repair;
  // The older of two copies was followed by a measurement that was well.
  const [older] = planned.fromStart || steps.length < 2 ? [] : steps;
  const isBack = context.snapshots.restore(older === undefined ? startKey : copyKey(saved));
  if (fix === 'lower-learning-rate') context.learningRate = after;
  const restoredFrom = isBack ? (older ?? start) : null;
  context.emit('repair', { ...about, restoredFrom, status: 'applied' });
  const clip = fix === 'clip-gradients' ? after : context.state.repair.clip;
  context.state = { ...context.state, watch: forget(context.state.watch), repair: { ...context.state.repair, active: { ...planned, restoredFrom }, done: context.state.repair.done + 1, clip } };
}

/** Judges the repair that is on probation. */
function probe(context: Context, given: Options, loss: number): void {
  const { active } = context.state.repair;
  if (active === null) return;
  const { repair: next, verdict, lossAfter } = judge(active, loss, context.state.watch.history.firstLosses[0], given);
  context.state = { ...context.state, repair: { ...context.state.repair, active: verdict === null ? next : null } };
  if (verdict === null) return;
  const { fix, rule, before, after, restoredFrom, lossBefore } = next;
  if (verdict === 'undone') {
    if (fix === 'lower-learning-rate' && before !== null) context.learningRate = before;
    if (fix === 'clip-gradients') context.state = { ...context.state, repair: { ...context.state.repair, clip: before } };
  }
  context.emit('repair', { fix, rule, before, after, step: context.step, restoredFrom, lossBefore, lossAfter, status: verdict });
}

function conclude(context: Context, { irreducible, test }: Options): void {
  const findings = consolidate(context.state.found).map(({ rule, severity, message, remedy, where, evidence }) => ({
    rule,
    severity,
    message,
    remedy,
    where: { ...where },
    symptoms: Array.isArray(evidence['symptoms']) ? evidence['symptoms'].map((each) => (each as { rule: string }).rule) : [],
  }));
  context.emit('diagnosis', { findings, steps: context.step }, { level: findings.some(({ severity }) => severity !== 'info') ? 'warn' : 'info' });
  const last = context.state.watch.history.epochs.at(-1);
  if (last?.loss == null) return;
  const optimism = context.state.found.find(({ rule }) => rule === 'validation-overfitting')?.evidence['optimism'];
  context.emit('error-decomposition', decompose({ training: last.loss, validation: last.validation, irreducible, test: test ?? null, optimism: typeof optimism === 'number' ? optimism : null }));
}
