import type { Lab } from '../lab.js';

const memories = new WeakMap<Lab, Map<string, Promise<unknown>>>();

/** What several checks ask of a lab is made once. `key` stands for one type. */
export function once<T>(lab: Lab, key: string, make: () => Promise<T>): Promise<T> {
  const memory = memories.get(lab) ?? new Map<string, Promise<unknown>>();
  memories.set(lab, memory);
  const known = memory.get(key) as Promise<T> | undefined;
  if (known !== undefined) return known;
  const made = make();
  memory.set(key, made);
  return made;
}
