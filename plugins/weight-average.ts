import { definePlugin, type FitStartInfo, type SteererContext } from 'trainscope/plugin';
import { z } from 'zod';
import { debiasedShares, equalShares, fixedShares } from './weight-average/shares.js';

const cadence = z.union([z.strictObject({ steps: z.int().min(1) }), z.strictObject({ epochs: z.int().min(1) })]);

const options = z
  .strictObject({
    kind: z.enum(['ema', 'swa']).default('ema').describe("ema: an exponential moving average (Polyak & Juditsky 1992 average iterates; this form is Keras' use_ema). swa: the mean of all that came, stochastic weight averaging (Izmailov et al. 2018)."),
    decay: z.number().min(0).lt(1).optional().describe("Of ema: which part of the average stays at each update. Default 0.999, as PyTorch's get_ema_multi_avg_fn, an average over about 1000 updates; Keras has 0.99."),
    debias: z.boolean().optional().describe('Of ema: weigh all weights that came by how long ago that was. Default true: else the first ones make up 37% of it after 1000 updates at decay 0.999. As Keras and PyTorch: false.'),
    every: cadence.optional().describe('How often the average is updated. Default: ema every step, swa every epoch, as in the paper.'),
    start: z
      .union([z.strictObject({ steps: z.int().min(0) }), z.strictObject({ epochs: z.int().min(0) }), z.strictObject({ share: z.number().min(0).max(1) })])
      .optional()
      .describe("After how many steps, epochs, or which share of the fit's epochs the average begins. Default: ema at once; swa after 0.8 of the epochs, as Lightning's swa_epoch_start."),
    useFor: z.enum(['validation', 'end', 'both']).default('both').describe('validation: the averages are validated, and the training goes on with the weights. end: the averages are in the model when the fit has ended.'),
    statistics: z.enum(['average', 'copy']).default('average').describe("What becomes of batch normalisation's moving statistics. average: as the weights (timm); copy: those of the weights now (PyTorch). Both are only near to those of the averaged network: see updateBatchNorm."),
    updateBatchNorm: z.int().min(0).default(0).describe('At the end: over how many batches of the training data the statistics of batch normalisation are taken anew with the averages, as PyTorch\'s update_bn does over all. 0: not.'),
  })
  .superRefine(({ kind, decay, debias, useFor, updateBatchNorm }, context) => {
    if (kind === 'swa' && decay !== undefined) context.addIssue({ code: 'custom', path: ['decay'], message: "swa has no decay: it is the mean of all that came. Leave it out, or set kind to 'ema'" });
    if (kind === 'swa' && debias !== undefined) context.addIssue({ code: 'custom', path: ['debias'], message: 'swa has no bias: leave it out' });
    if (useFor === 'validation' && updateBatchNorm > 0) context.addIssue({ code: 'custom', path: ['updateBatchNorm'], message: "it is done at the end, and the averages are not used there: set useFor to 'end' or 'both'" });
  });
type Options = z.output<typeof options>;

const events = {
  'weight-average': z
    .strictObject({
      place: z.enum(['validation', 'end']).describe('what the averages are in the model for'),
      kind: z.enum(['ema', 'swa']),
      updates: z.int().min(1).describe('how often the average was updated'),
      firstStep: z.int().min(0).describe('the step whose weights were the first in it'),
      batchNorm: z.strictObject({ layers: z.int().min(0), batches: z.int().min(0) }).nullable().describe('whose statistics were taken anew, over how many batches; null where that was not asked for'),
    })
    .describe('The averages stand in the model.'),
  'weight-average-idle': z
    .strictObject({ reason: z.enum(['not-started', 'failed', 'restored-by-another']).describe('not-started: the fit ended before the average began; failed: the fit failed; restored-by-another: earlyStopping put the weights of its best check back, and they stay') })
    .describe('The averages were to be in the model at the end, and are not.'),
};

const state = z.strictObject({
  /** Of the average. */
  updates: z.int().min(0).default(0),
  firstStep: z.int().min(0).default(0),
  /** Of this fit, done. */
  steps: z.int().min(0).default(0),
  epochs: z.int().min(0).default(0),
  /** The latest epoch whose end was averaged, counted as the trainer does. */
  averagedEpoch: z.int().min(0).default(0),
  /** Set by a fit that came to its end: the next one averages anew, while a resumed one goes on. */
  ended: z.boolean().default(false),
});
type Context = SteererContext<{ readonly [K in keyof typeof events]: z.input<(typeof events)[K]> }, z.output<typeof state>>;

const defaultDecay = 0.999;
/** 0.7 of 10 epochs are 7, whatever floating point makes of the product. */
const rounding = 1e-9;
const defaultStart = { ema: { steps: 0 }, swa: { share: 0.8 } } as const;
const defaultEvery = { ema: { steps: 1 }, swa: { epochs: 1 } } as const;

const keyOf = (context: Context): string => `${context.name}/average`;

const sharesOf = ({ kind, decay = defaultDecay, debias = true }: Options) => (kind === 'swa' ? equalShares : debias ? debiasedShares(decay) : fixedShares(decay));

