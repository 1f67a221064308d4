/** What can be told of anything that was thrown, in the form that the events about errors have. */
export interface ThrownData {
  readonly message: string;
  readonly code: string | null;
  readonly stack?: string;
}

/** Anything can be thrown: what is not an Error is told by its text. */
export function thrownData(thrown: unknown): ThrownData {
  if (!(thrown instanceof Error)) return { message: textOf(thrown), code: null };
  const { code } = thrown as NodeJS.ErrnoException;
  return {
    message: thrown.message,
    code: typeof code === 'string' ? code : null,
    ...(thrown.stack === undefined ? {} : { stack: thrown.stack }),
  };
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'something that has no text'; // Object.create(null), or a toString that throws
  }
}
