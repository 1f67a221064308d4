import type { z } from 'zod';
import { ConfigError } from './errors.js';
import { listProblems, problemsOf } from './problems.js';

/**
 * What a function was given, held to a schema: callers without types, and values that were read from elsewhere, give
 * anything.
 * @param what As a message begins: `options of fileSink`.
 * @throws ConfigError OPTIONS_INVALID with every problem
 */
export function checkArgument<S extends z.ZodType>(what: string, schema: S, given: unknown): z.output<S> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const problems = problemsOf(result.error, schema, given);
  throw new ConfigError('OPTIONS_INVALID', { found: `${what} are not valid: ${listProblems(problems)}`, problems });
}
