import { CommanderError } from 'commander';
import { errorCodes } from '../errors.js';
import { fieldOf, thrownText } from '../thrown-text.js';
import { exitCodes } from './exit-codes.js';

/** What a command failed with, and how it is told. */
export interface CommandFailure {
  readonly error: unknown;
  readonly exitCode: number;
  /** Behind the message. */
  readonly more: string;
}

/** A training that had begun brings its exit code with it. */
export function failureOf(thrown: unknown): CommandFailure {
  const exitCode = fieldOf(thrown, 'exitCode');
  if (!(thrown instanceof CommanderError) && typeof exitCode === 'number') return { error: fieldOf(thrown, 'cause'), exitCode, more: String(fieldOf(thrown, 'more')) };
  return { error: thrown, exitCode: exitCodes.failed, more: '' };
}

/** For people: the message, and where its code is explained. */
export const errorText = ({ error, more }: CommandFailure): string => `${thrownText(error)}${more}\n`;

/**
 * `{ error: { code, message, ... } }`, with the facts that the error has: what was found and expected, the remedy, and the
 * problems of a config. The code of arguments that commander refuses is OPTIONS_INVALID as well.
 */
export function errorDocument({ error }: CommandFailure): object {
  const text = (field: string): object => {
    const value = fieldOf(error, field);
    return typeof value === 'string' ? { [field]: value } : {};
  };
  const code = error instanceof CommanderError ? 'OPTIONS_INVALID' : (errorCodes.find((each) => each === fieldOf(error, 'code')) ?? null);
  const problems = fieldOf(error, 'problems');
  return {
    error: {
      code,
      message: error instanceof CommanderError ? error.message.replace(/^error: /, '') : thrownText(error),
      ...text('found'),
      ...text('expected'),
      ...text('remedy'),
      ...text('file'),
      ...(Array.isArray(problems) && problems.length > 0 ? { problems: problems as unknown } : {}),
    },
  };
}
