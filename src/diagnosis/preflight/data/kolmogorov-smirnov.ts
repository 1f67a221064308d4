const finiteOnly = (values: Float64Array): Float64Array => (values.every((value) => Number.isFinite(value)) ? values : values.filter((value) => Number.isFinite(value)));

/** Two-sample Kolmogorov-Smirnov of sorted values: the largest distance of two distributions, with its p (Stephens 1970; the first terms of the series). Values that are not finite are left out. */
export function kolmogorovSmirnov(ours: Float64Array, theirs: Float64Array): { readonly distance: number; readonly p: number } {
  const a = finiteOnly(ours);
  const b = finiteOnly(theirs);
  if (a.length === 0 || b.length === 0) return { distance: 0, p: 1 };
  let i = 0;
  let j = 0;
  let distance = 0;
  while (i < a.length && j < b.length) {
    const at = Math.min(a[i] ?? 0, b[j] ?? 0);
    while (i < a.length && (a[i] ?? 0) <= at) i += 1;
    while (j < b.length && (b[j] ?? 0) <= at) j += 1;
    distance = Math.max(distance, Math.abs(i / a.length - j / b.length));
  }
  const effective = Math.sqrt((a.length * b.length) / Math.max(1, a.length + b.length));
  const lambda = (effective + 0.12 + 0.11 / effective) * distance;
  const p = Math.min(1, 2 * (Math.exp(-2 * lambda ** 2) - Math.exp(-8 * lambda ** 2) + Math.exp(-18 * lambda ** 2)));
  return { distance, p: lambda < 0.3 ? 1 : p };
}
