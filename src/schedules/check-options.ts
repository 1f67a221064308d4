import type { z } from 'zod';
import { ConfigError, type ConfigProblem } from '../errors.js';
import { nearestName } from '../nearest-name.js';

type Path = readonly (string | number)[];

/** The names that may stand at a path of the options. */
type KnownAt = (path: Path) => readonly string[];

/**
 * The options with their defaults filled in.
 * @throws ConfigError OPTIONS_INVALID with every problem, not the first alone
 */
export function checkOptions<S extends z.ZodObject>(of: string, schema: S, options: unknown): z.output<S> {
  const parsed = schema.safeParse(options, { reportInput: true });
  if (parsed.success) return parsed.data;
  const known = Object.keys(schema.shape);
  throw invalidOptions(
    of,
    problemsOf(parsed.error, () => known),
    `it takes ${known.join(', ')}`,
  );
}

/** The error for the options of a schedule, with all problems in its message and in `problems`. */
export function invalidOptions(of: string, problems: readonly ConfigProblem[], expected?: string): ConfigError {
  const messages = problems.map(({ message, suggestion }) =>
    suggestion === undefined ? message : `${message} (did you mean "${suggestion}"?)`,
  );
  return new ConfigError('OPTIONS_INVALID', {
    found: `the options of ${of} are invalid: ${messages.join('; ')}`,
    ...(expected !== undefined && { expected }),
    problems,
  });
}

/** zod's issues as problems, one for each key that is wrong. They need `reportInput`, to say what was found. */
export function problemsOf(error: z.ZodError, knownAt: KnownAt): ConfigProblem[] {
  return error.issues.flatMap((issue): ConfigProblem[] => {
    const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => problem([...path, key], 'is not an option', nearestName(key, knownAt(path))));
    }
    if (issue.code === 'invalid_union') {
      const found = valueAt(issue.input, path.at(-1));
      const suggestion = typeof found === 'string' ? nearestName(found, knownAt(path)) : undefined;
      return [problem(path, found === undefined ? 'is missing' : `is ${show(found)}, which is not known`, suggestion)];
    }
    if (issue.code === 'custom') {
      // The checks of the house name their field; a nested one needs its place as well.
      return [{ path, message: path.length > 1 ? `${pathText(path)}: ${issue.message}` : issue.message }];
    }
    return [problem(path, describe(issue.input, issue.message))];
  });
}

const problem = (path: Path, what: string, suggestion?: string): ConfigProblem => ({
  path,
  message: `${pathText(path)} ${what}`,
  ...(suggestion !== undefined && { suggestion }),
});

/** `schedules[1].tMax`. */
export const pathText = (path: Path): string =>
  path.length === 0
    ? 'the value'
    : path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('');

const describe = (found: unknown, message: string): string =>
  `${found === undefined ? 'is missing' : `is ${show(found)}`}, ${expectation(message)}`;

/** What zod expected, without the parts of its message that `describe` says itself. */
const expectation = (message: string): string =>
  message.replace(/^(Too small|Too big|Invalid input|Invalid option): /, '').replace(/, received .*$/, '');

const show = (value: unknown): string => {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
};

export const valueAt = (value: unknown, key: string | number | undefined): unknown =>
  typeof value === 'object' && value !== null && key !== undefined ? (value as Record<string | number, unknown>)[key] : undefined;
