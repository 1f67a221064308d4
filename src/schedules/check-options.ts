import type { z } from 'zod';
import { ConfigError, type ConfigProblem } from '../errors.js';
import { listProblems, problemsOf } from '../problems.js';

/**
 * The options with their defaults filled in.
 * @throws ConfigError OPTIONS_INVALID with every problem, not the first alone
 */
export function checkOptions<S extends z.ZodObject>(of: string, schema: S, options: unknown): z.output<S> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw invalidOptions(of, problemsOf(parsed.error, schema, options), `it takes ${Object.keys(schema.shape).join(', ')}`);
}

/** The error for the options of a schedule, with all problems in its message and in `problems`. */
export const invalidOptions = (of: string, problems: readonly ConfigProblem[], expected?: string): ConfigError =>
  new ConfigError('OPTIONS_INVALID', {
    found: `the options of ${of} are invalid: ${listProblems(problems)}`,
    ...(expected !== undefined && { expected }),
    problems,
  });
