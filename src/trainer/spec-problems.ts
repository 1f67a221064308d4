import { ConfigError, type ConfigProblem, type ErrorCode } from '../errors.js';
import { nearestName } from '../nearest-name.js';
import { listProblems } from '../problems.js';

/** A problem of a specification (loss, metrics, optimizer) with the code that it would be thrown under alone. */
export interface CodedProblem extends ConfigProblem {
  readonly code: ErrorCode;
}

/** One ConfigError with all the problems; its code is the first one's. */
export const problemsError = (what: string, problems: readonly [CodedProblem, ...CodedProblem[]]): ConfigError =>
  new ConfigError(problems[0].code, {
    found: `${what} not valid: ${listProblems(problems)}`,
    problems: problems.map(({ code: _, ...problem }) => problem),
  });

/** Throws the problems together, if there are any. */
export function throwProblems(what: string, [first, ...others]: readonly CodedProblem[]): void {
  if (first !== undefined) throw problemsError(what, [first, ...others]);
}

/** The problem of a name that nothing is called. */
export function unknownName(code: ErrorCode, what: string, name: string, known: readonly string[], path: ConfigProblem['path']): CodedProblem {
  const suggestion = nearestName(name, known);
  return {
    code,
    path,
    message: `unknown ${what} "${name}"${suggestion === undefined ? `; known are ${known.join(', ')}` : ''}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}
