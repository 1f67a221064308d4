import { z } from 'zod';
import {
  binaryCrossentropy,
  binaryCrossentropyFromLogits,
  categoricalCrossentropy,
  categoricalCrossentropyFromLogits,
  kullbackLeiblerDivergence,
  meanCategoricalCrossentropy,
  meanSparseCategoricalCrossentropy,
  sparseCategoricalCrossentropy,
  sparseCategoricalCrossentropyFromLogits,
} from './crossentropy.js';
import { categoricalHinge, hinge, squaredHinge } from './hinge.js';
import type { HostMean, LabelForm, LabelValues, LossFunction } from './loss.js';
import {
  cosineProximity,
  huber,
  logcosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
} from './regression.js';

/** A loss by name, with the options that some take. */
export const lossConfigSchema = z.strictObject({
  name: z.string().describe('Name of the loss'),
  fromLogits: z.boolean().optional().describe('For cross-entropies: the predictions are logits, without softmax or sigmoid'),
  delta: z.number().positive().optional().describe('For huber: the error from which on the loss is straight'),
});
export type LossConfig = z.infer<typeof lossConfigSchema>;
export type LossOption = 'fromLogits' | 'delta';

interface LossDefinition {
  readonly form: LabelForm;
  readonly values: LabelValues;
  readonly options: readonly LossOption[];
  /** True where a width of 1 makes the loss a constant. */
  readonly needsClasses: boolean;
  make(options: { readonly fromLogits: boolean; readonly delta: number }): LossFunction;
  /** Of what `make` gives, where there is a faster way to it. */
  mean?(options: { readonly fromLogits: boolean }): HostMean | undefined;
}

const numbers = (fn: LossFunction, values: LabelValues = 'any'): LossDefinition => ({
  form: 'same',
  values,
  options: [],
  needsClasses: false,
  make: () => fn,
});

/** All losses by name. */
export const lossDefinitions = {
  categoricalCrossentropy: {
    form: 'distribution',
    values: 'probability',
    options: ['fromLogits'],
    needsClasses: true,
    make: ({ fromLogits }) => (fromLogits ? categoricalCrossentropyFromLogits : categoricalCrossentropy),
    mean: ({ fromLogits }) => (fromLogits ? undefined : meanCategoricalCrossentropy),
  },
  sparseCategoricalCrossentropy: {
    form: 'class',
    values: 'class',
    options: ['fromLogits'],
    needsClasses: true,
    make: ({ fromLogits }) => (fromLogits ? sparseCategoricalCrossentropyFromLogits : sparseCategoricalCrossentropy),
    mean: ({ fromLogits }) => (fromLogits ? undefined : meanSparseCategoricalCrossentropy),
  },
  binaryCrossentropy: {
    form: 'same',
    values: 'probability',
    options: ['fromLogits'],
    needsClasses: false,
    make: ({ fromLogits }) => (fromLogits ? binaryCrossentropyFromLogits : binaryCrossentropy),
  },
  kullbackLeiblerDivergence: {
    form: 'distribution',
    values: 'probability',
    options: [],
    needsClasses: false,
    make: () => kullbackLeiblerDivergence,
  },
  meanSquaredError: numbers(meanSquaredError),
  meanAbsoluteError: numbers(meanAbsoluteError),
  meanAbsolutePercentageError: numbers(meanAbsolutePercentageError),
  meanSquaredLogarithmicError: numbers(meanSquaredLogarithmicError),
  huber: { ...numbers(meanSquaredError), options: ['delta'], make: ({ delta }) => huber(delta) },
  logcosh: numbers(logcosh),
  poisson: numbers(poisson, 'non-negative'),
  cosineProximity: numbers(cosineProximity),
  hinge: numbers(hinge, 'sign'),
  squaredHinge: numbers(squaredHinge, 'sign'),
  categoricalHinge: { form: 'distribution', values: 'probability', options: [], needsClasses: false, make: () => categoricalHinge },
} as const satisfies Record<string, LossDefinition>;

export type LossName = keyof typeof lossDefinitions;
export const lossNames = Object.keys(lossDefinitions) as readonly LossName[];

/** Where a straight loss begins when nothing is said: Keras' default for Huber, as PyTorch's. */
export const defaultDelta = 1;

/** Other names for a loss, as tfjs-layers, Keras and tf.losses have them. */
const aliases: Readonly<Record<string, LossConfig & { readonly name: LossName }>> = {
  categoricalCrossentropyFromLogits: { name: 'categoricalCrossentropy', fromLogits: true },
  sparseCategoricalCrossentropyFromLogits: { name: 'sparseCategoricalCrossentropy', fromLogits: true },
  binaryCrossentropyFromLogits: { name: 'binaryCrossentropy', fromLogits: true },
  softmaxCrossEntropy: { name: 'categoricalCrossentropy', fromLogits: true },
  sigmoidCrossEntropy: { name: 'binaryCrossentropy', fromLogits: true },
  mse: { name: 'meanSquaredError' },
  mae: { name: 'meanAbsoluteError' },
  mape: { name: 'meanAbsolutePercentageError' },
  msle: { name: 'meanSquaredLogarithmicError' },
  kld: { name: 'kullbackLeiblerDivergence' },
  klDivergence: { name: 'kullbackLeiblerDivergence' },
  cosine: { name: 'cosineProximity' },
  huberLoss: { name: 'huber' },
};

/** `mean_squared_error`, `MeanSquaredError` and `meanSquaredError` are one name. */
export const plainName = (name: string): string => name.replaceAll(/[_\-\s]/g, '').toLowerCase();

const byPlainName: ReadonlyMap<string, LossConfig & { readonly name: LossName }> = new Map([
  ...lossNames.map((name) => [plainName(name), { name }] as const),
  ...Object.entries(aliases).map(([alias, config]) => [plainName(alias), config] as const),
]);

/** Every name that a loss answers to, for messages and completion. */
export const knownLossNames: readonly string[] = [...lossNames, ...Object.keys(aliases)];

/** The loss and the options that a name stands for, or undefined when nothing is called that. */
export const lossNamed = (name: string): (LossConfig & { readonly name: LossName }) | undefined => byPlainName.get(plainName(name));

/** The definition of a loss, its options widened to those that any loss may have. */
export const definitionOf = (name: LossName): LossDefinition => lossDefinitions[name];
