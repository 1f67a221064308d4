import { z } from 'zod';
import { asValidation, definePlugin, real, type FitEndInfo, type FitStartInfo, type Metrics, type SteererContext } from 'trainscope/plugin';
import { explain } from './early-stopping/explain.js';
import { metricDirection, type Direction } from './early-stopping/metric-direction.js';
import { judge, stopReasons, type Rule } from './early-stopping/verdict.js';
import { stepRead } from './shared/step-read.js';

const options = z
  .strictObject({
    monitor: z.string().min(1).default('val_loss').describe("The metric to watch; `val_` in front: that of the validation. Keras' default."),
    mode: z.enum(['min', 'max', 'auto']).default('auto').describe('Whether it is to fall or to rise; auto reads it from the name: accuracy, auc, precision, recall, f1, r2 and the like rise, losses and errors fall.'),
    patience: z.int().min(0).default(0).describe("Checks without improvement after which the training stops; 0 and 1 both stop at the first. Keras' default; 5 to 20 suit most trainings."),
    minDelta: z
      .union([z.number().min(0), z.strictObject({ relative: z.number().min(0).lt(1) })])
      .default(0)
      .describe("By more than how much a value has to be better: an absolute number, or a share of the best (or of the baseline). Keras' default."),
    baseline: z.number().optional().describe('Improvements reset the wait only once they are better than this.'),
    startFromEpoch: z.int().min(0).default(0).describe('How many epochs of the fit go by without any check.'),
    cooldown: z.int().min(0).default(0).describe('Checks after the start of a fit, and after each reset of the wait, in which a missing improvement is not counted. 0: as Keras.'),
    stoppingThreshold: z.number().optional().describe('Stop at once when the value is as good as this or better.'),
    divergenceThreshold: z.number().optional().describe('Stop at once when the value is worse than this.'),
    checkFinite: z.boolean().default(true).describe("Stop at once when the value is NaN or infinite. Lightning's default; Keras counts NaN as no improvement."),
    restoreBestWeights: z.boolean().default(false).describe("At the end of the fit, whoever ended it, put the weights of the best check back. Keras' default."),
    unit: z.enum(['epochs', 'steps']).default('epochs').describe('Where checks are made: at the end of each epoch; or within epochs, at every validation for a `val_` metric, else every `every` steps.'),
    every: z.int().min(1).optional().describe("With unit 'steps' and a training metric: a check every so many steps (default 1), of the metric of that one batch."),
    strict: z.boolean().default(true).describe("Fail when the metric is not known at a check; else say so once and never stop. Lightning's default."),
  })
  .superRefine((given, context) => {
    const { monitor, mode, unit, every, stoppingThreshold: good, divergenceThreshold: bad } = given;
    const direction = mode === 'auto' ? metricDirection(monitor) : mode;
    if (direction === undefined) {
      context.addIssue({ code: 'custom', path: ['mode'], message: `the name "${monitor}" does not tell whether it is to fall or to rise: set mode to 'min' or 'max'` });
    } else if (good !== undefined && bad !== undefined && (direction === 'min' ? good > bad : good < bad)) {
      context.addIssue({ code: 'custom', path: ['divergenceThreshold'], message: `divergenceThreshold ${bad} is better than stoppingThreshold ${good} in mode '${direction}': any value would stop the training` });
    }
    if (every !== undefined && (unit === 'epochs' || ofValidation(monitor))) {
      const message = unit === 'epochs' ? "every counts steps: set unit to 'steps'" : `"${monitor}" is checked at every validation: set how often the trainer validates instead`;
      context.addIssue({ code: 'custom', path: ['every'], message });
    }
  });
type Options = z.output<typeof options>;

const place = z.int().min(0).nullable();
const events = {
  'early-stopping': z
    .strictObject({
      monitor: z.string(),
      value: real.describe('of the monitored metric at this check'),
      best: real.nullable().describe('best value so far, this one included; null while none was finite or better than infinity'),
      bestEpoch: place.describe("epoch of the best value, counted as the events' own"),
      bestStep: place.describe('step of the best value'),
      wait: z.int().min(0).describe('counted checks since the wait was last reset'),
      patience: z.int().min(0).describe('checks'),
      improved: z.boolean().describe('better than the best before by more than minDelta'),
      counted: z.boolean().describe('whether this check counted towards patience'),
      action: z.enum(['none', 'stop']),
      reason: z.enum(stopReasons).nullable().describe('why the training is stopped; null when it goes on'),
    })
    .describe('The monitored metric was checked.'),
  'early-stopping-restored': z
    .strictObject({
      monitor: z.string(),
      restored: z.boolean(),
      epoch: place.describe("epoch whose weights are now in the model, counted as the events' own"),
      step: place.describe('step whose weights are now in the model'),
      value: real.nullable().describe('of the monitored metric at that epoch'),
      reason: z.enum(['no-check', 'copy-missing', 'failed']).nullable().describe('why nothing was restored: no check was made, the copy of the weights was not kept over a resume, or the fit failed'),
      stoppedBy: z.string().nullable().describe('who ended the fit; null when it ran to its end'),
    })
    .describe('The fit ended, and the weights of the best check were put back, or could not be.'),
  'early-stopping-idle': z
    .strictObject({
      monitor: z.string(),
      reason: z.enum(['metric-unknown', 'no-validation']).describe('no-validation: there was none at any place where a check was due'),
      known: z.array(z.string()).describe('metrics that could be watched'),
    })
    .describe('The training cannot be stopped early, since the monitored metric is not there.'),
};

