import { z } from 'zod';

const rate = (byDefault: number): z.ZodDefault<z.ZodNumber> => z.number().min(0).default(byDefault).describe('Learning rate; a schedule goes over it');
const share = (byDefault: number): z.ZodDefault<z.ZodNumber> => z.number().min(0).lt(1).default(byDefault);
const epsilon = z.number().positive().optional().describe("Keeps divisions finite. Default: the backend's, 1e-7 in float32 (Keras' as well) and 1e-4 in float16");
const adamBetas = {
  // Kingma & Ba 2015, section 2; the defaults of every library.
  beta1: share(0.9).describe('Decay of the mean of gradients'),
  beta2: share(0.999).describe('Decay of the mean of squares'),
  epsilon,
};

export const weightDecaySchema = z.union([
  z.number().min(0).describe('Rate of decoupled decay'),
  z.strictObject({
    rate: z.number().min(0).describe('Share of each weight that goes in a step: times the learning rate where decoupled'),
    mode: z
      .enum(['decoupled', 'l2'])
      .default('decoupled')
      .describe('decoupled: weights shrink beside the update, as in AdamW; l2: rate times the weight is added to its gradient'),
  }),
]);
const weightDecay = weightDecaySchema.optional().describe('Biases and normalisation weights are exempt');

/** The options of each optimizer. Defaults are Keras' unless something else is said. */
export const optimizerSchemas = {
  sgd: z.strictObject({
    name: z.literal('sgd'),
    learningRate: rate(0.01),
    momentum: share(0).describe('Share of the last update that goes on'),
    nesterov: z.boolean().default(false).describe('Look ahead along the momentum; needs one'),
    weightDecay,
  }),
  momentum: z.strictObject({
    name: z.literal('momentum'),
    learningRate: rate(0.01),
    // The value that most texts and examples take since Krizhevsky et al. 2012.
    momentum: share(0.9).describe('Share of the last update that goes on'),
    nesterov: z.boolean().default(false).describe('Look ahead along the momentum'),
    weightDecay,
  }),
  adam: z.strictObject({ name: z.literal('adam'), learningRate: rate(0.001), ...adamBetas, weightDecay }),
  // A decay of 0.01 is PyTorch's default for AdamW (Keras' is 0.004).
  adamw: z.strictObject({ name: z.literal('adamw'), learningRate: rate(0.001), ...adamBetas, weightDecay: weightDecaySchema.default(0.01).describe('Biases and normalisation weights are exempt') }),
  // Kingma & Ba 2015, section 7.1.
  adamax: z.strictObject({ name: z.literal('adamax'), learningRate: rate(0.002), ...adamBetas, weightDecay }),
  // Without `centered`: TensorFlow.js takes its epsilon off where it should be added, so a gradient of 0 makes the weight NaN.
  rmsprop: z.strictObject({
    name: z.literal('rmsprop'),
    learningRate: rate(0.001),
    rho: share(0.9).describe('Decay of the mean of squares'),
    momentum: share(0),
    epsilon,
    weightDecay,
  }),
  adagrad: z.strictObject({
    name: z.literal('adagrad'),
    learningRate: rate(0.01),
    initialAccumulator: z.number().min(0).default(0.1).describe('Sum of squares to begin with'),
    weightDecay,
  }),
  adadelta: z.strictObject({
    name: z.literal('adadelta'),
    // The method has no learning rate of its own (Zeiler 2012): 1 leaves it as it is. tfjs-layers takes 1, Keras 0.001.
    // TensorFlow.js divides by the squares up to the step before, so the first update is the gradient itself.
    learningRate: rate(1),
    rho: share(0.95),
    epsilon,
    weightDecay,
  }),
} as const;

export type OptimizerName = keyof typeof optimizerSchemas;
export const optimizerNames = Object.keys(optimizerSchemas) as readonly OptimizerName[];

/** An optimizer as a config file describes it: `{ name: 'adamw', learningRate: 0.001, weightDecay: 0.01 }`. */
export const optimizerConfigSchema = z.discriminatedUnion('name', [
  optimizerSchemas.sgd,
  optimizerSchemas.momentum,
  optimizerSchemas.adam,
  optimizerSchemas.adamw,
  optimizerSchemas.adamax,
  optimizerSchemas.rmsprop,
  optimizerSchemas.adagrad,
  optimizerSchemas.adadelta,
]);
export type OptimizerConfig = z.input<typeof optimizerConfigSchema>;
/** With all defaults in. */
export type FullOptimizerConfig = z.output<typeof optimizerConfigSchema>;
