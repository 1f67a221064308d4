/** The message of an error, or the text of anything else. Never throws. */
export const thrownText = (thrown: unknown): string => textOf(thrown instanceof Error ? fieldOf(thrown, 'message') : thrown);

/** The name of an error; Error for anything else. Never throws. */
export function thrownName(thrown: unknown): string {
  const name = thrown instanceof Error ? fieldOf(thrown, 'name') : undefined;
  return name === undefined ? 'Error' : textOf(name);
}

/** A getter may throw as well. */
export function fieldOf(thrown: unknown, field: string): unknown {
  try {
    return (thrown as Partial<Record<string, unknown>> | null | undefined)?.[field];
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'something that has no text'; // Object.create(null), or a toString that throws
  }
}