const state = z.strictObject({
  best: real.nullable().default(null),
  bestEpoch: place.default(null),
  bestStep: place.default(null),
  wait: z.int().min(0).default(0),
  cooldownLeft: place.default(null),
  /** Epochs of this fit that are done. */
  epochs: z.int().min(0).default(0),
  checks: z.int().min(0).default(0),
  skipped: z.int().min(0).default(0),
  /** Of which check the kept weights are. */
  kept: z.strictObject({ epoch: z.int(), step: z.int(), value: real }).nullable().default(null),
  stopped: z.strictObject({ reason: z.enum(stopReasons), message: z.string(), value: real.nullable().default(null) }).nullable().default(null),
  saidIdle: z.boolean().default(false),
  /** Set by a fit that came to its end or failed: the next one starts afresh, while a resumed one goes on. */
  ended: z.boolean().default(false),
});
type State = z.output<typeof state>;
type Context = SteererContext<{ readonly [K in keyof typeof events]: z.input<(typeof events)[K]> }, State>;

const ofValidation = (monitor: string): boolean => monitor.startsWith('val_');

/**
 * Stops the training when a metric has stopped improving: Keras' EarlyStopping (monitor, mode, patience, minDelta,
 * baseline, startFromEpoch, restoreBestWeights decide exactly as there) with Lightning's stoppingThreshold,
 * divergenceThreshold, checkFinite and strict.
 *
 * - A check is one look at the metric, and patience and cooldown count checks. An epoch without validation is no check
 *   for a `val_` metric: with validation every 5 epochs, a patience of 3 is 15 epochs.
 * - With a baseline, better values that do not beat it become the best, but the wait goes on; a check that improves
 *   never stops for lack of patience.
 * - restoreBestWeights puts back the weights of the best check at the end of the fit, whoever ended it, also when no
 *   check beat the baseline; a fit that failed is left as it is.
 * - With unit 'steps' a training metric is that of one batch, which is noisy: take a large patience.
 * - A second fit() starts afresh; after an abort it goes on, as a resumed one does from its checkpoint. Resumed where it
 *   had stopped, it stays stopped, unless its options were changed such that it would not have.
 *
 * @throws ConfigError OPTIONS_INVALID for a monitor whose direction its name does not tell, and for options that
 * contradict each other. PluginError PLUGIN_REQUIRES, from fit(), when strict and the metric is not known.
 *
 * @example
 * new Trainer({ model, optimizer, loss, plugins: [earlyStopping({ patience: 10, restoreBestWeights: true })] });
 */
export const earlyStopping = definePlugin({
  name: 'earlyStopping',
  summary: 'Stops the training when a metric has stopped improving, and can put the best weights back.',
  role: 'steer',
  options,
  events,
  state,
  requires: ({ monitor, strict }) => (strict ? [...(ofValidation(monitor) ? (['validation'] as const) : []), `metric:${monitor}` as const] : []),
  needs: ({ monitor, unit, every = 1 }) => (unit === 'steps' && !ofValidation(monitor) ? { every, of: { stepRead: stepRead() } } : undefined),
  hooks: (given) => {
    const check = checker(given);
    const validated = ofValidation(given.monitor);
    const inEpochs = given.unit === 'epochs';
    return {
      fitStart: (info, context) => begin(given, info, context),
      epochEnd({ metrics, validation }, context) {
        if (inEpochs && !validated) check(metrics, context);
        else if (inEpochs && validation !== null) check(asValidation(validation), context);
        else if (inEpochs) context.state = { ...context.state, skipped: context.state.skipped + 1 };
        context.state = { ...context.state, epochs: context.state.epochs + 1 };
      },
      validationEnd({ metrics }, context) {
        if (!inEpochs && validated) check(asValidation(metrics), context);
      },
      measured: (_, context) => check(context.metrics, context),
      fitEnd: (info, context) => end(given, info, context),
      // What led to a failure is no measure for another fit.
      error: (_, context) => close(given, context),
    };
  },
});


const copyKey = (context: Context): string => `${context.name}/best`;

