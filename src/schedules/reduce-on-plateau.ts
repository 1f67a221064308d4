import { z } from 'zod';
import { checkOptions } from './check-options.js';
import { lowRate, rate } from './option-fields.js';

/** The defaults are PyTorch's. */
export const reduceOnPlateauOptions = z
  .strictObject({
    learningRate: rate('The learning rate to start with.'),
    mode: z.enum(['min', 'max']).default('min').describe('Whether the metric is to fall (a loss) or to rise (an accuracy).'),
    factor: z.number().gt(0).lt(1).default(0.1).describe('What the learning rate is multiplied by on a plateau.'),
    patience: z.int().min(0).default(10).describe('How many metrics without improvement are borne; the next one reduces.'),
    threshold: z.number().nonnegative().default(1e-4).describe('By how much the metric has to be better to count as better.'),
    thresholdMode: z.enum(['rel', 'abs']).default('rel').describe('Whether the threshold is a part of the best metric or a difference to it.'),
    cooldown: z.int().min(0).default(0).describe('For how many metrics after a reduction bad ones are not counted.'),
    minLr: lowRate('The learning rate never falls below this.').default(0),
    eps: z.number().nonnegative().default(1e-8).describe('A reduction by no more than this is not made.'),
  })
  .superRefine(({ learningRate, minLr, thresholdMode, threshold }, context) => {
    if (minLr > learningRate) {
      context.addIssue({ code: 'custom', path: ['minLr'], message: `minLr ${minLr} is above the learningRate ${learningRate}` });
    }
    if (thresholdMode === 'rel' && threshold >= 1) {
      const message = `threshold ${threshold} is relative and so must be below 1, or no loss is ever better`;
      context.addIssue({ code: 'custom', path: ['threshold'], message });
    }
  });
export type ReduceOnPlateauOptions = z.input<typeof reduceOnPlateauOptions>;

/** All that is remembered from one metric to the next: plain JSON, to be saved in a checkpoint as it is. */
export const plateauState = z.strictObject({
  learningRate: z.number().nonnegative().describe('The learning rate now; a caller who changed it elsewhere puts the new one here.'),
  best: z.number().nullable().describe('The best metric so far; null before the first finite one.'),
  badCount: z.int().min(0).describe('How many metrics in a row were not better.'),
  cooldownLeft: z.int().min(0).describe('For how many more metrics bad ones are not counted.'),
});
export type PlateauState = Readonly<z.infer<typeof plateauState>>;

/** A new state, and the learning rate in it. */
export interface PlateauStep {
  readonly state: PlateauState;
  readonly learningRate: number;
}

export interface PlateauReducer {
  /** The state before the first metric. */
  readonly initial: PlateauState;
  /** Pure: the state that is given is left as it is. */
  readonly reduce: (state: PlateauState, metric: number) => PlateauStep;
}

/**
 * Multiplies the learning rate by `factor` when a metric has not become better for more than `patience` metrics in a row.
 * PyTorch's ReduceLROnPlateau (mode, factor, patience, threshold, threshold_mode, cooldown, min_lr, eps), as a reducer: it depends on what
 * is measured and so is no `Schedule`.
 *
 * Better is, with 'rel', below best * (1 - threshold) or above best * (1 + threshold), as PyTorch has it. For a metric below zero that bound lies on
 * the wrong side of the best: use 'abs' for those. A metric that is NaN or infinite is never better (PyTorch takes -Infinity for the best loss).
 * @throws ConfigError OPTIONS_INVALID
 * @example
 * const plateau = reduceOnPlateau({ learningRate: 0.1, patience: 2 });
 * let state = plateau.initial;
 * ({ state, learningRate } = plateau.reduce(state, validationLoss));
 */
export function reduceOnPlateau(options: ReduceOnPlateauOptions): PlateauReducer {
  const checked = checkOptions('reduceOnPlateau', reduceOnPlateauOptions, options);
  const { factor, patience, cooldown, minLr, eps } = checked;
  const isBetter = comparison(checked);

  const reduce = (state: PlateauState, metric: number): PlateauStep => {
    const better = Number.isFinite(metric) && (state.best === null || isBetter(metric, state.best));
    // -0, which JSON does not know, becomes 0.
    const best = better ? metric + 0 : state.best;
    const cooling = state.cooldownLeft > 0;
    const badCount = better || cooling ? 0 : state.badCount + 1;
    const cooldownLeft = cooling ? state.cooldownLeft - 1 : 0;
    if (badCount <= patience) {
      return { state: { learningRate: state.learningRate, best, badCount, cooldownLeft }, learningRate: state.learningRate };
    }
    const reduced = Math.max(state.learningRate * factor, minLr);
    // The cooldown begins even if the reduction is too small to be made, as in PyTorch.
    const learningRate = state.learningRate - reduced > eps ? reduced : state.learningRate;
    return { state: { learningRate, best, badCount: 0, cooldownLeft: cooldown }, learningRate };
  };

  return { initial: { learningRate: checked.learningRate, best: null, badCount: 0, cooldownLeft: 0 }, reduce };
}

function comparison({ mode, thresholdMode, threshold }: z.output<typeof reduceOnPlateauOptions>): (metric: number, best: number) => boolean {
  if (mode === 'min') {
    return thresholdMode === 'rel' ? (metric, best) => metric < best * (1 - threshold) : (metric, best) => metric < best - threshold;
  }
  return thresholdMode === 'rel' ? (metric, best) => metric > best * (1 + threshold) : (metric, best) => metric > best + threshold;
}
