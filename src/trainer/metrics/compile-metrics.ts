import * as tf from '@tensorflow/tfjs-core';
import { DataError, type ConfigProblem } from '../../errors.js';
import { problemsOf, showValue } from '../../problems.js';
import type { CompiledLoss } from '../loss/compile-loss.js';
import type { OutputLoss } from '../loss/loss.js';
import { throwProblems, unknownName, type CodedProblem } from '../spec-problems.js';
import { knownMetricNames, metricConfigSchema, metricNamed, type MetricConfig, type MetricDefinition, type MetricName } from './metric-names.js';
import { customMetric } from './custom-metric.js';
import { assertMetricLabels, type Metric, type MetricFunction } from './metric.js';

/** A metric: a name, a name with options, or a function whose mean over samples is the metric. */
export type MetricEntry = MetricName | (string & {}) | MetricConfig | MetricFunction;

/** Metrics of every output, or by the outputs' names. */
export type MetricsSpec = MetricEntry | readonly MetricEntry[] | Readonly<Record<string, MetricEntry | readonly MetricEntry[]>>;

export interface CompiledMetrics {
  /** In the order given; with several outputs `output_metric`, as Keras has it. */
  readonly names: readonly string[];
  /** How many sums there are in all. */
  readonly width: number;
  /**
   * The sums of a batch, [width], float32, on the device: to be added to those of other batches. Leaves nothing else
   * behind.
   * @param labels One an output. @param predictions One an output, [batch, ...].
   * @throws DataError DATA_SHAPE when labels and predictions do not go together
   */
  sums(labels: readonly tf.Tensor[], predictions: readonly tf.Tensor[]): tf.Tensor1D;
  /** The metrics by name, of the sums of all batches, [width], and the number of samples in them. NaN for no samples. */
  finish(sums: ArrayLike<number>, samples: number): Readonly<Record<string, number>>;
}

/**
 * Makes metrics for the model's outputs.
 *
 * @param loss The compiled loss: `accuracy` depends on it, and so do thresholds (0 for logits).
 * @throws ConfigError METRIC_UNKNOWN, OPTIONS_INVALID or OPTION_UNKNOWN (no such output); `problems` holds all of them
 * @example compileMetrics(['accuracy', { name: 'topKCategoricalAccuracy', k: 3, as: 'top3' }], loss)
 */
export function compileMetrics(spec: MetricsSpec | undefined, loss: Pick<CompiledLoss, 'outputs'>): CompiledMetrics {
  const problems: CodedProblem[] = [];
  const placed = entriesOf(spec, loss.outputs, problems).flatMap((entry) => resolve(entry, loss.outputs.length > 1, problems));
  const names = placed.map(({ name }) => name);
  for (const name of new Set(names.filter((each, i) => names.indexOf(each) !== i))) {
    problems.push({ code: 'OPTIONS_INVALID', path: [], message: `two metrics are called "${name}"; tell them apart with { name, as }` });
  }
  const losses = ['loss', ...(loss.outputs.length > 1 ? loss.outputs.map(({ output }) => `${output.name}_loss`) : [])];
  for (const name of names.filter((each) => losses.includes(each))) {
    problems.push({ code: 'OPTIONS_INVALID', path: [], message: `"${name}" is the name of the loss; call the metric something else with { name, as }` });
  }
  throwProblems('the metrics are', problems);
  const width = placed.reduce((sum, { metric }) => sum + metric.width, 0);
  return {
    names,
    width,
    sums: (labels, predictions) => tf.tidy(() => sumsOf(placed, labels, predictions)),
    finish: (sums, samples) => {
      let from = 0;
      const values = placed.map(({ name, metric }): [string, number] => {
        const own = Float64Array.from({ length: metric.width }, (_, i) => sums[from + i] ?? Number.NaN);
        from += metric.width;
        return [name, samples === 0 ? Number.NaN : metric.finish(own, samples)];
      });
      return Object.fromEntries(values);
    },
  };
}

interface PlacedEntry {
  readonly entry: MetricEntry;
  readonly output: OutputLoss;
  readonly index: number;
  readonly path: readonly (string | number)[];
}

interface PlacedMetric {
  readonly name: string;
  readonly metric: Metric;
  readonly output: OutputLoss;
  readonly index: number;
}

const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value);

