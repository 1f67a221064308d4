import { z } from 'zod';
import { real } from 'trainscope/plugin';
import { told } from '../shared/told.js';

/*
 * "Healthy runs" below are those of bench/calibration (npm run bench:calibration), which measured the figures: 87 short
 * trainings that reach their goal (29 kinds: linear and deep perceptrons, convolution, recurrent nets, embeddings; Adam,
 * SGD, momentum; batches of 1 to 300; rare classes, heavy-tailed labels, batch normalisation), 600 to 4000 steps each,
 * measured every 5 and every 10. The thresholds were chosen on runs of these kinds: that none of them is warned of says
 * nothing sure of the false alarms on others.
 */
export const options = z.strictObject({
  every: z.union([z.int().min(1), z.literal('epoch')]).default(10).describe("Steps from one measurement to the next, or 'epoch'. 10: updates need a copy of all weights in the steps that are measured, and a tenth of that is little."),
  biases: z.boolean().default(false).describe('List the biases as well. Off: they start at 0, so that growth and ratios say little about them.'),
  perWeight: z.boolean().default(true).describe('List every weight and not the global figures alone.'),
  window: z.int().min(3).default(20).describe('Measurements over which growth and the usual update ratio are taken: enough for a median that one odd batch does not move.'),
  windows: z.int().min(2).default(3).describe('Windows in a row over which a norm has to grow before that is told; one more is let pass first, since all weights grow early in a training.'),
  growthFactor: z
    .number()
    .gt(1)
    .default(2)
    .describe('How many times the first of these windows the last one is at least. At their first chance, weights that wander at random (norm like the root of the steps) come to 1.53, weights that grow in proportion to the steps to 2.33. Healthy runs (bench/calibration) came to 1.24 while their loss did not fall, and to 2.2 while it did.'),
  lowestRatio: z.number().min(0).default(1e-6).describe('Update-to-weight ratio below which a kernel hardly learns; told as an info. Healthy runs (bench/calibration) went down to 7e-6 at their end; the usual rule of thumb for a good ratio is about 1e-3 (Karpathy, CS231n notes).'),
  highestRatio: z.number().positive().default(0.1).describe("The same, above which a kernel is thrown about; told as an info. DeepDiagnosis' bound (Wardat et al., ICSE 2022); healthy runs (bench/calibration) went up to 0.07."),
  unchangedFor: z.int().min(1).default(5).describe('Measurements in a row in which a trainable kernel stands still, while others move, before that is told, and in which it moves before it may be told again: DeepLocalize (Wardat et al., ICSE 2021) waits for 5 too.'),
  movesByDesign: z.array(z.string()).default([]).describe('Weights that are not trained and yet change on purpose (moving averages, counters), by name. Moving mean and variance of batch normalisation are known.'),
});
export type Options = z.output<typeof options>;

const figures = {
  norm: real.describe('L2 norm after the update'),
  updateNorm: real.describe('L2 norm of what the update changed'),
  updateRatio: real.nullable().describe('updateNorm / norm; null when norm is 0. A weight that started at 0, as biases do, begins near 1'),
  growth: real.nullable().describe('relative growth a step: Theil-Sen slope of log(norm) over the window; null before the window is full, and when a norm in it is 0 or not finite'),
};

export const events = {
  'weight-norm': z
    .strictObject({ ...figures, weights: z.record(z.string(), z.strictObject(figures)).optional().describe('by name; frozen weights included, statistics of normalisation layers left out') })
    .describe('Norms of the weights and of their update in a step; the global figures are of all trainable weights as one vector.'),
};

export const state = z.strictObject({
  /** Of all weights, in the model's order: what is remembered goes by name. */
  names: z.array(z.string()).default([]),
  measurements: z.int().min(0).default(0),
  /** Steps and losses of the newest measurements, oldest first, and the norms of the same steps. */
  steps: z.array(z.int()).default([]),
  losses: z.array(real).default([]),
  norms: z.record(z.string(), z.array(real)).default({}),
  /** Global norms, begun anew when other weights are trained. */
  global: z.array(real).default([]),
  trainable: z.array(z.string()).default([]),
  /** The newest update ratios of kernels. */
  ratios: z.record(z.string(), z.array(z.number())).default({}),
  /** Measurements in a row in which a kernel stood still while others moved; below 0, in which one that had been told moved. */
  unchanged: z.record(z.string(), z.int()).default({}),
  /** What has been told and has not cleared; names of weights where the rule tells each weight apart. */
  told: z
    .strictObject({ growing: told, frozen: z.array(z.string()).default([]), unchanged: z.array(z.string()).default([]), low: z.array(z.string()).default([]), high: z.array(z.string()).default([]) })
    .prefault({}),
});
export type State = z.output<typeof state>;
