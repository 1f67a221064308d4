import type { ConfigProblem } from '../errors.js';
import { thrownText } from '../thrown-text.js';

/** What may be wrong with a config file. */
export type ConfigCode = 'CONFIG_NOT_FOUND' | 'CONFIG_SYNTAX' | 'CONFIG_EMPTY' | 'CONFIG_INVALID' | 'CONFIG_PATH_ESCAPES' | 'CONFIG_MODULE';

/** A problem of a config file, with the code that it would be thrown under alone. */
export interface Finding extends ConfigProblem {
  readonly code: ConfigCode;
  readonly cause?: unknown;
}

export const invalid = (path: ConfigProblem['path'], message: string): Finding => ({ code: 'CONFIG_INVALID', path, message });

/** Problems of a part, as findings at the part's place in the file. */
export const findingsAt = (path: ConfigProblem['path'], problems: readonly ConfigProblem[], code: ConfigCode = 'CONFIG_INVALID'): readonly Finding[] =>
  problems.map((problem) => ({ code, path: [...path, ...problem.path], message: problem.message, ...(problem.suggestion === undefined ? {} : { suggestion: problem.suggestion }) }));

/** The problems that an error brings, or its message as one. */
export function problemsOfError(error: unknown): readonly ConfigProblem[] {
  // Not instanceof: the plugin of a package may bring a trainscope of its own.
  if (error instanceof Error && 'problems' in error && Array.isArray(error.problems) && error.problems.length > 0) return error.problems as readonly ConfigProblem[];
  return [{ path: [], message: thrownText(error) }];
}
