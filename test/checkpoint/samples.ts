import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { CheckpointContent, CheckpointFacts, NamedArray } from '../../src/checkpoint/index.js';

/** A folder of its own for each test of a file. */
export function useFolder(): { readonly path: string } {
  const held = { path: '' };
  beforeEach(() => {
    held.path = mkdtempSync(join(tmpdir(), 'checkpoint-'));
  });
  afterEach(() => {
    rmSync(held.path, { recursive: true, force: true });
  });
  return held;
}

/** float32 by its bits: NaN with a payload, -0, the smallest denormal, -Infinity. No conversion may touch them. */
const oddBits = Uint32Array.of(0x7fc12345, 0x80000000, 0x00000001, 0xff800000);

export const floats = (name: string, ...values: readonly number[]): NamedArray => ({ name, dtype: 'float32', shape: [values.length], values: Float32Array.from(values) });

/** Something of everything; `value` tells one checkpoint from another. */
export const contentOf = (value: number): CheckpointContent => ({
  weights: [
    { name: 'odd', dtype: 'float32', shape: [2, 2], values: new Float32Array(oddBits.slice().buffer) },
    { name: 'flags', dtype: 'bool', shape: [3], values: Uint8Array.of(1, 0, 1) },
    floats('behind an odd number of bytes', value, -value),
    { name: 'counts', dtype: 'int32', shape: [], values: Int32Array.of(-(2 ** 31)) },
    { name: 'nothing', dtype: 'float32', shape: [0, 4], values: new Float32Array(0) },
  ],
  optimizer: [floats('odd/m', value + 0.5)],
  snapshots: { 'early stopping, "best"': [floats('odd', 7)], ['__proto__']: [floats('a', 1), floats('b', 2)], none: [] },
  state: { value, text: 'NaN ☃ \ud800', list: [null, true, 1e-308], ['__proto__']: { polluted: 1 } },
  topology: null,
});

export const factsOf = (seq: number, more: Partial<CheckpointFacts> = {}): CheckpointFacts => ({
  runId: 'run-1',
  attempt: 1,
  seq,
  epoch: 0,
  step: seq,
  time: 1_700_000_000_000,
  reason: 'every step',
  metric: null,
  lasting: false,
  finite: true,
  ...more,
});
