import { z } from 'zod';
import { real } from '../../events/index.js';

const share = real.describe('0 to 1');

const layer = z.strictObject({
  className: z.string().nullable().describe('as Keras spells it; null where the model has no layers'),
  activation: z.string().nullable().describe('by name, null where the layer does not tell'),
  isOutput: z.boolean(),
  rows: z.int().min(0).describe('values that each unit gave: samples times positions'),
  deadUnits: share.describe('share of units that are 0 for the whole batch'),
  zeros: share.describe('share of entries that are exactly 0'),
  rms: real.describe('root of the mean square; NaN or infinite when an entry is'),
  maxAbs: real,
  min: real,
  beyondTanh: share.describe('share of entries beyond +-0.995'),
  beyondSigmoid: share.describe('share of entries outside 0.0025 to 0.9975'),
});

const weight = z.strictObject({
  layer: z.string().nullable(),
  isKernel: z.boolean(),
  trainable: z.boolean(),
  norm: real.describe('L2 norm after the update'),
  updateNorm: real.describe('L2 norm of what the update changed'),
  gradientNorm: real.nullable().describe('L2 norm of the raw gradient, not finite where an entry is not or their squares are too large; null without one'),
});

const output = z.strictObject({
  samples: z.int().min(0),
  nonFinite: share,
  maxAbs: real,
  spread: real.describe('standard deviation of the predictions across the batch'),
  labelSpread: real.nullable().describe('that of the labels; null when they cannot be compared'),
  correlation: real.nullable().describe("Pearson's r of predictions and labels, classes taken one-hot"),
  classes: z
    .strictObject({
      count: real,
      topPredicted: share.describe('share of the class predicted most'),
      topLabel: share.describe('share of the class that is most among the labels'),
      labelEntropy: real.describe('of the labels of the batch, nats'),
      agreement: share.describe('share of samples whose predicted class is right'),
      chance: share.describe('what chance gives for the same counts'),
    })
    .nullable(),
});

/** The data of the event `training-statistics`: all that the rules know of a step, made in one readback. */
export const trainingStatistics = z
  .strictObject({
    loss: real,
    learningRate: real,
    gradientNorm: real.describe('L2 norm of all raw gradients as one vector'),
    layers: z.record(z.string(), layer).describe('by layer or tap, in the order of the forward pass'),
    weights: z.record(z.string(), weight).describe('by name, in the order of the model'),
    outputs: z.array(output),
    tensors: z.int().min(0).describe('tensors alive in the step'),
    times: z
      .strictObject({ data: real, total: real, loop: real.optional().describe('without validation and pauses') })
      .describe('waiting for data, and the whole loop, since the fit began, ms'),
  })
  .describe('A step in the numbers that the rules of the diagnosis look at.');

export type Statistics = z.output<typeof trainingStatistics>;
export type LayerStatistics = Statistics['layers'][string];
export type WeightStatistics = Statistics['weights'][string];
export type OutputStatistics = Statistics['outputs'][number];
