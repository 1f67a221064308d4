import * as tf from '@tensorflow/tfjs-core';
import type { OutputInfo, ValidationMeasurement } from 'trainscope/plugin';
import { isHinge, taskOf, type Task } from './task.js';

/** Of more classes than this, pairs are not counted: 1,024 classes have a million pairs, 4 MiB. */
export const mostForPairs = 1024;

/** What was counted for an output over the validation data. All numbers are exact. */
export interface Counts {
  readonly output: string;
  readonly task: Task;
  /** Number of classes; of labels where each is a yes or no of its own. */
  readonly classes: number;
  /** How often true class t was predicted as class p, at t * classes + p; null for many classes, and for several labels. */
  readonly pairs: ArrayLike<number> | null;
  /** By class: predictions that are right, all predictions of it, all labels of it. */
  readonly hits: readonly number[];
  readonly predicted: readonly number[];
  readonly support: readonly number[];
  /** What was counted: samples, or positions of samples; for several labels, of all of them. */
  readonly total: number;
  /** What was not, since the prediction is NaN. */
  readonly notFinite: number;
  /** What was not, since it has no label: a row without a 1, a number of no class. */
  readonly unlabelled: number;
}

export interface CountingOptions {
  /** Which outputs, by name; undefined: all. */
  readonly outputs: readonly string[] | undefined;
  readonly taskOf: (output: string) => Task | 'auto';
  readonly threshold: number;
  /** Whether predictions of a loss of one's own are logits. */
  readonly logits: boolean;
}

/** Counts true by predicted classes on the device: one number for each pair, whatever the size of the data. */
export const confusionCounts = (options: CountingOptions): ValidationMeasurement<readonly Counts[]> => {
  /** Found at the first batch, and the same for all. */
  let chosen: readonly { readonly place: number; readonly output: OutputInfo; readonly task: Task }[] = [];
  return {
    key: 'confusionCounts',
    reduce({ labels, predictions }, { outputs }) {
      chosen = outputs.flatMap((output, place) => {
        const label = labels[place];
        const prediction = predictions[place];
        if (label === undefined || prediction === undefined || options.outputs?.includes(output.name) === false) return [];
        const asked = options.taskOf(output.name);
        const task = asked === 'auto' ? taskOf(output, prediction.shape, label.shape) : asked;
        return task === undefined ? [] : [{ place, output, task }];
      });
      if (chosen.length === 0) {
        throw new Error(`confusionMatrix found no output with classes among ${outputs.map(({ name, loss }) => `${name} (${loss})`).join(', ')}. Say what they are with task: 'multiclass', 'binary' or 'multilabel'.`);
      }
      return chosen.flatMap(({ place, output, task }) => {
        const label = labels[place];
        const prediction = predictions[place];
        if (label === undefined || prediction === undefined) return [];
        return task === 'multiclass' ? countClasses(label, prediction) : countLabels(label, prediction, bounds(output, options));
      });
    },
    read(sums, { shapes }) {
      let at = 0;
      const take = (): ArrayLike<number> => sums[at++] ?? [];
      return chosen.map(({ place, output, task }) => {
        const width = shapes[place]?.at(-1) ?? 1;
        return { output: output.name, task, ...(task === 'multiclass' ? readClasses(width, take) : readLabels(width, task, take)) };
      });
    },
  };
};

const int32 = (tensor: tf.Tensor): tf.Tensor => tf.cast(tensor, 'int32');
const sameShape = (a: tf.Tensor, b: tf.Tensor): boolean => a.rank === b.rank && a.shape.every((size, axis) => size === b.shape[axis]);

/** How often each number from 0 to size - 1 comes in [n] int32. */
const histogram = (numbers: tf.Tensor, size: number): tf.Tensor => int32(tf.denseBincount<tf.Tensor1D>(numbers as tf.Tensor1D, tf.tensor1d([]), size));

/** Labels as class numbers [rows], and whether each is one. */
function truthOf(labels: tf.Tensor, predictions: tf.Tensor, width: number): { readonly truth: tf.Tensor; readonly isLabelled: tf.Tensor } {
  if (sameShape(labels, predictions) && width > 1) {
    const rows = tf.cast(tf.reshape(labels, [-1, width]), 'float32');
    return { truth: tf.argMax(rows, -1), isLabelled: tf.greater(tf.max(rows, -1), 0) };
  }
  const numbers = tf.reshape(int32(labels), [-1]);
  return { truth: numbers, isLabelled: tf.logicalAnd(tf.greaterEqual(numbers, 0), tf.less(numbers, width)) };
}

/** Whether no number of a row is NaN; of equal rank, one a row. A logit of -Infinity masks a class, and is none of it. */
const hasNumbers = (rows: tf.Tensor): tf.Tensor => tf.equal(tf.sum(int32(tf.notEqual(rows, rows)), -1), 0);

