import { z } from 'zod';
import type { ConfigProblem } from '../errors.js';
import { nearestName } from '../nearest-name.js';

/** zod's issues as problems with paths, an unknown key with the nearest known one. */
export function problemsOf(error: z.ZodError, schema: z.ZodType): readonly ConfigProblem[] {
  return error.issues.flatMap((issue): ConfigProblem[] => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    const known = keysAt(schema, path);
    return issue.keys.map((key) => {
      const near = nearestName(key, known);
      return {
        path: [...path, key],
        message: `unknown key "${key}"${known.length === 0 ? '' : `; known are ${known.join(', ')}`}`,
        ...(near === undefined ? {} : { suggestion: near }),
      };
    });
  });
}

/** The keys that an object schema knows at a path, wrappers seen through. */
function keysAt(schema: z.ZodType, path: readonly (string | number)[]): readonly string[] {
  let at: z.core.$ZodType | undefined = schema;
  const bare = (each: z.core.$ZodType | undefined): z.core.$ZodType | undefined => {
    let inner = each;
    while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodNullable || inner instanceof z.ZodPrefault) inner = inner.unwrap();
    return inner;
  };
  for (const part of path) {
    at = bare(at);
    if (at instanceof z.ZodObject) at = (at.shape as Record<string, z.core.$ZodType>)[String(part)];
    else if (at instanceof z.ZodArray) at = at.element;
    else if (at instanceof z.ZodRecord) at = at.valueType;
    else return [];
  }
  at = bare(at);
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

/** Problems as one text, a line each. */
export const listProblems = (problems: readonly ConfigProblem[]): string =>
  problems
    .map(({ path, message, suggestion }) => `${path.length === 0 ? '' : `${path.join('.')}: `}${message}${suggestion === undefined ? '' : ` (did you mean "${suggestion}"?)`}`)
    .join('; ');
