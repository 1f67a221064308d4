import { closest, distance } from 'fastest-levenshtein';

/**
 * The known name nearest to a mistyped one, or undefined when none is near: an edit distance of more than a third
 * of the longer name reads as another word, not as a slip of the finger (git's autocorrection uses a like ratio).
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const lower = new Map(known.map((each) => [each.toLowerCase(), each]));
  const best = closest(name.toLowerCase(), [...lower.keys()]);
  // Two letters that changed places count as two edits: names of four letters and more get that much.
  const longer = Math.max(name.length, best.length);
  const limit = Math.max(longer >= 4 ? 2 : 1, Math.floor(longer / 3));
  return distance(name.toLowerCase(), best) <= limit ? lower.get(best) : undefined;
}

/** ` Did you mean "x"?`, or nothing: to be put behind a message about an unknown name. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  return near === undefined ? '' : `Did you mean "${near}"?`;
}
