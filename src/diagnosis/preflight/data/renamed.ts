import type { Lab } from '../lab.js';
import { nearest } from './neighbours.js';
import { probesOf, upperTail } from './predictability.js';
import { classCounts, type ClassTarget } from './targets.js';

const k = 10;
/** Share of a class with another's name to tell of, beyond what other shares of the classes explain. */
const least = 0.2;
/** Validation samples of a class that tell about it. */
const fewest = 15;

export interface Renamed {
  readonly looksLike: number;
  readonly labelled: number;
  /** Share of `labelled` among the training neighbours of validation samples of the class `looksLike`. */
  readonly share: number;
  /** The same among their validation neighbours. */
  readonly control: number;
}

/** Counts of each label among neighbours, a row for each point. */
function votes(pairs: Int32Array, rows: number, labelAt: (place: number) => number, classes: number): Float64Array {
  const counts = new Float64Array(rows * classes);
  for (let i = 0; i < rows; i += 1) {
    for (let slot = i * k; slot < (i + 1) * k; slot += 1) {
      const place = pairs[slot] ?? -1;
      const label = place < 0 ? -1 : labelAt(place);
      if (label >= 0 && label < classes) counts[i * classes + label] = (counts[i * classes + label] ?? 0) + 1 / k;
    }
  }
  return counts;
}

/** Deviations of the difference of two shares, of the counts x of n and y of m. */
const apart = (x: number, n: number, y: number, m: number): number => {
  const pooled = (x + y) / (n + m);
  return (x / n - y / m) / Math.sqrt(Math.max(1e-12, pooled * (1 - pooled) * (1 / n + 1 / m)));
};

/** Whether class a has fewer and b more samples than in validation, clearly, and both together as many. */
function exchanged(ours: readonly number[], theirs: readonly number[], a: number, b: number): boolean {
  const [n, m] = [ours, theirs].map((counts) => counts.reduce((sum, each) => sum + each, 0));
  const at = (counts: readonly number[], ...classes: readonly number[]): number => classes.reduce((sum, each) => sum + (counts[each] ?? 0), 0);
  if (n === undefined || m === undefined || n + m === 0 || at(ours, a, b) === n) return false;
  const z = (...classes: readonly number[]): number => apart(at(ours, ...classes), n, at(theirs, ...classes), m);
  return z(a) < -3 && z(b) > 3 && Math.abs(z(a, b)) < 2.5;
}

/**
 * A part of one class that has another's name in training: validation samples of the class lie among training samples of
 * both names, and among validation samples of its own. Everywhere alike: where the two classes meet, or have moved, some
 * samples have neighbours of one name alone, and others of the other.
 */
export function renamed(lab: Lab, own: ClassTarget, held: ClassTarget): Renamed | undefined {
  const { across } = probesOf(lab);
  if (across === undefined) return undefined;
  const { of, among } = across;
  const classes = Math.max(own.classes, held.classes);
  const rows = of.indices.length;
  const labels = Array.from(of.indices, (index) => held.values[index] ?? -1);
  const there = votes(nearest(of, among, k, false), rows, (place) => own.values[among.indices[place] ?? 0] ?? -1, classes);
  const here = votes(nearest(of, of, k, true), rows, (place) => labels[place] ?? -1, classes);
  const [ours, theirs] = [classCounts(own), classCounts(held)];
  /** How often neighbours have the label itself or `other`, of samples for which `isIt` holds. */
  const agreement = (counts: Float64Array, isIt: (label: number) => boolean, other?: number): number => {
    const rows_ = labels.flatMap((label, i) => (isIt(label) && label >= 0 ? [(counts[i * classes + label] ?? 0) + (other === undefined ? 0 : (counts[i * classes + other] ?? 0))] : []));
    return rows_.reduce((sum, each) => sum + each, 0) / Math.max(1, rows_.length);
  };
  /** Validation that comes from elsewhere lies among other classes altogether: then names are not what differs. */
  const isElsewhere = (a: number, b: number): boolean => {
    const others = (label: number): boolean => label !== a && label !== b;
    const members = (label: number): boolean => label === a;
    return agreement(there, others) < agreement(here, others) - 0.1 || agreement(there, members, b) < agreement(here, members, b) - 0.1;
  };
  let found: (Renamed & { readonly excess: number }) | undefined;
  for (let a = 0; a < classes; a += 1) {
    const members = labels.flatMap((label, i) => (label === a ? [i] : []));
    const n = members.length;
    if (n < fewest) continue;
    const mean = (of_: Float64Array, label: number): number => members.reduce((sum, i) => sum + (of_[i * classes + label] ?? 0), 0) / n;
    // Some of the class still have its name: where none have, validation is numbered in another way.
    if (mean(there, a) < 0.1) continue;
    for (let b = 0; b < classes; b += 1) {
      const share = b === a ? 0 : mean(there, b);
      if (share < least) continue;
      const control = mean(here, b);
      const deviation = Math.sqrt(members.reduce((sum, i) => sum + ((there[i * classes + b] ?? 0) - (here[i * classes + b] ?? 0) - share + control) ** 2, 0) / (n - 1));
      const error = Math.max(deviation, 0.05) / Math.sqrt(n);
      // More of b beside a than in validation brings more of b where the two overlap, by Bayes' rule.
      // Where b gained what a lost, and more classes show that it is these two alone, the names explain the shares.
      const odds = exchanged(ours, theirs, a, b) ? 1 : ((ours[b] ?? 0) / Math.max(1, ours[a] ?? 0)) * ((theirs[a] ?? 0) / Math.max(1, theirs[b] ?? 0));
      const most = Math.min(1, control + 2 * error);
      const expected = odds > 1 ? (most * odds) / (most * odds + 1 - most) : most;
      const excess = share - expected;
      const spread = members.reduce((sum, i) => sum + ((there[i * classes + b] ?? 0) - share) ** 2, 0) / (n - 1);
      // Names drawn one by one spread by share (1 - share) / 10; those of a region by ten times that.
      const isEverywhere = spread < 0.35 * share * (1 - share);
      if (excess < least || !isEverywhere || isElsewhere(a, b) || upperTail((share - control) / error) * classes * (classes - 1) > 1e-4) continue;
      if (found === undefined || excess > found.excess) found = { looksLike: a, labelled: b, share, control, excess };
    }
  }
  return found === undefined ? undefined : { looksLike: found.looksLike, labelled: found.labelled, share: found.share, control: found.control };
}
