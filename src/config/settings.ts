import { z } from 'zod';
import type { ConfigProblem } from '../errors.js';
import { problemsOf, showValue } from '../problems.js';
import { checkLossEntry, lossConfigSchema } from '../trainer/loss/index.js';
import { checkMetricEntry, metricConfigSchema } from '../trainer/metrics/index.js';
import { checkOptimizer, optimizerConfigSchema, optimizerNames } from '../trainer/optimizer/index.js';
import { fitSettingsSchema, trainerSettingsSchema } from '../trainer/options.js';
import { findingsAt, invalid, problemsOfError, type Finding } from './finding.js';

type Path = ConfigProblem['path'];

/** The settings whose form alone can be checked. The others are looked at by those who use them. */
export const formSchema = z.strictObject({
  $schema: z.string().optional().describe('Where an editor finds the schema of this file.'),
  ...trainerSettingsSchema.shape,
  lossWeights: z
    .union([z.array(z.number()), z.record(z.string(), z.number())])
    .optional()
    .describe("Each output's share in the loss, in the model's order or by the outputs' names. Default 1 each."),
  fit: fitSettingsSchema.optional().describe('Defaults of every fit.'),
});

/** Keys that are checked elsewhere, in the order in which a config is best written. */
const otherKeys = ['optimizer', 'loss', 'metrics', 'plugins', 'sinks'] as const;

export const wholeSchema = z.strictObject({ ...formSchema.shape, ...Object.fromEntries(otherKeys.map((key) => [key, z.unknown().optional()])) });

/** What is wrong with the settings, plugins and sinks apart. */
export function checkSettings(given: object): readonly Finding[] {
  const { optimizer, loss, metrics, weightDecay } = given as Readonly<Partial<Record<string, unknown>>>;
  const form = wholeSchema.safeParse(given);
  return [
    ...(form.success ? [] : findingsAt([], problemsOf(form.error, wholeSchema, given))),
    ...(optimizer === undefined ? [] : optimizerFindings(optimizer, weightDecay)),
    ...(loss === undefined ? [] : lossFindings(loss)),
    ...(metrics === undefined ? [] : metricsFindings(metrics)),
  ];
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

function optimizerFindings(given: unknown, decay: unknown): readonly Finding[] {
  const path = ['optimizer'];
  if (typeof given !== 'string' && !isMap(given)) return [invalid(path, `found ${showValue(given)}, expected the name of an optimizer (${optimizerNames.join(', ')}) or { name, ... }`)];
  if (isMap(given) && typeof given['name'] !== 'string') {
    const form = optimizerConfigSchema.safeParse(given);
    return form.success ? [] : findingsAt(path, problemsOf(form.error, optimizerConfigSchema, given));
  }
  const weightDecay = trainerSettingsSchema.shape.weightDecay.safeParse(decay);
  const besides = weightDecay.success && weightDecay.data !== undefined ? weightDecay.data : undefined;
  try {
    checkOptimizer(given, besides === undefined ? {} : { weightDecay: typeof besides === 'number' ? { rate: besides, mode: 'decoupled' } : besides });
    return [];
  } catch (error) {
    // A bare name has no key `name`.
    return findingsAt(path, problemsOfError(error).map((problem) => (typeof given === 'string' ? { ...problem, path: [] } : problem)));
  }
}

function lossFindings(given: unknown): readonly Finding[] {
  const check = (entry: unknown, path: Path): readonly Finding[] => {
    if (typeof entry !== 'string' && !isMap(entry)) return [invalid(path, `found ${showValue(entry)}, expected the name of a loss or { name, ... }`)];
    const checked = checkLossEntry(entry, path);
    return 'problems' in checked ? findingsAt([], checked.problems) : [];
  };
  if (Array.isArray(given)) return given.length === 0 ? [invalid(['loss'], 'found an array of 0, expected a loss for each output')] : given.flatMap((entry, i) => check(entry, ['loss', i]));
  if (isMap(given) && !isOne(given, lossConfigSchema)) return Object.entries(given).flatMap(([output, entry]) => check(entry, ['loss', output]));
  return check(given, ['loss']);
}

function metricsFindings(given: unknown): readonly Finding[] {
  const check = (entry: unknown, path: Path): readonly Finding[] => {
    if (typeof entry !== 'string' && !isMap(entry)) return [invalid(path, `found ${showValue(entry)}, expected the name of a metric or { name, ... }`)];
    const checked = checkMetricEntry(entry, path);
    return 'problems' in checked ? findingsAt([], checked.problems) : [];
  };
  const checkAll = (entries: unknown, path: Path): readonly Finding[] => (Array.isArray(entries) ? entries.flatMap((entry, i) => check(entry, [...path, i])) : check(entries, path));
  if (isMap(given) && !isOne(given, metricConfigSchema)) return Object.entries(given).flatMap(([output, entries]) => checkAll(entries, ['metrics', output]));
  return checkAll(given, ['metrics']);
}

/** One with its options, and not one for each output by its name: it has one of the options' keys. */
const isOne = (given: object, { shape }: z.ZodObject): boolean => Object.keys(given).some((key) => Object.hasOwn(shape, key)) || Object.keys(given).length === 0;
