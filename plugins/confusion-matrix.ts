import { ConfigError, definePlugin, real, type ObserverContext, type OutputInfo } from 'trainscope/plugin';
import { z } from 'zod';
import { confusionCounts, type Counts } from './confusion-matrix/counting.js';
import { confusedPairs, scoresOf, type ClassScores } from './confusion-matrix/scores.js';
import { isRegression, tasks } from './confusion-matrix/task.js';

const taskOption = z.enum([...tasks, 'auto']);
const names = z.array(z.string().min(1)).min(2).refine((list) => new Set(list).size === list.length, 'two classes have one name');
const options = z.strictObject({
  every: z.int().min(1).default(1).describe('At the validations of every so many-th epoch.'),
  outputs: z.array(z.string()).min(1).optional().describe("Names of the model's outputs to look at. Default: all that have classes."),
  task: z
    .union([taskOption, z.record(z.string(), taskOption)])
    .default('auto')
    .describe("What the outputs are: one for all, or by output name. auto goes by the loss: one class of several, one yes or no ('binary'), or several ('multilabel')."),
  classes: z.union([names, z.record(z.string(), names)]).optional().describe('Names of the classes in the order of their numbers; one list for all outputs, or by output name. Of one yes or no: the no first. Default: their numbers.'),
  threshold: z.number().gt(0).lt(1).default(0.5).describe("Probability above which a yes or no is a yes. 0.5 as in the metric accuracy. Under a hinge loss a margin of 0 stands in its place."),
  logits: z.boolean().default(false).describe("Whether predictions under a loss of your own are logits; of other losses it is known."),
  maxClasses: z.int().min(2).max(1000).default(100).describe('Of more classes an event carries no matrix, and only so many of the classes: those with the lowest F1. 100 classes are 10,000 numbers.'),
  pairs: z.int().min(0).max(1000).default(10).describe('How many of the most frequent confusions an event lists.'),
});
type Options = z.output<typeof options>;

const share = real.nullable();
const averages = z.strictObject({ precision: share, recall: share, f1: share });
const events = {
  'confusion-matrix': z
    .strictObject({
      output: z.string(),
      task: z.enum(tasks),
      samples: z.int().min(0).describe('samples that were counted, or positions of samples; for several labels, of all of them'),
      notFinite: z.int().min(0).describe('not counted, since the prediction is NaN'),
      unlabelled: z.int().min(0).describe('not counted, since there is no label: a row without a 1, a number of no class'),
      accuracy: share.describe('share that is right; for several labels, of all of them'),
      balancedAccuracy: share.describe('mean recall of the classes that have labels; null for several labels, as are the next two'),
      kappa: share.describe("Cohen's (1960): agreement beyond that of chance, as a share of what is possible"),
      mcc: share.describe("Matthews' correlation, for many classes by Gorodkin (2004)"),
      macro: averages.describe('means over the classes, of the values that are known'),
      weighted: averages.describe('the same, each class weighted by its labels'),
      micro: averages.describe('of the counts of all classes together'),
      classCount: z.int().min(1),
      classes: z
        .record(
          z.string(),
          z.strictObject({
            precision: share.describe('share of the predictions of this class that are right; null when it was never predicted'),
            recall: share.describe('share of its labels that were found; null when it has no labels'),
            f1: share.describe('2 TP / (2 TP + FP + FN); null without labels and predictions'),
            support: z.int().min(0).describe('labels'),
            predicted: z.int().min(0).describe('predictions'),
          }),
        )
        .describe('by name; of more than maxClasses those with the lowest F1'),
      names: z.array(z.string()).nullable().describe('of the rows and columns'),
      matrix: z.array(z.array(z.int().min(0))).nullable().describe('labels of each class (rows) by predicted class (columns); null for several labels and for more than maxClasses'),
      confused: z
        .array(z.strictObject({ label: z.string(), predicted: z.string(), count: z.int().min(1), share: real.describe('of the labels of this class') }))
        .describe('the most frequent confusions; empty for several labels and for more than 1,024 classes'),
      neverPredicted: z.array(z.string()).describe('classes that have labels and no prediction, the first maxClasses'),
    })
    .describe('Labels by predicted class over the whole validation data.'),
};
type Context = ObserverContext<{ readonly [K in keyof typeof events]: z.input<(typeof events)[K]> }>;

/**
 * Counts what the model takes for what, over the whole validation data, and scores each class: precision, recall, F1,
 * with their averages, balanced accuracy, Cohen's kappa and Matthews' correlation.
 *
 * - It counts on the device, batch by batch, and reads once. Counts are exact up to 2^31.
 * - For class numbers and one-hot labels, a single yes or no, several labels, and several outputs; in images and
 *   sequences each position counts.
 * - Sample weights and class weights are not counted in.
 * - 0 of 0 is null and not 0: the precision of a class that was never predicted is not known.
 *
 * @throws ConfigError OPTIONS_INVALID in fitStart for outputs that do not exist, have no classes, or another number of them than `classes`
 *
 * @example
 * new Trainer({ model, loss: 'sparseCategoricalCrossentropy', plugins: [confusionMatrix({ classes: ['cat', 'dog', 'fox'] })] });
 */
