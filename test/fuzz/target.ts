import type * as fc from 'fast-check';

/** What a run needs beside its value: a folder that may be written, in the middle of a tree that may not. */
export interface Place {
  readonly folder: string;
}

/** Something of the library that takes what others wrote, and values that nobody should give it. */
export interface Target<Value = unknown> {
  readonly name: string;
  /** Of all runs, as a weight beside the others. Slow targets have a small one. */
  readonly share: number;
  readonly values: fc.Arbitrary<Value>;
  /** Values that are right: the library has to take them, or the fuzzing would not get beyond its first check. */
  readonly sound: () => readonly Value[];
  /**
   * Gives the value to the library. It may end well, or with a TrainscopeError; anything else is a crash, as is a result
   * that is not what was promised: that throws a `Broken`.
   */
  readonly attempt: (value: Value, place: Place) => unknown;
}

/** A call that ended well has given something wrong. */
export class Broken extends Error {}

/** The types of values differ from target to target: outside of it nobody needs them. */
export const target = <Value>(parts: Target<Value>): Target => parts as unknown as Target;
