import { fieldOf, thrownText } from '../thrown-text.js';

/** What can be told of anything that was thrown, in the form that the events about errors have. */
export interface ThrownData {
  readonly message: string;
  readonly code: string | null;
  readonly stack?: string;
}

/** Anything can be thrown, and an error's fields can hold anything: what is no text is told by its text. Never throws. */
export function thrownData(thrown: unknown): ThrownData {
  const code = fieldOf(thrown, 'code');
  const stack = fieldOf(thrown, 'stack');
  const isError = thrown instanceof Error;
  return {
    message: thrownText(thrown),
    code: isError && typeof code === 'string' ? code : null,
    ...(isError && typeof stack === 'string' ? { stack } : {}),
  };
}