export const confusionMatrix = definePlugin({
  name: 'confusionMatrix',
  summary: 'Counts labels by predicted class over the validation data, with precision, recall and F1 of each class.',
  role: 'observe',
  options,
  events,
  requires: () => ['validation', 'trainer'],
  hooks: (given) => ({
    fitStart(_info, context) {
      checkOutputs(given, context.outputs);
      const counting = confusionCounts({ outputs: given.outputs, taskOf: (output) => (typeof given.task === 'string' ? given.task : (given.task[output] ?? 'auto')), threshold: given.threshold, logits: given.logits });
      context.overValidation(
        counting,
        (counted) => {
          for (const counts of counted) tell(given, counts, context);
        },
        () => context.epoch % given.every === 0,
      );
    },
  }),
});

function checkOutputs(given: Options, outputs: readonly OutputInfo[]): void {
  const known = outputs.map(({ name }) => name);
  const byOutput = (value: unknown): readonly string[] => (typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : []);
  const unknown = [...(given.outputs ?? []), ...byOutput(given.task), ...byOutput(given.classes)].filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new ConfigError('OPTIONS_INVALID', { found: `confusionMatrix names the outputs ${[...new Set(unknown)].join(', ')}`, expected: `the model's outputs are ${known.join(', ')}` });
  const hasTask = (name: string): boolean => (typeof given.task === 'string' ? given.task : (given.task[name] ?? 'auto')) !== 'auto';
  const looked = outputs.filter(({ name }) => given.outputs?.includes(name) !== false);
  const plain = looked.filter((output) => isRegression(output) && !hasTask(output.name));
  if (given.outputs === undefined ? plain.length === looked.length : plain.length > 0) {
    throw new ConfigError('OPTIONS_INVALID', { found: `confusionMatrix looks for classes, and the loss of ${plain.map(({ name, loss }) => `"${name}" (${loss})`).join(', ')} has none`, remedy: 'Say with task what its numbers are, or leave the plugin out.' });
  }
  for (const { name, shape, form } of looked.filter((output) => !isRegression(output))) {
    const width = shape?.at(-1);
    const task = typeof given.task === 'string' ? given.task : given.task[name];
    if (task === 'binary' && (form === 'class' || form === 'distribution') && (width ?? 1) > 1) {
      throw new ConfigError('OPTIONS_INVALID', { found: `confusionMatrix is to read the output "${name}" as yes or no`, expected: `its loss is of one of ${String(width)} classes`, remedy: "Leave task out, or give 'multiclass'." });
    }
    if (width !== undefined && width !== null) namesOf(given, name, width === 1 ? 2 : width);
  }
}

function namesOf({ classes }: Options, output: string, count: number): readonly string[] {
  const own = Array.isArray(classes) ? classes : classes?.[output];
  if (own === undefined) return Array.from({ length: count }, (_, i) => String(i));
  if (own.length === count) return own;
  throw new ConfigError('OPTIONS_INVALID', { found: `confusionMatrix has ${String(own.length)} names of classes for the output "${output}"`, expected: `it has ${String(count)}` });
}

function tell(given: Options, counts: Counts, context: Context): void {
  const names = namesOf(given, counts.output, counts.classes);
  const nameOf = (i: number): string => names[i] ?? String(i);
  const { classes, ...scores } = scoresOf(counts);
  const { output, task, pairs, support, predicted, total, notFinite, unlabelled } = counts;
  const isMany = counts.classes > given.maxClasses;
  const shown = isMany ? worst(classes, given.maxClasses) : classes.map((_, i) => i);
  context.emit('confusion-matrix', {
    output,
    task,
    samples: total,
    notFinite,
    unlabelled,
    ...scores,
    classCount: counts.classes,
    classes: Object.fromEntries(shown.flatMap((i) => (classes[i] === undefined ? [] : [[nameOf(i), classes[i]]]))),
    names: isMany || task === 'multilabel' ? null : [...names],
    matrix: isMany || pairs === null ? null : names.map((_, truth) => Array.from({ length: counts.classes }, (__, guess) => pairs[truth * counts.classes + guess] ?? 0)),
    confused: task === 'multilabel' ? [] : confusedPairs(counts, given.pairs).map(({ truth, predicted: guess, count }) => ({ label: nameOf(truth), predicted: nameOf(guess), count, share: count / (support[truth] ?? count) })),
    neverPredicted: support.flatMap((each, i) => (each > 0 && predicted[i] === 0 ? [nameOf(i)] : [])).slice(0, given.maxClasses),
  });
}

/** Numbers of the classes with the lowest F1, in their order; those without labels and predictions come last. */
const worst = (classes: readonly ClassScores[], most: number): readonly number[] =>
  classes
    .map(({ f1 }, i) => ({ i, f1: f1 ?? 2 }))
    .sort((a, b) => a.f1 - b.f1 || a.i - b.i)
    .slice(0, most)
    .map(({ i }) => i)
    .sort((a, b) => a - b);
