import type { OutputInfo } from 'trainscope/plugin';

/**
 * How predictions and labels of an output are read. `multiclass`: one class a sample, the highest of several numbers.
 * `binary`: one number a sample, yes above the threshold. `multilabel`: each number is a yes or no of its own.
 */
export const tasks = ['multiclass', 'binary', 'multilabel'] as const;
export type Task = (typeof tasks)[number];

/** Whether labels are -1 and 1, and predictions margins about 0. */
export const isHinge = ({ loss }: OutputInfo): boolean => loss === 'hinge' || loss === 'squaredHinge';

/**
 * What an output is by its loss and the shapes of a batch; undefined where it has no classes (a regression) or where they
 * do not tell (a loss of one's own beside labels of the predictions' shape).
 */
export function taskOf(output: OutputInfo, predictions: readonly number[], labels: readonly number[]): Task | undefined {
  const width = predictions.at(-1) ?? 1;
  if (output.loss === 'binaryCrossentropy' || isHinge(output)) return width === 1 ? 'binary' : 'multilabel';
  if (output.form === 'class' || output.form === 'distribution') return 'multiclass';
  // Class numbers have one axis less, or a last axis of 1.
  const areNumbers = labels.length < predictions.length || (labels.at(-1) === 1 && width > 1);
  return output.form === 'free' && areNumbers && width > 1 ? 'multiclass' : undefined;
}

/** Whether the loss alone says that the output has no classes. */
export const isRegression = (output: OutputInfo): boolean => output.form === 'same' && output.loss !== 'binaryCrossentropy' && !isHinge(output);
