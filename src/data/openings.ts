/** How often a source was asked for an iterator. */
export interface Openings {
  count: number;
}

/**
 * By the source itself, as it is the source whose order may change with each opening, whoever opened it: another fit on the
 * same Dataset, or a validation.
 */
const bySource = new WeakMap<object, Openings>();

export function openingsOf(source: object): Openings {
  const known = bySource.get(source);
  if (known !== undefined) return known;
  const openings = { count: 0 };
  bySource.set(source, openings);
  return openings;
}
