import type { ProbePredictions } from 'trainscope/plugin';

/** The numbers of one output that are compared: `samples` x `rowsPerSample` rows of `width`, row-major. */
export interface Rows {
  readonly samples: number;
  readonly rowsPerSample: number;
  /** The last axis: classes, or the one number of a [samples] or [samples, 1] output. */
  readonly width: number;
  readonly values: readonly number[];
}

/**
 * [samples, ..., width] as rows of its last axis. Of a sample with more than `maxValues` numbers (an image, a sequence)
 * that many are taken, as whole rows at even distances; one row at least.
 */
export function comparedRows({ shape, values }: ProbePredictions, maxValues: number): Rows {
  const [samples = 0, ...rest] = shape;
  const width = rest.at(-1) ?? 1;
  const positions = rest.slice(0, -1).reduce((product, each) => product * each, 1);
  const rowsPerSample = Math.max(1, Math.min(positions, Math.floor(maxValues / Math.max(1, width))));
  const taken: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    for (let row = 0; row < rowsPerSample; row += 1) {
      const at = (sample * positions + Math.floor((row * positions) / rowsPerSample)) * width;
      for (let i = at; i < at + width; i += 1) taken.push(values[i] ?? NaN);
    }
  }
  return { samples, rowsPerSample, width, values: taken };
}

/** Between these a number of nine digits is one of at most 15 before and behind its point, and the powers of ten are exact. */
const [smallest, largest] = [1e-9, 1e6];
const powers = Array.from({ length: 16 }, (_, i) => 10 ** i);

/** The double with the fewest digits that rounds to the same float32: 0.1 for 0.10000000149. Nine always suffice. */
export function shortFloat(value: number): number {
  const rounded = Math.fround(value);
  const magnitude = Math.abs(rounded);
  if (magnitude >= smallest && magnitude < largest) {
    // A whole number by a power of ten is the double nearest to that decimal: as reading its text, and ten times faster.
    for (let digits = 6, scale = powers[5 - Math.floor(Math.log10(magnitude))] ?? 1; digits <= 9; digits += 1, scale *= 10) {
      const short = (Math.sign(rounded) * Math.round(magnitude * scale)) / scale;
      if (Math.fround(short) === rounded) return short;
    }
  }
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(rounded.toPrecision(digits));
    if (Math.fround(short) === rounded) return short;
  }
  return Number(rounded.toPrecision(9));
}

/** Mean absolute deviation of the samples from their mean, averaged over what is predicted: how far predictions differ by their input. */
export function spreadOf(values: readonly number[], samples: number): number {
  const columns = values.length / samples;
  let sum = 0;
  for (let column = 0; column < columns; column += 1) {
    let mean = 0;
    for (let i = column; i < values.length; i += columns) mean += (values[i] ?? NaN) / samples;
    for (let i = column; i < values.length; i += columns) sum += Math.abs((values[i] ?? NaN) - mean);
  }
  return sum / values.length;
}
