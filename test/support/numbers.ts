/** A small generator for test data (mulberry32), so that a test's numbers are the same on every machine. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const randoms = (count: number, seed: number): Float32Array => Float32Array.from({ length: count }, numbers(seed)).map((x) => x * 2 - 1);

/** The largest |a - b| / max(1, |a|). */
export function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < a.length; i += 1) {
    const apart = Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN)) / Math.max(1, Math.abs(a[i] ?? Number.NaN));
    if (!(apart <= most)) most = apart;
  }
  return most;
}
