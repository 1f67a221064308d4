import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect } from 'vitest';
import { DataError, TrainscopeError, type ErrorCode } from '../../src/errors.js';
import { disposeBatch, type Batch, type BatchCursor } from '../../src/data/index.js';

/** A batch as plain numbers, its tensors ended. */
export interface ReadBatch {
  readonly inputs: number[][];
  readonly labels: number[][];
  readonly weights: number[][] | undefined;
  readonly shapes: number[][];
  readonly size: number;
  readonly index: number;
  readonly last: boolean;
  readonly indices: number[] | undefined;
}

export function read(batch: Batch): ReadBatch {
  const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];
  const plain = {
    inputs: batch.inputs.map(numbers),
    labels: batch.labels.map(numbers),
    weights: batch.sampleWeights?.map(numbers),
    shapes: [...batch.inputs, ...batch.labels].map((tensor) => tensor.shape),
    size: batch.size,
    index: batch.index,
    last: batch.last,
    indices: batch.indices && [...batch.indices],
  };
  disposeBatch(batch);
  return plain;
}

/** Every batch of an epoch that comes at once; fails where one is a promise. */
export function readSync(cursor: BatchCursor): ReadBatch[] {
  const all: ReadBatch[] = [];
  for (;;) {
    const batch = cursor.next();
    if (batch instanceof Promise) throw new Error('a batch came as a promise');
    if (batch === undefined) return all;
    all.push(read(batch));
  }
}

export async function readAll(cursor: BatchCursor): Promise<ReadBatch[]> {
  const all: ReadBatch[] = [];
  for (let batch = await cursor.next(); batch !== undefined; batch = await cursor.next()) all.push(read(batch));
  return all;
}

/** The error that an action throws or rejects with; fails where it does neither. */
export async function errorOf(action: () => unknown): Promise<TrainscopeError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof TrainscopeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Expects a DataError of that code with all of the texts in its message. */
export async function expectDataError(action: () => unknown, code: ErrorCode, ...texts: string[]): Promise<void> {
  const error = await errorOf(action);
  expect(error).toBeInstanceOf(DataError);
  expect(error.code).toBe(code);
  for (const text of texts) expect(error.message).toContain(text);
}

/** Runs it and expects that it leaves no tensor behind. */
export async function withoutLeak<T>(action: () => T | Promise<T>): Promise<T> {
  const before = tf.memory().numTensors;
  const result = await action();
  expect(tf.memory().numTensors - before).toBe(0);
  return result;
}