const isEntry = (spec: MetricsSpec, outputs: readonly OutputLoss[]): spec is MetricEntry =>
  typeof spec !== 'object' || (spec as unknown) === null || (!Array.isArray(spec) && 'name' in spec && !outputs.some(({ output }) => output.name === 'name'));

function entriesOf(spec: MetricsSpec | undefined, outputs: readonly OutputLoss[], problems: CodedProblem[]): readonly PlacedEntry[] {
  if (spec === undefined) return [];
  if (isEntry(spec, outputs) || Array.isArray(spec)) {
    const entries = isEntry(spec, outputs) ? [spec] : (spec as readonly MetricEntry[]);
    return outputs.flatMap((output, index) => entries.map((entry, i) => ({ entry, output, index, path: entries.length === 1 ? [] : [i] })));
  }
  const names = outputs.map(({ output }) => output.name);
  return Object.entries(spec as Readonly<Record<string, MetricEntry | readonly MetricEntry[]>>).flatMap(([name, given]) => {
    const index = names.indexOf(name);
    const output = outputs[index];
    if (output === undefined) {
      problems.push(unknownName('OPTION_UNKNOWN', 'output', name, names, [name]));
      return [];
    }
    return (isList(given) ? given : [given]).map((entry, i) => ({ entry, output, index, path: [name, i] }));
  });
}

function resolve({ entry, output, index, path }: PlacedEntry, several: boolean, problems: CodedProblem[]): readonly PlacedMetric[] {
  const called = (name: string): string => (several ? `${output.output.name}_${name}` : name);
  if (typeof entry === 'function') {
    const name = entry.name === '' ? 'metric' : entry.name;
    return [{ name: called(name), metric: customMetric(name, output.output.name, entry), output, index }];
  }
  const checked = checkMetricEntry(entry, path);
  if ('problems' in checked) {
    problems.push(...checked.problems);
    return [];
  }
  const { name, as, ...config } = checked.config;
  return [{ name: called(as ?? name), metric: checked.definition.make(output, config), output, index }];
}

/** A metric by name with its options, or the problems that show without a model. */
export function checkMetricEntry(
  entry: unknown,
  path: ConfigProblem['path'],
): { readonly config: MetricConfig; readonly definition: MetricDefinition } | { readonly problems: readonly CodedProblem[] } {
  const given = typeof entry === 'string' ? { name: entry } : entry;
  if (typeof given !== 'object' || given === null) {
    const message = `${given === undefined ? 'missing' : `found ${showValue(given)}`}, expected a name such as "accuracy", { name, ... } with options, or a function (labels, predictions) => metric`;
    return { problems: [{ code: 'OPTIONS_INVALID', path, message }] };
  }
  const parsed = metricConfigSchema.safeParse(given);
  if (!parsed.success) {
    const found = problemsOf(parsed.error, metricConfigSchema, given);
    return { problems: found.map((problem) => ({ ...problem, path: [...path, ...problem.path], code: 'OPTIONS_INVALID' as const })) };
  }
  const { name, as: _, ...config } = parsed.data;
  const definition = metricNamed(name);
  if (definition === undefined) return { problems: [unknownName('METRIC_UNKNOWN', 'metric', name, knownMetricNames, typeof entry === 'string' ? path : [...path, 'name'])] };
  const unfit = (Object.keys(config) as (keyof typeof config)[]).filter((option) => config[option] !== undefined && !definition.options.includes(option));
  if (unfit.length > 0) return { problems: unfit.map((option) => ({ code: 'OPTIONS_INVALID' as const, path: [...path, option], message: `${name} has no option "${option}"` })) };
  return { config: parsed.data, definition };
}

function sumsOf(placed: readonly PlacedMetric[], labels: readonly tf.Tensor[], predictions: readonly tf.Tensor[]): tf.Tensor1D {
  const sums = placed.flatMap(({ name, metric, output, index }) => {
    const [label, prediction] = [labels[index], predictions[index]];
    if (label === undefined || prediction === undefined) {
      throw new DataError('DATA_SHAPE', {
        found: `there are ${labels.length} label and ${predictions.length} prediction tensors`,
        expected: `the metric ${name} wants those of output "${output.output.name}"`,
      });
    }
    assertMetricLabels(metric, name, output.output.name, label, prediction);
    return metric.sums(label, prediction);
  });
  return sums.length === 0 ? tf.zeros([0]) : (tf.stack([...sums]) as tf.Tensor1D);
}
