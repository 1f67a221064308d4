import { z } from 'zod';
import { definitionOf, defaultDelta, knownLossNames, lossNamed, plainName } from '../loss/loss-names.js';
import { accuracy, binaryAccuracy, categoricalAccuracy, sparseCategoricalAccuracy, topKCategoricalAccuracy } from './accuracy.js';
import { f1Score, precision, recall } from './detection.js';
import { meanOf, type Metric, type MetricPlace } from './metric.js';
import { r2Score, rootMeanSquaredError } from './regression.js';

/** A metric by name, with the options that some take. */
export const metricConfigSchema = z.strictObject({
  name: z.string().describe('Name of the metric, or of a loss'),
  as: z.string().min(1).optional().describe('What to call it in the results; default: its name as it was given'),
  k: z.int().min(1).optional().describe('For topKCategoricalAccuracy: how many guesses count (default 5, as in Keras)'),
  threshold: z.number().optional().describe('For binaryAccuracy, precision, recall and f1Score: what counts as yes'),
  classId: z.int().min(0).optional().describe('For precision, recall and f1Score: the only class that counts'),
  center: z.number().optional().describe('For r2Score: a number near the labels, when they are far from 0'),
  fromLogits: z.boolean().optional().describe('For crossentropies: the predictions are logits; default: as the loss says'),
  delta: z.number().positive().optional().describe('For huber: the error from which on the loss is straight'),
});
export type MetricConfig = z.infer<typeof metricConfigSchema>;
export type MetricOption = Exclude<keyof MetricConfig, 'name' | 'as'>;

export interface MetricDefinition {
  readonly options: readonly MetricOption[];
  make(place: MetricPlace, config: Omit<MetricConfig, 'name' | 'as'>): Metric;
}

/** Keras' default for TopKCategoricalAccuracy. */
const defaultK = 5;

/** All metrics by name, the losses beside, which are metrics as well. */
export const metricDefinitions = {
  accuracy: { options: [], make: accuracy },
  binaryAccuracy: { options: ['threshold'], make: (place, { threshold }) => binaryAccuracy(place, threshold) },
  categoricalAccuracy: { options: [], make: () => categoricalAccuracy() },
  sparseCategoricalAccuracy: { options: [], make: () => sparseCategoricalAccuracy() },
  topKCategoricalAccuracy: {
    options: ['k'],
    make: ({ form }, { k }) => topKCategoricalAccuracy(k ?? defaultK, form === 'class' ? 'class' : 'distribution'),
  },
  sparseTopKCategoricalAccuracy: { options: ['k'], make: (_, { k }) => topKCategoricalAccuracy(k ?? defaultK, 'class') },
  precision: { options: ['threshold', 'classId'], make: precision },
  recall: { options: ['threshold', 'classId'], make: recall },
  f1Score: { options: ['threshold', 'classId'], make: f1Score },
  rootMeanSquaredError: { options: [], make: () => rootMeanSquaredError() },
  r2Score: { options: ['center'], make: (_, { center }) => r2Score(center ?? 0) },
  crossentropy: {
    options: ['fromLogits'],
    make: (place, config) => {
      const binary = place.output.shape?.at(-1) === 1 || place.name === 'binaryCrossentropy';
      return lossMetric(binary ? 'binaryCrossentropy' : place.form === 'class' ? 'sparseCategoricalCrossentropy' : 'categoricalCrossentropy', place, config);
    },
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metricDefinitions;
const metricNames = Object.keys(metricDefinitions) as readonly MetricName[];

const aliases: Readonly<Record<string, MetricName>> = {
  acc: 'accuracy',
  ce: 'crossentropy',
  rmse: 'rootMeanSquaredError',
  r2: 'r2Score',
  f1: 'f1Score',
};

const byPlainName: ReadonlyMap<string, MetricName> = new Map([
  ...metricNames.map((name) => [plainName(name), name] as const),
  ...Object.entries(aliases).map(([alias, name]) => [plainName(alias), name] as const),
]);

/** Every name that a metric answers to. */
export const knownMetricNames: readonly string[] = [...metricNames, ...Object.keys(aliases), ...knownLossNames];

/** What is called by a name: a metric, or a loss taken as one. Undefined when nothing is. */
export function metricNamed(name: string): MetricDefinition | undefined {
  const metric = byPlainName.get(plainName(name));
  if (metric !== undefined) return metricDefinitions[metric];
  const loss = lossNamed(name);
  if (loss === undefined) return undefined;
  return {
    options: definitionOf(loss.name).options,
    make: (place, config) => lossMetric(loss.name, place, { ...config, ...(loss.fromLogits === undefined ? {} : { fromLogits: loss.fromLogits }) }),
  };
}

/** The mean of a loss over samples. Predictions are logits if the output's own loss takes them for logits. */
function lossMetric(
  name: Parameters<typeof definitionOf>[0],
  place: MetricPlace,
  { fromLogits = place.fromLogits, delta = defaultDelta }: Pick<MetricConfig, 'fromLogits' | 'delta'>,
): Metric {
  const definition = definitionOf(name);
  return meanOf(definition.form, definition.make({ fromLogits, delta }));
}
