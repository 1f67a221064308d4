import type { Lab } from '../lab.js';
import type { Column, Sample } from '../sample.js';
import { goesIntoEmbedding } from './first-kernel.js';

/** Samples as points: near each other where their inputs are alike. */
export interface Points {
  /** Indices within the sample. */
  readonly indices: Int32Array;
  /** [indices.length, dims], row-major. */
  readonly x: Float32Array;
  readonly dims: number;
}

/** Rows that are compared with each other, at most: 1024 x 1024 distances in 64 dimensions are 67 million products. */
export const mostRows = 1024;
/** Wider inputs are projected: distances stay within about 15% for 1024 points (Johnson and Lindenstrauss 1984; Achlioptas 2003). */
const mostDims = 64;
/** Deviations beyond this count no more: a pixel that is on in one sample of a thousand has 30 there and would rule every distance. */
const mostDeviations = 4;
/** Token numbers that get a count of their own; rarer ones share by remainder. */
const mostTokens = 256;

type Row = (row: number, put: (feature: number, value: number) => void) => void;

/** One input as features: numbers as they are; token numbers as counts of each, and as one-hots of each place where those are few. */
function featuresOf(column: Column, tokens: number): { readonly features: number; readonly row: Row } {
  const { values, width } = column;
  if (tokens === 0) {
    return {
      features: width,
      row: (row, put) => {
        for (let j = 0; j < width; j += 1) {
          const value = values[row * width + j] ?? 0;
          // What is not finite is as good as missing: a zero, as all that is not put.
          if (Number.isFinite(value)) put(j, value);
        }
      },
    };
  }
  const places = width > 1 && tokens * width <= 2048 ? width : 0;
  return {
    features: tokens * (1 + places),
    row: (row, put) => {
      const counts = new Map<number, number>();
      for (let j = 0; j < width; j += 1) {
        const value = values[row * width + j] ?? 0;
        const token = Number.isFinite(value) ? Math.max(0, Math.trunc(value)) % tokens : 0;
        counts.set(token, (counts.get(token) ?? 0) + 1);
        if (places > 0) put(tokens * (1 + j) + token, 1);
      }
      for (const [token, count] of counts) put(token, count);
    },
  };
}

/** Of the finite ones; 0 where all are below. */
export function largestOf({ values }: Pick<Column, 'values'>): number {
  let most = 0;
  for (const each of values) if (Number.isFinite(each) && each > most) most = each;
  return most;
}

export interface Fitted {
  readonly points: (sample: Sample, indices: Int32Array) => Points;
}

/** Learns scales from `indices` of `sample`: each feature counts by its own deviation, constant ones not at all. */
export function fitRepresentation(lab: Lab, sample: Sample, indices: Int32Array): Fitted {
  // 0 where the numbers are no tokens.
  const tokens = sample.inputs.map((column, i) => (column.dtype === 'int32' || goesIntoEmbedding(lab, i) ? Math.min(mostTokens, 1 + Math.trunc(largestOf(column))) : 0));
  const parts = (of: Sample): { readonly features: number; readonly row: Row }[] => of.inputs.map((column, i) => featuresOf(column, tokens[i] ?? 0));
  const own = parts(sample);
  const offsets = own.map((_, i) => own.slice(0, i).reduce((sum, each) => sum + each.features, 0));
  const features = own.reduce((sum, each) => sum + each.features, 0);
  const sum = new Float64Array(features);
  const squares = new Float64Array(features);
  const shift = new Float64Array(features);
  // Around the first row, so that a large offset takes no digits from the deviation.
  own.forEach(({ row }, i) => indices.slice(0, 1).forEach((index) => row(index, (j, value) => (shift[(offsets[i] ?? 0) + j] = value))));
  const seen = new Float64Array(features);
  for (const [i, { row }] of own.entries()) {
    const offset = offsets[i] ?? 0;
    for (const index of indices) {
      row(index, (j, value) => {
        const at = offset + j;
        const away = value - (shift[at] ?? 0);
        sum[at] = (sum[at] ?? 0) + away;
        squares[at] = (squares[at] ?? 0) + away * away;
        seen[at] = (seen[at] ?? 0) + 1;
      });
    }
  }
  const count = Math.max(1, indices.length);
  const inverse = new Float64Array(features);
  const middle = new Float64Array(features);
  const kept: number[] = [];
  for (let j = 0; j < features; j += 1) {
    // Features that were not put are zeros.
    const missing = count - (seen[j] ?? 0);
    const from = shift[j] ?? 0;
    const mean = ((sum[j] ?? 0) - missing * from) / count;
    const variance = ((squares[j] ?? 0) + missing * from * from) / count - mean * mean;
    middle[j] = from + mean;
    if (!(variance > 1e-12 * Math.max(1e-30, (middle[j] ?? 0) ** 2))) continue;
    inverse[j] = 1 / Math.sqrt(variance);
    kept.push(j);
  }
  const projected = kept.length > mostDims;
  const dims = projected ? mostDims : kept.length;
  // Signs: as good as normal numbers for a projection (Achlioptas 2003).
  const matrix = projected ? new Float32Array(features * dims) : undefined;
  if (matrix !== undefined) {
    const random = lab.random('data/projection');
    for (const j of kept) {
      let bits = 0;
      for (let d = 0; d < dims; d += 1) {
        if (d % 30 === 0) bits = random.int(2 ** 30);
        matrix[j * dims + d] = (bits & 1 ? 1 : -1) / Math.sqrt(dims);
        bits >>= 1;
      }
    }
  }
  const place = new Int32Array(features).fill(-1);
  kept.forEach((j, d) => (place[j] = d));
  const clipped = (value: number): number => Math.max(-mostDeviations, Math.min(mostDeviations, value));
  const zero = Float64Array.from(middle, (mean, j) => clipped(-mean * (inverse[j] ?? 0)));

  return {
    points: (of, rows) => {
      const x = new Float32Array(rows.length * dims);
      for (const [i, { row }] of parts(of).entries()) {
        const offset = offsets[i] ?? 0;
        for (let r = 0; r < rows.length; r += 1) {
          const base = r * dims;
          row(rows[r] ?? 0, (j, value) => {
            const at = offset + j;
            const by = inverse[at] ?? 0;
            if (by === 0) return;
            // Seen from where a zero is: zeros, which are most of many inputs, then cost nothing, and distances stay.
            const z = value === 0 ? 0 : clipped((value - (middle[at] ?? 0)) * by) - (zero[at] ?? 0);
            if (z === 0) return;
            if (matrix === undefined) {
              const to = base + (place[at] ?? 0);
              x[to] = (x[to] ?? 0) + z;
            } else {
              const from = at * dims;
              for (let d = 0; d < dims; d += 1) x[base + d] = (x[base + d] ?? 0) + z * (matrix[from + d] ?? 0);
            }
          });
        }
      }
      return { indices: rows, x, dims };
    },
  };
}
