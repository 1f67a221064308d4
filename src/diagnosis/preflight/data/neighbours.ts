import type { Points } from './representation.js';

/** For each of `of`, the k nearest of `among`, by their places there: [of.length, k], nearest first, -1 where there are fewer. */
export function nearest(of: Points, among: Points, k: number, leaveOneOut: boolean): Int32Array {
  const n = of.indices.length;
  const m = among.indices.length;
  const { dims } = of;
  const result = new Int32Array(n * k).fill(-1);
  const squares = new Float64Array(m);
  for (let j = 0; j < m; j += 1) {
    let sum = 0;
    for (let d = 0; d < dims; d += 1) sum += (among.x[j * dims + d] ?? 0) ** 2;
    squares[j] = sum;
  }
  const best = new Float64Array(k);
  for (let i = 0; i < n; i += 1) {
    best.fill(Infinity);
    const own = of.indices[i];
    const from = i * dims;
    // Among equals the next in a circle, not always the first: of many equal points no one may be everybody's neighbour.
    for (let step = 1; step <= m; step += 1) {
      const j = (i + step) % m;
      if (leaveOneOut && among.indices[j] === own) continue;
      const to = j * dims;
      let product = 0;
      for (let d = 0; d < dims; d += 1) product += (of.x[from + d] ?? 0) * (among.x[to + d] ?? 0);
      const distance = (squares[j] ?? 0) - 2 * product;
      if (!(distance < (best[k - 1] ?? Infinity))) continue;
      let at = k - 1;
      while (at > 0 && distance < (best[at - 1] ?? Infinity)) {
        best[at] = best[at - 1] ?? Infinity;
        result[i * k + at] = result[i * k + at - 1] ?? -1;
        at -= 1;
      }
      best[at] = distance;
      result[i * k + at] = j;
    }
  }
  return result;
}
