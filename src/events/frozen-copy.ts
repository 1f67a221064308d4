import type { JsonRecord } from './json-value.js';

/** The type, read-only all the way down. JSON of any form is so already, and following its recursion would not end. */
export type DeepReadonly<T> = JsonRecord extends T ? T : T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

/**
 * A copy that shares nothing with the original and cannot be changed, at any depth: listeners cannot spoil an event
 * for one another, and whoever emitted it may go on using its own object. For JSON data; keys that hold undefined
 * are left out, as JSON does, so that an event in memory equals its line read back.
 */
export function frozenCopy<T>(value: T): DeepReadonly<T> {
  return copy(value) as DeepReadonly<T>;
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(copy));
  const result: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) {
    if (child === undefined) continue;
    if (key === '__proto__') Object.defineProperty(result, key, { value: copy(child), enumerable: true });
    else result[key] = copy(child);
  }
  return Object.freeze(result);
}
