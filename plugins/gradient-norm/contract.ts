import { z } from 'zod';
import { real } from 'trainscope/plugin';
import { told } from '../shared/told.js';

/**
 * Measurements before norms are judged, and those that set the level from which the run started. With 20 values the
 * median absolute deviation is about as sure as the standard deviation of 8, which is little, but the thresholds are wide.
 */
export const measurementsBeforeJudging = 20;

/*
 * "Healthy runs" below are those of bench/calibration (npm run bench:calibration), which measured the figures: 87 short
 * trainings that reach their goal (29 kinds: linear and deep perceptrons, convolution, recurrent nets, embeddings; Adam,
 * SGD, momentum; batches of 1 to 300; rare classes, heavy-tailed labels, batch normalisation), measured every 5 and every
 * 10 steps. Every 5 they give 34,000 norms with at least 20 before them. The thresholds were chosen on runs of these
 * kinds: that none of them is warned of says nothing sure of the false alarms on others.
 */
export const options = z
  .strictObject({
    every: z.union([z.int().min(1), z.literal('epoch')]).default(10).describe("Steps from one measurement to the next, or 'epoch'. 10: statistics of every gradient cost a part of a step, and a tenth of that is little."),
    biases: z.boolean().default(false).describe('List the biases as well. Off: they double the list and seldom tell more; the global figures cover all weights either way.'),
    perWeight: z.boolean().default(true).describe('List every weight and not the global figures alone.'),
    clipped: z.boolean().default(false).describe('Also the norms of what was handed to the optimizer. Off: one more pass over all gradients, and without clipping the same numbers.'),
    window: z.int().min(measurementsBeforeJudging).default(100).describe('Measurements that a norm is compared with. Of 34,000 norms of healthy runs (bench/calibration), none was a spike with 100, and two with 50.'),
    spikeScore: z.number().positive().default(6).describe('Modified z-score of log(norm) from which a norm may be a spike. 3.5 (Iglewicz & Hoaglin 1993) flags 47 of 34,000 norms of healthy runs (bench/calibration), of which six are spikeFactor times the median; of norms that large the highest score was 4.2. A batch with labels 100 times too large scored 9.6 to 12.4.'),
    spikeFactor: z.number().min(1).default(10).describe('How many times the median a spike has at least: without it, healthy runs came to a score of 9.7. A warning, and not an info, when it is also that many times the level at the start of the run: what would be a spike in healthy runs with a window of 50 came to 4.3 times that at most, the batch with large labels to 1400 times at least (bench/calibration).'),
    patience: z.int().min(1).default(10).describe('Measurements in a row that vanishing and exploding need, and after which a cause that is gone may be told again.'),
    vanishingRatio: z.number().positive().lt(1).default(1e-3).describe('Norm of the first kernel over norm of the last below which gradients vanish: AUTOTRAINER (Zhang et al., ICSE 2021). Medians of ten in healthy runs (bench/calibration) stayed above 0.03; its absolute bound is left out, since it depends on the scale of the loss.'),
    explodingRatio: z.number().gt(1).default(70).describe('The same ratio above which gradients explode on their way back: AUTOTRAINER. Medians of ten in healthy runs (bench/calibration) reached 13 (recurrent nets).'),
    explodingFactor: z.number().gt(1).default(10).describe('How many times the level at the start of the run the norm keeps to when it explodes over time. No ten norms in a row of a healthy run (bench/calibration) kept to more than 1.6 times that. It is not the lowest level so far: over that, some kept to more than 10 times when next to nothing was left to learn.'),
  })
  .refine(({ patience, window }) => patience <= window, { path: ['patience'], error: 'patience is longer than the window that is remembered' });
export type Options = z.output<typeof options>;

const figures = {
  maxAbs: real.describe('largest absolute value of an entry'),
  zeros: real.describe('share of entries that are exactly 0, 0 to 1'),
  nonFinite: real.describe('share of entries that are NaN or infinite, 0 to 1'),
};

export const events = {
  'gradient-norm': z
    .strictObject({
      norm: real.describe('L2 norm of all raw gradients as one vector, before any hook and clipping'),
      clippedNorm: real.optional().describe('L2 norm of all gradients as handed to the optimizer'),
      ...figures,
      score: real.nullable().describe(`modified z-score of log(norm) among the norms before it, in standard deviations; null with fewer than ${measurementsBeforeJudging} of them, or when the norm is 0 or not finite`),
      firstToLast: real.nullable().describe('norm of the first kernel over norm of the last; null with fewer than two kernels, or when nothing has a gradient'),
      weights: z
        .record(z.string(), z.strictObject({ norm: real.describe('L2 norm of the raw gradient'), clippedNorm: real.optional().describe('L2 norm as handed to the optimizer'), ...figures }))
        .optional()
        .describe('by name of the weight'),
    })
    .describe('The gradients of a step in a few numbers.'),
};

export const state = z.strictObject({
  /** The newest norms that were positive and finite, oldest first, and the losses of the same steps. */
  norms: z.array(z.number()).default([]),
  losses: z.array(real).default([]),
  /** Medians of the first measurements of the run. */
  start: z.strictObject({ norm: z.number(), loss: real }).nullable().default(null),
  /** The newest ratios of the first kernel's norm to the last one's. */
  ratios: z.array(z.number()).default([]),
  spikes: z.int().min(0).default(0),
  /** Measurements since the last spike, and since the last non-finite gradient. */
  calm: z.int().min(0).default(0),
  finite: z.int().min(0).default(0),
  told: z.strictObject({ spike: told, vanishing: told, exploding: told, nonFinite: told }).prefault({}),
});
export type State = z.output<typeof state>;
