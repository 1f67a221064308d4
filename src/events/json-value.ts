import { z } from 'zod';

/** What the data of an event is made of: JSON, with NaN and infinities among the numbers. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonRecord;
export interface JsonRecord {
  readonly [key: string]: JsonValue;
}

/** `{}` and what JSON.parse makes; not an instance of a class, whose JSON would lose what it is. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Deeper than any configuration or evidence that a person reads; it ends the walk round a cycle. */
const maxDepth = 64;

/** True for JSON values, NaN and infinities included. A key that holds undefined is let pass, since JSON leaves it out. */
export function isJsonValue(value: unknown, depth = 0): value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return true;
  if (depth >= maxDepth) return false;
  if (Array.isArray(value)) return value.every((each) => isJsonValue(each, depth + 1));
  return isPlainObject(value) && Object.values(value).every((each) => each === undefined || isJsonValue(each, depth + 1));
}

const notJson = { error: `expected JSON: plain objects, arrays, text, numbers, booleans and null, nested at most ${maxDepth} deep` };

/** Any JSON value. */
export const jsonValue = z.unknown().refine((value) => isJsonValue(value), notJson) as unknown as z.ZodType<JsonValue, JsonValue>;

/** Any JSON object. */
export const jsonRecord = z
  .unknown()
  .refine((value) => isPlainObject(value) && isJsonValue(value), notJson)
  .meta({ type: 'object' }) as unknown as z.ZodType<JsonRecord, JsonRecord>;
