import { meanOf, spreadOf } from './predictions.js';

/** Standard errors within which a statistic is that of the initialiser: one kernel in 2000 is beyond. */
const near = 3.5;

const kurtosisOf = (values: Float32Array, mean: number, spread: number): number => values.reduce((sum, each) => sum + ((each - mean) / spread) ** 4, 0) / values.length;
const mostOf = (values: Float32Array): number => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);

/** Whether mean, deviation, kurtosis and bounds of numbers are those of draws of an initialiser. */
export function isOf(own: Float32Array, draws: Float32Array): boolean {
  const [mean, there] = [meanOf(own), meanOf(draws)];
  const [spread, wanted] = [spreadOf(own), spreadOf(draws)];
  const errors = Math.sqrt(1 / own.length + 1 / draws.length);
  const [kurtosis, expected] = [kurtosisOf(own, mean, spread), kurtosisOf(draws, there, wanted)];
  // The standard error of a deviation is its size by sqrt((kurtosis - 1) / 4n): 1/sqrt(2n) for the normal distribution.
  if (Math.abs(mean - there) > near * wanted * errors || Math.abs(spread / wanted - 1) > near * errors * Math.sqrt((expected - 1) / 4)) return false;
  // Errors of a kurtosis, for distributions no heavier than the normal one.
  if (Math.abs(kurtosis - expected) > near * errors * Math.sqrt(24)) return false;
  // A uniform distribution has a kurtosis of 1.8, a normal one cut off at two deviations 2.4: both end, and training goes beyond.
  if (expected > 2.7) return true;
  const [most, end] = [mostOf(own), mostOf(draws)];
  // Of n uniform numbers none comes within 8/n of the end in one of exp(8), 3000.
  return most <= 1.01 * end && (expected > 2.1 || most >= (1 - 8 / own.length) * end);
}

/** Numbers over their size, so that kernels of one distribution and several sizes can be looked at together. */
export const scaledTo = (values: Float32Array, size: number): Float32Array => values.map((each) => each / size);

/** What standard initialisers make of a kernel: He (2015), LeCun (1998), Glorot (2010), by numbers in and out. */
const standardSizes = (fanIn: number, fanOut: number): readonly number[] => [Math.sqrt(2 / fanIn), Math.sqrt(1 / fanIn), Math.sqrt(2 / (fanIn + fanOut))];
/** A deviation that somebody writes: one digit, such as 0.02, 0.1 or 0.5. */
const plainSize = (spread: number): number => Number(spread.toPrecision(1));

/** Standard errors beyond which rows or columns differ: one fresh matrix of some 40 is let pass, for one that was trained costs more. */
const unlike = 2.5;
/** Rows and columns of which the sizes can be told, each to a third: chosen here. */
const fewestRows = 8;
/** Numbers from which on a written deviation tells: its error is 2% then, and numbers of one digit are 10 to 100% apart. */
const fewestForPlain = 1024;

/** Whether sums along one axis of a matrix are as unlike as those of independent numbers: a sum of squares of z with its degrees of freedom. */
function isIndependent(sums: readonly number[], expected: number, variance: number): boolean {
  const chi = sums.reduce((sum, each) => sum + (each - expected) ** 2 / variance, 0);
  return Math.abs(chi - sums.length) < unlike * Math.sqrt(2 * sums.length) + 1;
}

/**
 * Whether a matrix [rows, columns] of a model written by hand looks freshly drawn: normal or uniform around 0, of a size
 * that initialisers or people use, and with rows and columns no more unlike than by chance. What is trained gets rows and
 * columns of its own sizes.
 */
export function isFreshlyDrawn(values: Float32Array, rows: number, columns: number): boolean {
  const [mean, spread, n] = [meanOf(values), spreadOf(values), values.length];
  if (Math.min(rows, columns) < fewestRows || !(spread > 0) || Math.abs(mean) > (near * spread) / Math.sqrt(n)) return false;
  const kurtosis = kurtosisOf(values, mean, spread);
  // Normal, cut off at two deviations, uniform.
  const shape = [3, 2.37, 1.8].find((each) => Math.abs(kurtosis - each) < near * Math.sqrt((each === 3 ? 24 : 6) / n));
  if (shape === undefined) return false;
  const error = near * Math.sqrt((shape - 1) / (4 * n));
  if (![...standardSizes(rows, columns), ...(n < fewestForPlain ? [] : [plainSize(spread)])].some((size) => Math.abs(spread / size - 1) < error)) return false;
  const sums = (count: number, along: (i: number) => number, of: (value: number) => number): number[] => {
    const all = new Array<number>(count).fill(0);
    for (const [i, value] of values.entries()) all[along(i)] = (all[along(i)] ?? 0) + of(value / spread);
    return all;
  };
  const axes = [
    { count: columns, length: rows, along: (i: number) => i % columns },
    { count: rows, length: columns, along: (i: number) => Math.floor(i / columns) },
  ];
  return axes.every(({ count, length, along }) => isIndependent(sums(count, along, (z) => z), 0, length) && isIndependent(sums(count, along, (z) => z * z), length, length * (shape - 1)));
}
