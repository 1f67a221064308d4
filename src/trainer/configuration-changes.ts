import { isDeepStrictEqual } from 'node:util';

/** A place in a configuration whose value is another one than when the run was saved. */
export interface Change {
  /** `optimizer.learningRate` */
  readonly path: string;
  /** As short JSON; null where there was, or is, none. */
  readonly was: string | null;
  readonly is: string | null;
}

/** More than a person reads: what was configured anew as a whole shows in the first of them. */
const mostChanges = 20;

const short = (value: unknown): string | null => {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? null : text.length > 100 ? `${text.slice(0, 100)}…` : text;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Where two configurations differ, in the order of the first. */
export function changesBetween(was: unknown, is: unknown, path = ''): readonly Change[] {
  if (isDeepStrictEqual(was, is)) return [];
  if (!isRecord(was) || !isRecord(is)) return [{ path, was: short(was), is: short(is) }];
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const own = (record: Readonly<Record<string, unknown>>, key: string): unknown => (Object.hasOwn(record, key) ? record[key] : undefined);
  return keys.flatMap((key) => changesBetween(own(was, key), own(is, key), path === '' ? key : `${path}.${key}`)).slice(0, mostChanges);
}