function countClasses(labels: tf.Tensor, predictions: tf.Tensor): tf.Tensor[] {
  const width = predictions.shape.at(-1) ?? 1;
  const rows = tf.reshape(predictions, [-1, width]);
  const { truth, isLabelled } = truthOf(labels, predictions, width);
  const isFinite = hasNumbers(rows);
  const guess = tf.argMax(rows, -1);
  const isCounted = tf.logicalAnd(isLabelled, isFinite);
  const left = [tf.logicalAnd(isLabelled, tf.logicalNot(isFinite)), tf.logicalNot(isLabelled)].map((each) => tf.reshape(tf.sum(int32(each)), [1]));
  // What is not counted goes into a bin past the last.
  const binned = (numbers: tf.Tensor, size: number, keep = isCounted): tf.Tensor => tf.slice(histogram(tf.where(keep, numbers, tf.fill(numbers.shape, size, 'int32')), size + 1), [0], [size]);
  if (width <= mostForPairs) return [binned(tf.add(tf.mul(truth, tf.scalar(width, 'int32')), guess), width * width), ...left];
  return [binned(truth, width, tf.logicalAnd(isCounted, tf.equal(truth, guess))), binned(guess, width), binned(truth, width), ...left];
}

function readClasses(classes: number, take: () => ArrayLike<number>): Omit<Counts, 'output' | 'task'> {
  const numbers = Array.from({ length: classes }, (_, i) => i);
  const total = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0);
  if (classes > mostForPairs) {
    const [hits, predicted, support] = [take(), take(), take()].map((each) => Array.from(each));
    return { classes, pairs: null, hits: hits ?? [], predicted: predicted ?? [], support: support ?? [], total: total(support ?? []), notFinite: take()[0] ?? 0, unlabelled: take()[0] ?? 0 };
  }
  const pairs = take();
  const at = (truth: number, guess: number): number => pairs[truth * classes + guess] ?? 0;
  const support = numbers.map((truth) => total(numbers.map((guess) => at(truth, guess))));
  return {
    classes,
    pairs,
    hits: numbers.map((each) => at(each, each)),
    predicted: numbers.map((guess) => total(numbers.map((truth) => at(truth, guess)))),
    support,
    total: total(support),
    notFinite: take()[0] ?? 0,
    unlabelled: take()[0] ?? 0,
  };
}

interface Bounds {
  /** A prediction above is a yes. */
  readonly prediction: number;
  /** A label above is a yes. */
  readonly label: number;
}

/** Where a yes begins, as the metric accuracy has it: a probability, its logit, or a margin of 0 under a hinge loss. */
function bounds(output: OutputInfo, { threshold, logits }: CountingOptions): Bounds {
  if (isHinge(output)) return { prediction: 0, label: 0 };
  const fromLogits = output.fromLogits || (output.form === 'free' && logits);
  return { prediction: fromLogits ? Math.log(threshold / (1 - threshold)) : threshold, label: 0.5 };
}

function countLabels(labels: tf.Tensor, predictions: tf.Tensor, bound: Bounds): tf.Tensor[] {
  const width = predictions.shape.at(-1) ?? 1;
  const rows = tf.reshape(predictions, [-1, width]);
  const truth = tf.cast(tf.reshape(labels, [-1, width]), 'float32');
  const isFinite = tf.equal(rows, rows);
  const yes = tf.greater(rows, bound.prediction);
  const isTrue = tf.logicalAnd(tf.greater(truth, bound.label), isFinite);
  const sums = [tf.logicalAnd(yes, isTrue), tf.logicalAnd(yes, isFinite), isTrue, isFinite].map((each) => tf.sum(int32(each), 0));
  return [...sums, tf.reshape(tf.sum(int32(tf.logicalNot(isFinite))), [1])];
}

function readLabels(width: number, task: Task, take: () => ArrayLike<number>): Omit<Counts, 'output' | 'task'> {
  const [hits = [], predicted = [], support = [], counted = []] = [take(), take(), take(), take()].map((each) => Array.from(each));
  const notFinite = take()[0] ?? 0;
  const total = counted.reduce((sum, each) => sum + each, 0);
  if (task === 'multilabel') return { classes: width, pairs: null, hits, predicted, support, total, notFinite, unlabelled: 0 };
  // Of one yes or no the no is a class too.
  const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);
  const [hit, yes, isTrue] = [sum(hits), sum(predicted), sum(support)];
  const pairs = [total - yes - isTrue + hit, yes - hit, isTrue - hit, hit];
  return { classes: 2, pairs, hits: [pairs[0] ?? 0, hit], predicted: [total - yes, yes], support: [total - isTrue, isTrue], total, notFinite, unlabelled: 0 };
}
