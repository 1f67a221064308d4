import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../../../data/index.js';
import type { Lab } from '../lab.js';
import type { Column, Sample } from '../sample.js';

/** Samples of the one batch that is learned by heart: TheDeepChecker takes 16; twice that shows more classes. */
const smallest = 8;
const largest = 32;
/** Labels of more kinds than this are taken for continuous. */
const manyKinds = 64;

const rowKey = (columns: readonly Column[], index: number): string => columns.map(({ values, width }) => values.subarray(index * width, (index + 1) * width).join()).join(';');

/** Whether a column has a row that differs from its first. */
export function varies(columns: readonly Column[], indices: ArrayLike<number>): boolean {
  const first = indices[0];
  if (first === undefined) return false;
  const key = rowKey(columns, first);
  for (let i = 1; i < indices.length; i += 1) if (rowKey(columns, indices[i] ?? 0) !== key) return true;
  return false;
}

/**
 * A small batch to learn by heart. No input comes twice, so its labels can all be right at once; where there are few
 * kinds of labels, each has about as many samples, so that rare classes are there.
 */
export function smallBatch(lab: Lab): Int32Array {
  const sample = lab.training;
  const want = Math.min(largest, Math.max(smallest, lab.batchSize), sample.count);
  const order = lab.choose(Math.min(sample.count, 1024), 'training/small-batch');
  const seen = new Set<string>();
  const kinds = new Map<string, number[]>();
  for (const index of order) {
    const key = rowKey(sample.inputs, index);
    if (seen.has(key)) continue;
    seen.add(key);
    const kind = rowKey(sample.labels, index);
    kinds.set(kind, [...(kinds.get(kind) ?? []), index]);
    // Of continuous labels the first will do.
    if (kinds.size > manyKinds && seen.size >= want) break;
  }
  const chosen: number[] = [];
  for (let round = 0; chosen.length < Math.min(want, seen.size); round += 1) {
    for (const members of kinds.values()) {
      const next = members[round];
      if (next !== undefined && chosen.length < want) chosen.push(next);
    }
  }
  return Int32Array.from(chosen);
}

/** Samples to train on and others that are held out of it, by their indices in a sample. */
export interface Halves {
  readonly train: Int32Array;
  readonly held: Int32Array;
}

/** A quarter is held out, 128 samples at most: their mean loss is known to an eleventh of its spread. */
export function split(lab: Lab, name: string, of: Sample = lab.training): Halves {
  const order = lab.choose(of.count, name, of);
  const held = Math.min(128, Math.floor(of.count / 4));
  return { train: order.slice(held), held: order.slice(0, held) };
}

/** As many halves as `parts`: each sample is held out once. */
export function folds(lab: Lab, parts: number, name: string, of: Sample = lab.training): readonly Halves[] {
  const order = lab.choose(of.count, name, of);
  return Array.from({ length: parts }, (_, part) => ({ train: order.filter((_each, i) => i % parts !== part), held: order.filter((_each, i) => i % parts === part) }));
}

/** The i-th batch of `size` out of `pool`, going round. */
export function fresh(pool: Int32Array, size: number, i: number): Int32Array {
  const length = Math.max(1, Math.min(size, pool.length));
  return Int32Array.from({ length }, (_, j) => pool[(i * length + j) % Math.max(1, pool.length)] ?? 0);
}

/** The inputs of the batch, all as the mean of them, or, where they are whole numbers, as the first sample's. */
export function blinded(batch: Batch): Batch {
  const inputs = batch.inputs.map((input) =>
    tf.tidy(() => {
      const one = input.dtype === 'float32' ? tf.mean(input, 0, true) : tf.slice(input, 0, 1);
      return tf.tile(one, [input.shape[0], ...input.shape.slice(1).map(() => 1)]);
    }),
  );
  tf.dispose([...batch.inputs]);
  return { ...batch, inputs };
}