/**
 * Keeps an average of the weights beside them, on the device, and has it validated and kept in place of the last ones: an
 * exponential moving average, or stochastic weight averaging.
 *
 * - The training itself is not changed: after a validation the weights are put back to the bit, and a checkpoint holds
 *   them and the average, each in its place, whenever it is taken.
 * - At the end of an epoch the averages stay in the model until the next epoch begins: what other plugins save there, as
 *   earlyStopping the best weights and modelCheckpoint the model, is what the validation was of.
 * - The weights of a step whose update was left out are not averaged, so a step that `nonFinite` skips leaves no NaN in it.
 * - The average is in float32: what a weight moves by less than about 6e-8 / (1 - decay) of itself is lost in it.
 * - Where earlyStopping has put its best weights back, they stay.
 *
 * @throws ConfigError OPTIONS_INVALID for options that contradict each other
 *
 * @example
 * new Trainer({ model, loss, plugins: [weightAverage({ kind: 'ema', decay: 0.999 })] });
 *
 * @example
 * new Trainer({ model, loss, plugins: [weightAverage({ kind: 'swa', start: { share: 0.75 }, updateBatchNorm: 100 })] });
 */
export const weightAverage = definePlugin({
  name: 'weightAverage',
  summary: 'Keeps a moving average of the weights (EMA or SWA), validates with it, and ends with it.',
  role: 'steer',
  enforce: 'post',
  options,
  events,
  state,
  // What is validated are the averages, and callbacks of model.fit hear of a validation when it has begun.
  requires: ({ useFor, updateBatchNorm }) => ['only', ...(useFor === 'end' && updateBatchNorm === 0 ? [] : ['trainer' as const])],
  hooks: (given) => {
    const { kind, useFor, statistics, updateBatchNorm } = given;
    const every = given.every ?? defaultEvery[kind];
    const start = given.start ?? defaultStart[kind];
    const share = sharesOf(given);
    let epochsOfFit = 0;
    let restoredByAnother = false;

    const update = (context: Context): void => {
      const { updates, firstStep } = context.state;
      context.snapshots.average(keyOf(context), share(updates + 1), { statistics });
      context.state.updates = updates + 1;
      context.state.firstStep = updates === 0 ? context.step : firstStep;
    };

    const back = (context: Context): void => {
      if (context.snapshots.exchanged === keyOf(context)) context.snapshots.exchange(keyOf(context));
    };

    const tell = (context: Context, place: 'validation' | 'end', batchNorm: { layers: number; batches: number } | null): void => {
      const { updates, firstStep } = context.state;
      context.emit('weight-average', { place, kind, updates, firstStep, batchNorm }, { level: place === 'end' ? 'info' : 'debug' });
    };

    /** Of the averages that begin with an epoch: how many go by before. The last of a fit counts in any case. */
    const epochsBefore = (): number => ('epochs' in start ? start.epochs : 'share' in start ? Math.min(epochsOfFit - 1, Math.floor(start.share * epochsOfFit + rounding)) : 0);

    const afterStep = (context: Context): void => {
      const { steps, epochs } = context.state;
      if (!('steps' in every) || epochs < epochsBefore()) return;
      const counted = 'steps' in start ? steps - start.steps : steps;
      if (counted > 0 && counted % every.steps === 0) update(context);
    };

    /** Before the validation of the epoch, which is to see it; a validation that an abort cuts short is made again. */
    const afterEpoch = (context: Context): void => {
      const { steps, epochs, averagedEpoch } = context.state;
      if (!('epochs' in every) || averagedEpoch === context.epoch) return;
      const counted = epochs + 1 - epochsBefore();
      if (counted <= 0 || counted % every.epochs !== 0 || ('steps' in start && steps <= start.steps)) return;
      update(context);
      context.state.averagedEpoch = context.epoch;
    };

    const putAtEnd = async (context: Context): Promise<void> => {
      const key = keyOf(context);
      if (context.snapshots.exchanged !== key) context.snapshots.exchange(key);
      tell(context, 'end', updateBatchNorm === 0 ? null : await context.refreshStatistics(updateBatchNorm));
    };

    return {
      setup(_info, context: Context) {
        restoredByAnother = false;
        context.listen(({ event, data }) => {
          if (event === 'early-stopping-restored' && data['restored'] === true) restoredByAnother = true;
        });
      },
      fitStart({ epochs }: FitStartInfo, context) {
        epochsOfFit = epochs;
        // After an abort the averages may still stand in the model, and the weights aside.
        back(context);
        if (context.state.ended) {
          context.snapshots.drop(keyOf(context));
          context.state = state.parse({});
        }
      },
      epochStart: (_info, context) => back(context),
      stepEnd({ updated }, context) {
        context.state.steps += 1;
        if (updated) afterStep(context);
      },
      validationStart({ atEpochEnd }, context) {
        if (atEpochEnd) afterEpoch(context);
        if (useFor !== 'end' && context.snapshots.exchange(keyOf(context))) tell(context, 'validation', null);
      },
      validationEnd({ atEpochEnd }, context) {
        if (!atEpochEnd) back(context);
      },
      epochEnd(_info, context) {
        afterEpoch(context);
        context.state.epochs += 1;
      },
      async fitEnd({ reason }, context) {
        const key = keyOf(context);
        const idle = restoredByAnother ? 'restored-by-another' : context.state.updates === 0 ? 'not-started' : undefined;
        if (restoredByAnother) context.snapshots.settle(key);
        else if (useFor === 'validation') back(context);
        else if (idle === undefined) await putAtEnd(context);
        if (useFor !== 'validation' && idle !== undefined) context.emit('weight-average-idle', { reason: idle });
        // An aborted fit may be gone on with: the weights that it was at are kept aside.
        if (reason === 'aborted') return;
        context.snapshots.drop(key);
        context.state.ended = true;
      },
      error(_info, context) {
        back(context);
        if (useFor !== 'validation') context.emit('weight-average-idle', { reason: 'failed' });
        context.snapshots.drop(keyOf(context));
        context.state.ended = true;
      },
    };
  },
});