function begin(given: Options, { hasValidation }: FitStartInfo, context: Context): void {
  const { monitor, strict } = given;
  const { stopped, ended } = context.state;
  if (ended) context.state = state.parse({});
  else if (stopped !== null) {
    if (staysStopped(given, context.state)) context.stop(stopped.message);
    else context.state = { ...context.state, stopped: null };
  }
  if (ofValidation(monitor) && !hasValidation) {
    if (strict) throw new Error(`earlyStopping monitors "${monitor}", and the fit has no validation data; give fit() a validation, or monitor a training metric such as "loss".`);
    sayIdle(context, monitor, 'no-validation', ['loss']);
  }
}

/** Whether a training that is resumed where it had been stopped stays so: the options may have been changed since. */
function staysStopped(given: Options, { stopped, ...progress }: State): boolean {
  if (stopped === null) return false;
  const { reason, value } = stopped;
  if (reason === 'no-improvement' || reason === 'baseline-not-met') return progress.wait >= given.patience;
  // As a first check, at which patience never runs out: the thresholds alone decide.
  return value === null || judge(ruleOf(given), progress, { value, epoch: progress.epochs, step: 0, first: true }).stop !== null;
}

function sayIdle(context: Context, monitor: string, reason: 'metric-unknown' | 'no-validation', known: readonly string[]): void {
  if (context.state.saidIdle) return;
  context.state = { ...context.state, saidIdle: true };
  context.emit('early-stopping-idle', { monitor, reason, known: [...known] }, { level: 'warn' });
}

function ruleOf(given: Options): Rule {
  const direction: Direction = given.mode === 'auto' ? (metricDirection(given.monitor) ?? 'min') : given.mode;
  return { ...given, direction, baseline: given.baseline, stoppingThreshold: given.stoppingThreshold, divergenceThreshold: given.divergenceThreshold };
}

function checker(given: Options): (metrics: Metrics, context: Context) => void {
  const { monitor, patience, startFromEpoch, restoreBestWeights, strict, unit } = given;
  const rule = ruleOf(given);

  return (metrics, context) => {
    const value = metrics[monitor];
    if (value === undefined) {
      const known = [...new Set([...Object.keys(metrics), ...Object.keys(context.metrics)])];
      if (strict) throw new Error(`earlyStopping monitors "${monitor}", which is not measured; known are ${known.join(', ')}. Add it to the trainer's metrics, or monitor one of these.`);
      sayIdle(context, monitor, 'metric-unknown', known);
      return;
    }
    const { epoch, step } = context;
    const before = context.state;
    if (before.epochs < startFromEpoch) return;
    const first = unit === 'epochs' ? before.epochs === 0 : before.checks === 0;
    const { progress, improved, counted, stop } = judge(rule, before, { value, epoch, step, first });
    // Keras keeps the weights of the very first check even if it is no improvement. Weights that gave NaN are not worth it.
    const keep = restoreBestWeights && (improved || (before.kept === null && stop !== 'not-finite'));
    if (keep) context.snapshots.save(copyKey(context));
    const stopping = stop !== null && before.stopped === null;
    const message = stop === null ? '' : explain(stop, monitor, rule, value, progress);
    context.state = {
      ...before,
      ...progress,
      checks: before.checks + 1,
      kept: keep ? { epoch, step, value } : before.kept,
      stopped: stopping ? { reason: stop, message, value } : before.stopped,
    };
    const { best, bestEpoch, bestStep, wait } = progress;
    context.emit(
      'early-stopping',
      { monitor, value, best, bestEpoch, bestStep, wait, patience, improved, counted, action: stopping ? 'stop' : 'none', reason: stopping ? stop : null },
      { level: stopping || unit === 'epochs' ? 'info' : 'debug' },
    );
    if (stopping) context.stop(message);
  };
}

function end(given: Options, { reason, by }: FitEndInfo, context: Context): void {
  const { monitor, restoreBestWeights } = given;
  const { kept, checks, skipped } = context.state;
  if (checks === 0 && skipped > 0) sayIdle(context, monitor, 'no-validation', Object.keys(context.metrics));
  if (restoreBestWeights) {
    const missing = reason === 'failed' ? 'failed' : kept === null ? 'no-check' : context.snapshots.restore(copyKey(context)) ? null : 'copy-missing';
    const from = missing === null ? kept : null;
    context.emit('early-stopping-restored', { monitor, restored: from !== null, epoch: from?.epoch ?? null, step: from?.step ?? null, value: from?.value ?? null, reason: missing, stoppedBy: by });
  }
  // An aborted fit may be resumed from its checkpoint, and goes on with the same wait and copy.
  if (reason === 'completed' || reason === 'stopped') close(given, context);
}

/** The next fit starts afresh. */
function close({ restoreBestWeights }: Options, context: Context): void {
  if (restoreBestWeights) context.snapshots.drop(copyKey(context));
  context.state = { ...context.state, ended: true };
}
