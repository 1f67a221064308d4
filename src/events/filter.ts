import { ConfigError, type ConfigProblem } from '../errors.js';
import { didYouMean, nearestName } from '../nearest-name.js';

/** Where a call stands: what a filter sees of it. */
export interface FilterView {
  /** Which occurrence this is, from 1, counted since the filter was attached. */
  readonly count: number;
  readonly step: number;
  readonly epoch: number;
}

/**
 * Which calls a listener or a hook wants. All the conditions given must hold.
 *
 *     { every: 10 }             the 10th, 20th, 30th ... occurrence
 *     { after: 100, before: 200 }  steps 101 to 199: both bounds are excluded, as the words say
 */
export interface Filter<View extends FilterView = FilterView> {
  /** Every n-th occurrence: the n-th, the 2n-th and so on. */
  readonly every?: number;
  /** The n-th occurrence alone: `once: 1` is the first. Not together with `every`. */
  readonly once?: number;
  /** Steps below this one. */
  readonly before?: number;
  /** Steps above this one. */
  readonly after?: number;
  /** Any other condition. */
  readonly when?: (view: View) => boolean;
}

const keys = ['every', 'once', 'before', 'after', 'when'] as const satisfies (keyof Filter)[];

const isUnknown = (key: string | number | undefined): boolean => key !== undefined && !(keys as readonly unknown[]).includes(key);

/**
 * Checks a filter when it is attached, and makes one function of it.
 *
 * @throws ConfigError OPTION_UNKNOWN or OPTIONS_INVALID, with every problem in `problems`
 */
export function compileFilter<View extends FilterView>(filter: Filter<View>): (view: View) => boolean {
  const problems = problemsOf(filter);
  if (problems.length > 0) {
    throw new ConfigError(problems.every(({ path }) => isUnknown(path[0])) ? 'OPTION_UNKNOWN' : 'OPTIONS_INVALID', {
      found: `the filter is wrong: ${problems.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}`,
      expected: `a filter has ${keys.join(', ')}`,
      problems,
    });
  }
  const { every, once, before, after, when } = filter;
  return (view) =>
    (every === undefined || view.count % every === 0) &&
    (once === undefined || view.count === once) &&
    (before === undefined || view.step < before) &&
    (after === undefined || view.step > after) &&
    (when === undefined || when(view));
}

function problemsOf(filter: unknown): ConfigProblem[] {
  if (typeof filter !== 'object' || filter === null) return [{ path: [], message: `is ${typeof filter}; expected an object` }];
  const given = filter as Record<string, unknown>;
  const problems = Object.keys(given).flatMap((key) => problemOf(key, given[key]));
  const { every, once, before, after } = given;
  if (every !== undefined && once !== undefined) problems.push({ path: ['once'], message: 'stands beside every; one of them says it all' });
  if (isCount(before, 0) && isCount(after, 0) && before <= after + 1) {
    problems.push({ path: ['before'], message: `is ${before} and after is ${after}; no step lies between` });
  }
  return problems;
}

function problemOf(key: string, value: unknown): ConfigProblem[] {
  const problem = (message: string): ConfigProblem[] => [{ path: [key], message }];
  if (value === undefined && !isUnknown(key)) return [];
  switch (key) {
    case 'every':
    case 'once':
      return isCount(value, 1) ? [] : problem(`is ${shown(value)}; expected a whole number from 1`);
    case 'before':
    case 'after':
      return isCount(value, 0) ? [] : problem(`is ${shown(value)}; expected a step, a whole number from 0`);
    case 'when':
      return typeof value === 'function' ? [] : problem(`is ${typeof value}; expected a function of the view that returns true or false`);
    default: {
      const suggestion = nearestName(key, keys);
      return [{ path: [key], message: `is not known. ${didYouMean(key, keys)}`.trim(), ...(suggestion === undefined ? {} : { suggestion }) }];
    }
  }
}

const isCount = (value: unknown, least: number): value is number => Number.isInteger(value) && (value as number) >= least;

const shown = (value: unknown): string => (typeof value === 'number' ? String(value) : `of type ${typeof value}`);
