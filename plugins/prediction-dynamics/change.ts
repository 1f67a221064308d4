import { labelsOf, type Task } from './reading.js';

/** What changed in one output from one look to the next. */
export interface Change {
  /** Mean absolute difference of the compared numbers. */
  readonly meanAbsolute: number;
  /** Share of predicted labels that became others, 0 to 1; null for regression. */
  readonly flipped: number | null;
  /** Mean over the predicted labels of KL(previous || now), nats; null for regression. */
  readonly kl: number | null;
  /** By sample: its mean absolute difference, and how many of its labels flipped. */
  readonly samples: readonly { readonly meanAbsolute: number; readonly flips: number | null }[];
}

/** Keras' epsilon, to which its KLDivergence clips as well: below it a float32 softmax is rounding. */
const smallest = 1e-7;

/** From `before` to `now`, both as probabilities (or plain numbers, for regression), in double precision. */
export function changeBetween(before: readonly number[], now: readonly number[], { samples, width, task }: { samples: number; width: number; task: Task }): Change {
  const labelsBefore = labelsOf(before, width, task);
  const labelsNow = labelsOf(now, width, task);
  const perSample = now.length / samples;
  const labelsPerSample = labelsNow.length / samples;
  const each = Array.from({ length: samples }, (_, sample) => {
    let sum = 0;
    for (let i = sample * perSample; i < (sample + 1) * perSample; i += 1) sum += Math.abs((now[i] ?? NaN) - (before[i] ?? NaN));
    let flips = 0;
    for (let i = sample * labelsPerSample; i < (sample + 1) * labelsPerSample; i += 1) {
      const [was = null, is = null] = [labelsBefore[i], labelsNow[i]];
      if (was !== null && is !== null && was !== is) flips += 1;
    }
    return { meanAbsolute: sum / perSample, flips: task === 'regression' ? null : flips };
  });
  const labelled = task !== 'regression';
  return {
    meanAbsolute: each.reduce((sum, { meanAbsolute }) => sum + meanAbsolute, 0) / samples,
    flipped: labelled ? each.reduce((sum, { flips }) => sum + (flips ?? 0), 0) / labelsNow.length : null,
    kl: labelled ? meanDivergence(before, now, width, task) : null,
    samples: each,
  };
}

/**
 * The mean of KL(p || q) = sum p ln(p / q) over rows; of binary numbers each is a row [p, 1 - p]. Both rows are clipped
 * to at least 1e-7 and made to sum to 1 again, which keeps the divergence at or above 0 and below ln(1e7) = 16.1.
 */
function meanDivergence(before: readonly number[], now: readonly number[], width: number, task: Task): number {
  const rowOf = (values: readonly number[], row: number): readonly number[] => {
    const p = values[row] ?? NaN;
    return task === 'binary' ? [p, 1 - p] : values.slice(row * width, (row + 1) * width);
  };
  const rows = task === 'binary' ? now.length : now.length / width;
  let sum = 0;
  for (let row = 0; row < rows; row += 1) {
    const p = clipped(rowOf(before, row));
    const q = clipped(rowOf(now, row));
    sum += Math.max(0, p.reduce((total, each, i) => total + each * Math.log(each / (q[i] ?? NaN)), 0));
  }
  return sum / rows;
}

function clipped(row: readonly number[]): readonly number[] {
  const above = row.map((value) => Math.max(smallest, value));
  const sum = above.reduce((total, value) => total + value, 0);
  return above.map((value) => value / sum);
}

/** The cosine between the last two changes: 1 same way, -1 back where it came from; NaN when either is nothing. */
export function turning(beforeThat: readonly number[], before: readonly number[], now: readonly number[]): number {
  let dot = 0;
  let first = 0;
  let second = 0;
  for (const [i, value] of now.entries()) {
    const middle = before[i] ?? NaN;
    const a = middle - (beforeThat[i] ?? NaN);
    const b = value - middle;
    dot += a * b;
    first += a * a;
    second += b * b;
  }
  return dot / Math.sqrt(first * second);
}
