import { digits, percent, type Finding } from './finding.js';

/** Losses (or error rates) of one run, all in the same unit. */
export interface Errors {
  readonly training: number;
  readonly validation?: number | null;
  readonly test?: number | null;
  /** What no model can go below, such as the error of people or the noise of the labels. Default 0. */
  readonly irreducible?: number;
  /** By how much the best of several validation losses is expected to be too low, where the model was chosen by it. */
  readonly optimism?: number | null;
}

export type Part = 'irreducible' | 'bias' | 'variance' | 'selection';

/** total = irreducible + bias + variance + selection; a part that is not known is null, and the total ends before it. */
export interface Decomposition {
  readonly total: number;
  readonly irreducible: number;
  /** training - irreducible: what the model does not fit. */
  readonly bias: number;
  /** validation - training: what does not carry over to other samples. */
  readonly variance: number | null;
  /** test - validation: what the choice by validation, or a change of the data, costs. */
  readonly selection: number | null;
  /** The largest part that can be worked on, or null when none is above 0. */
  readonly next: Exclude<Part, 'irreducible'> | null;
  readonly advice: string;
}

const advice: Readonly<Record<Exclude<Part, 'irreducible'>, string>> = {
  bias: 'The training error is the largest part: train longer or at a better rate, take a larger model, or give it better inputs.',
  variance: 'The gap to validation is the largest part: more data, augmentation, weight decay, dropout or a smaller model.',
  selection: 'The gap to the test data is the largest part: validation samples are too few or unlike the test data, or were chosen by too often.',
};

/**
 * Parts an error into what to work on (Ng, Machine Learning Yearning, chapters 20 to 23 and 40).
 *
 * @example decompose({ training: 0.15, validation: 0.16, irreducible: 0.01 }).next // 'bias': 0.14 of 0.16
 */
export function decompose({ training, validation = null, test = null, irreducible = 0, optimism = null }: Errors): Decomposition {
  const bias = training - irreducible;
  const variance = validation === null ? null : validation - training;
  // Without validation a gap to the test data cannot be parted.
  const selection = test === null || validation === null ? null : test - validation;
  const total = irreducible + bias + (variance ?? 0) + (selection ?? 0);
  const parts = Object.entries({ bias, variance, selection }).flatMap(([name, size]): [Exclude<Part, 'irreducible'>, number][] => (size === null || !(size > 0) ? [] : [[name as Exclude<Part, 'irreducible'>, size]]));
  const [largest] = parts.toSorted(([, a], [, b]) => b - a);
  const next = largest?.[0] ?? null;
  // Luck in the choice explains that much of the gap to the test data, and no more.
  const luck = selection !== null && selection > 0 && optimism !== null && optimism > 0 ? ` Of the gap of ${digits(selection)} to the test data, ${digits(Math.min(selection, optimism))} comes of having chosen the best of several validations.` : '';
  const share = largest === undefined ? 0 : largest[1] / Math.abs(total);
  return {
    total,
    irreducible,
    bias,
    variance,
    selection,
    next,
    advice: next === null ? 'No part is above what cannot be avoided: look whether the irreducible error is set too high.' : `${advice[next]} ${sizeOf(largest?.[1] ?? 0, total, share)}${below(variance)}${luck}`,
  };
}

/** A part is a share of the whole where no other part is negative. */
const sizeOf = (part: number, total: number, share: number): string => (share <= 1 ? `It makes up ${digits(part)} of ${digits(total)} (${percent(share)}).` : `It is ${digits(part)}.`);

/** The training loss is the mean over an epoch that was still learning, with dropout and raw weights; the validation's is of its end. */
const below = (variance: number | null): string =>
  variance !== null && variance < 0 ? ` The validation loss is ${digits(-variance)} below the training loss: dropout, augmentation or averaged weights do that, or an epoch in which much was learnt.` : '';

/** The luck of the best validation, as the rule validation-overfitting found it; null where it is not worth a word. */
export function optimismIn(findings: readonly Finding[]): number | null {
  const value = findings.find(({ rule }) => rule === 'validation-overfitting')?.evidence['optimism'];
  return typeof value === 'number' ? value : null;
}

export interface Comparison {
  /** The run with the smallest total. */
  readonly best: string;
  /** By run, what its parts are beside those of the best: positive is worse. */
  readonly differences: Readonly<Record<string, Readonly<Record<Part, number | null>>>>;
  readonly summary: string;
}

/** Holds runs against one another part by part, such as two models on the same data. Null without runs. */
export function compareDecompositions(runs: Readonly<Record<string, Decomposition>>): Comparison | null {
  const sorted = Object.entries(runs).toSorted(([, a], [, b]) => a.total - b.total);
  const [first] = sorted;
  if (first === undefined) return null;
  const [best, lowest] = first;
  const minus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a - b);
  const differences = Object.fromEntries(
    sorted.map(([name, each]) => [name, { irreducible: minus(each.irreducible, lowest.irreducible), bias: minus(each.bias, lowest.bias), variance: minus(each.variance, lowest.variance), selection: minus(each.selection, lowest.selection) }]),
  );
  const lines = sorted.slice(1).map(([name, each]) => {
    const [worst] = Object.entries(differences[name] ?? {}).toSorted(([, a], [, b]) => (b ?? -Infinity) - (a ?? -Infinity));
    const gap = each.total - lowest.total;
    if (worst === undefined || worst[1] === null || worst[1] <= 0) return `${name} is ${digits(gap)} above it`;
    // One part may be above by more than the whole, where another is below.
    return `${name} is ${digits(gap)} above it, ${worst[1] > gap ? `with a ${worst[0]} that is ${digits(worst[1])} higher` : `most of it in ${worst[0]} (${digits(worst[1])})`}`;
  });
  return { best, differences, summary: [`${best} has the lowest error, ${digits(lowest.total)}`, ...lines].join('; ') };
}
