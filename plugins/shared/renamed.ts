/**
 * What is remembered of a run, with the names that weights, layers or outputs have now in place of those they had.
 * Names that TensorFlow.js makes up (`dense_Dense3/kernel`) count the layers of the process, so that a model of the same
 * code has others in the next one; the order tells which is which. Names within texts are changed as well, but for
 * numbers: variables of a model written by hand may be called "12".
 *
 * @param value Plain data.
 * @returns the value itself when the names are the same, or when there are more or fewer: then it is another model.
 */
export function renamed<T>(value: T, before: readonly string[], now: readonly string[]): T {
  const names = new Map(before.flatMap((name, i) => (now[i] === undefined || now[i] === name ? [] : [[name, now[i]] as const])));
  if (names.size === 0 || before.length !== now.length) return value;
  const words = [...names.keys()].filter((name) => /\D/.test(name)).map((name) => name.replaceAll(/[^\w\s/]/g, String.raw`\$&`));
  // A layer's name is the beginning of its weights' names, and stands for itself only where it ends.
  const word = new RegExp(`(?<![\\w/])(?:${words.join('|')})(?![\\w/])`, 'g');
  const inText = (text: string): string => names.get(text) ?? (words.length === 0 ? text : text.replaceAll(word, (name) => names.get(name) ?? name));
  const within = (each: unknown): unknown => {
    if (typeof each === 'string') return inText(each);
    if (Array.isArray(each)) return each.map(within);
    return typeof each === 'object' && each !== null ? Object.fromEntries(Object.entries(each).map(([key, child]) => [inText(key), within(child)])) : each;
  };
  return within(value) as T;
}
