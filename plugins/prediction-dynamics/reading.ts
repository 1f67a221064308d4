import type { Rows } from './rows.js';

export const taskOptions = ['auto', 'classification', 'binary', 'regression'] as const;
export type TaskOption = (typeof taskOptions)[number];
export const tasks = ['classification', 'binary', 'regression'] as const;
export type Task = (typeof tasks)[number];

/** How the numbers of an output are read. */
export interface Reading {
  readonly task: Task;
  /** Whether they are logits: softmaxed (classification) or put through the sigmoid (binary) before they are compared. */
  readonly logits: boolean;
}

/** How far the sum of a row of float32 probabilities may be from 1. */
const sumTolerance = 1e-3;

/**
 * What the numbers look like. Rows of two or more that are not negative and sum to 1: probabilities of classes. One
 * number a row, all in [0, 1]: probabilities of a binary label. All else: regression.
 */
function looksLike({ values, width }: Rows): Task {
  if (width === 1) return values.every((value) => value >= 0 && value <= 1) ? 'binary' : 'regression';
  for (let at = 0; at < values.length; at += width) {
    const row = values.slice(at, at + width);
    if (row.some((value) => value < 0) || Math.abs(row.reduce((sum, value) => sum + value, 0) - 1) > sumTolerance) return 'regression';
  }
  return 'classification';
}

/**
 * Decides how an output is read, given how it was read before. Under 'auto', what was taken for probabilities becomes a
 * regression for good at the first number that no probability can be; what was not probabilities at first never becomes
 * them. Named tasks take what cannot be probabilities for logits, from then on. Numbers that are not finite decide nothing.
 */
export function readingOf(option: TaskOption, before: Reading | null, rows: Rows): Reading {
  const finite = rows.values.every((value) => Number.isFinite(value));
  if (option === 'regression') return { task: 'regression', logits: false };
  if (option === 'auto') {
    if (!finite || before?.task === 'regression') return before ?? { task: 'regression', logits: false };
    return { task: looksLike(rows), logits: false };
  }
  // A single column holds no classes to choose from: a softmax over it would be 1 whatever the model says.
  const task = option === 'classification' && rows.width === 1 ? 'binary' : option;
  const probable = task === 'binary' ? rows.values.every((value) => value >= 0 && value <= 1) : looksLike(rows) === 'classification';
  return { task, logits: before?.logits === true || (finite && !probable) };
}

/** The numbers as they are compared: logits become probabilities, in double precision. */
export function probabilities(values: readonly number[], width: number, { task, logits }: Reading): readonly number[] {
  if (!logits) return values;
  if (task === 'binary') return values.map((value) => 1 / (1 + Math.exp(-value)));
  const out: number[] = [];
  for (let at = 0; at < values.length; at += width) {
    const row = values.slice(at, at + width);
    const highest = row.reduce((most, value) => Math.max(most, value), -Infinity);
    const powers = row.map((value) => Math.exp(value - highest));
    const sum = powers.reduce((total, power) => total + power, 0);
    for (const power of powers) out.push(power / sum);
  }
  return out;
}

/**
 * The predicted labels: of each row the class with the highest probability, the first of equals; of each binary
 * probability whether it is above one half (Keras' BinaryAccuracy). Null where a number is not finite. Empty for regression.
 */
export function labelsOf(values: readonly number[], width: number, task: Task): readonly (number | null)[] {
  if (task === 'regression') return [];
  if (task === 'binary') return values.map((value) => (Number.isFinite(value) ? Number(value > 0.5) : null));
  const labels: (number | null)[] = [];
  for (let at = 0; at < values.length; at += width) {
    const row = values.slice(at, at + width);
    labels.push(row.every((value) => Number.isFinite(value)) ? row.indexOf(row.reduce((most, value) => Math.max(most, value), -Infinity)) : null);
  }
  return labels;
}
