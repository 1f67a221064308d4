import { levelLabel, nonFiniteNames, type EventLine, type JsonRecord, type JsonValue, type TrainscopeEvent } from '../../events/index.js';

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0;

/**
 * An event as a line of a log holds it; undefined for a line that is none. Its data is not checked against a schema and
 * not decoded, as a report reads a million lines and must not fail on one: who takes a field asks what it is.
 */
export function eventOfLine(line: string): TrainscopeEvent | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null) return undefined;
  const { v, runId, seq, time, event, plugin = null, epoch, step, level, data } = json as Record<string, unknown>;
  const milliseconds = typeof time === 'string' ? Date.parse(time) : time;
  if (v !== 1 || typeof runId !== 'string' || !isCount(seq) || typeof milliseconds !== 'number' || !Number.isFinite(milliseconds) || typeof event !== 'string' || !isCount(epoch) || !isCount(step)) return undefined;
  if (typeof data !== 'object' || data === null || !(plugin === null || typeof plugin === 'string')) return undefined;
  return { v, runId, seq, time: milliseconds, event, plugin, epoch, step, level: levelLabel(level as EventLine['level']), data: data as TrainscopeEvent['data'] };
}

const named: ReadonlyMap<unknown, number> = new Map(nonFiniteNames.map((name) => [name, Number(name)]));

/** A number in an event's data, NaN and infinities by name among them; undefined for anything else. */
export const numberIn = (value: unknown): number | undefined => (typeof value === 'number' ? value : named.get(value));

/** A text in an event's data. */
export const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** An object in an event's data; an empty one for anything else. */
export const recordIn = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {});

/** A list in an event's data; an empty one for anything else. */
export const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Deeper than any configuration or evidence; what lies below would only overflow the stack of who writes it. */
const deepest = 32;

/** A value of JSON as it is, but for what lies too deep. */
export function copyIn(value: unknown, depth = 0): JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value !== 'object') return null;
  if (depth >= deepest) return '…';
  if (Array.isArray(value)) return value.map((each) => copyIn(each, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copyIn(each, depth + 1)]));
}

/** An object in an event's data, copied. */
export const copiedRecordIn = (value: unknown): JsonRecord => copyIn(recordIn(value)) as JsonRecord;

/** A value of JSON in words. */
export const wordsIn = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(copyIn(value)));
