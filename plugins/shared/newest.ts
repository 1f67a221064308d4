/** The values with one more, the oldest left out beyond `length`: a new array, made in one go. */
export const newest = <T>(values: readonly T[], value: T, length: number): T[] => {
  const kept = values.length < length ? values.slice() : values.slice(values.length - length + 1);
  kept.push(value);
  return kept;
};
