import type { Points } from './representation.js';

/** Columns of numbers for every sample: [samples, columns], row-major. */
export interface Embedded {
  readonly values: Float32Array;
  readonly columns: number;
}

/** Ridge of this share of a feature's mean square: against features that say the same, too little to bend a fit. */
const ridge = 1e-2;

/** Lower triangle L of a positive definite matrix [d, d], in place: L L' = matrix. */
function cholesky(a: Float64Array, d: number): void {
  for (let i = 0; i < d; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = a[i * d + j] ?? 0;
      for (let k = 0; k < j; k += 1) sum -= (a[i * d + k] ?? 0) * (a[j * d + k] ?? 0);
      a[i * d + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / (a[j * d + j] ?? 1);
    }
  }
}

/** L z = b, in place. */
function forwards(l: Float64Array, d: number, b: Float64Array): void {
  for (let i = 0; i < d; i += 1) {
    let sum = b[i] ?? 0;
    for (let k = 0; k < i; k += 1) sum -= (l[i * d + k] ?? 0) * (b[k] ?? 0);
    b[i] = sum / (l[i * d + i] ?? 1);
  }
}

/**
 * A linear fit of labels on points, scored on each sample without itself (leave-one-out by the hat matrix: Allen 1974,
 * PRESS). Whitened points are kept, so that each order of the labels costs two thin products.
 */
export class LinearProbe {
  /** [n, d], with the hat matrix W W'. */
  readonly #w: Float64Array;
  readonly #leverage: Float64Array;
  readonly #n: number;
  readonly #d: number;

  constructor({ x, dims, indices }: Points) {
    const n = indices.length;
    const d = dims;
    const means = new Float64Array(d);
    for (let i = 0; i < n; i += 1) for (let j = 0; j < d; j += 1) means[j] = (means[j] ?? 0) + (x[i * d + j] ?? 0) / n;
    const w = Float64Array.from(x, (value, at) => value - (means[at % d] ?? 0));
    const gram = new Float64Array(d * d);
    for (let i = 0; i < n; i += 1) {
      for (let a = 0; a < d; a += 1) {
        const value = w[i * d + a] ?? 0;
        if (value === 0) continue;
        for (let b = 0; b <= a; b += 1) gram[a * d + b] = (gram[a * d + b] ?? 0) + value * (w[i * d + b] ?? 0);
      }
    }
    let trace = 0;
    for (let a = 0; a < d; a += 1) trace += gram[a * d + a] ?? 0;
    for (let a = 0; a < d; a += 1) gram[a * d + a] = (gram[a * d + a] ?? 0) + (ridge * trace) / Math.max(1, d) + 1e-9;
    cholesky(gram, d);
    this.#leverage = new Float64Array(n);
    for (let i = 0; i < n; i += 1) {
      const row = w.subarray(i * d, (i + 1) * d);
      forwards(gram, d, row);
      this.#leverage[i] = Math.min(1 - 1e-6, row.reduce((sum, each) => sum + each * each, 0) + 1 / n);
    }
    this.#w = w;
    this.#n = n;
    this.#d = d;
  }

  /** Share of the labels' squares that the fit tells of samples it was not fitted on; below 0 for worse than their mean. */
  score({ values, columns }: Embedded, labelAt: (place: number) => number): number {
    const n = this.#n;
    const d = this.#d;
    const y = new Float64Array(n * columns);
    const means = new Float64Array(columns);
    let used = 0;
    for (let i = 0; i < n; i += 1) {
      const label = labelAt(i);
      if (label < 0) continue;
      used += 1;
      for (let c = 0; c < columns; c += 1) {
        const value = values[label * columns + c] ?? 0;
        y[i * columns + c] = value;
        means[c] = (means[c] ?? 0) + value;
      }
    }
    if (used < n / 2) return NaN;
    const projected = new Float64Array(d * columns);
    for (let i = 0; i < n; i += 1) {
      const known = labelAt(i) >= 0;
      for (let c = 0; c < columns; c += 1) {
        // Where there is no label its mean stands in: it tells nothing then.
        const at = i * columns + c;
        const centred = known ? (y[at] ?? 0) - (means[c] ?? 0) / used : 0;
        y[at] = centred;
        if (centred === 0) continue;
        for (let a = 0; a < d; a += 1) projected[a * columns + c] = (projected[a * columns + c] ?? 0) + (this.#w[i * d + a] ?? 0) * centred;
      }
    }
    let left = 0;
    let total = 0;
    for (let i = 0; i < n; i += 1) {
      if (labelAt(i) < 0) continue;
      for (let c = 0; c < columns; c += 1) {
        let fit = 0;
        for (let a = 0; a < d; a += 1) fit += (this.#w[i * d + a] ?? 0) * (projected[a * columns + c] ?? 0);
        const value = y[i * columns + c] ?? 0;
        left += ((value - fit) / (1 - (this.#leverage[i] ?? 0))) ** 2;
        total += value * value;
      }
    }
    return total > 0 ? 1 - left / total : 0;
  }
}
