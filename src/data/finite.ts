import * as tf from '@tensorflow/tfjs-core';
import { DataError } from '../errors.js';
import type { Batch } from './batch.js';
import type { Column } from './column.js';
import { after, type Eventual } from './eventual.js';
import { labelOf } from './names.js';
import { isTensor } from './recognize.js';
import type { NumericArray } from './source.js';
import type { DataSpec } from './spec.js';
import type { Table } from './table.js';

/** Something to be searched for NaN and infinite numbers. */
interface Candidate {
  readonly label: string;
  readonly content: NumericArray | tf.Tensor;
  /** [samples, ...] */
  readonly shape: readonly number[];
}

interface NonFinite {
  readonly count: number;
  /** The row of the first one. */
  readonly firstSample: number;
}

/** Reads and ends a tensor. webgpu alone cannot read at once (in Node it has no canvas to do so): there, and only there, the answer is a promise. */
export function readAndDispose(tensor: tf.Tensor): Eventual<ArrayLike<number>> {
  if (tf.getBackend() === 'webgpu') return tensor.data().finally(() => tensor.dispose());
  try {
    return tensor.dataSync();
  } finally {
    tensor.dispose();
  }
}

/**
 * Throws DATA_NOT_FINITE where an input, a label or a weight of the table holds NaN or infinite numbers, naming it, their
 * count and the first sample. Host arrays are read through; all tensors together take one reduction and one read.
 * The answer is a promise on webgpu, else it is there at once.
 */
export function checkTableFinite(table: Table): Eventual<void> {
  return checkAll([...table.inputs, ...table.labels, ...table.sampleWeights], (row) => row);
}

/**
 * The same for the tensors of a batch: rejects with DATA_NOT_FINITE. `spec` gives the names; the first sample is named by its
 * place in the source where the batch knows it.
 */
export async function checkFinite(batch: Batch, spec: DataSpec = {}): Promise<void> {
  const candidate = (role: Parameters<typeof labelOf>[0], names: readonly string[] | undefined) => (tensor: tf.Tensor, index: number): Candidate => ({
    label: `batch ${batch.index}: ${labelOf(role, names?.[index])}`,
    content: tensor,
    shape: tensor.shape,
  });
  await checkAll(
    [
      ...batch.inputs.map(candidate('input', spec.inputNames)),
      ...batch.labels.map(candidate('label', spec.labelNames)),
      ...[...new Set(batch.sampleWeights ?? [])].map(candidate('sample weight', spec.labelNames)),
    ],
    (row) => batch.indices?.[row] ?? row,
  );
}

function checkAll(candidates: readonly (Candidate | Column)[], sampleOf: (row: number) => number): Eventual<void> {
  const onDevice: (Candidate & { readonly content: tf.Tensor })[] = [];
  for (const { label, content, shape } of candidates) {
    if (isTensor(content)) {
      // Integers and booleans cannot be NaN.
      if (content.dtype === 'float32') onDevice.push({ label, content, shape });
      continue;
    }
    const found = searchArray(content, shape[0] ?? 1);
    if (found !== undefined) throw notFinite(label, found, sampleOf);
  }
  if (onDevice.length === 0) return;
  const counts = tf.tidy(() => tf.stack(onDevice.map(({ content }) => tf.sum(tf.cast(tf.logicalNot(tf.isFinite(content)), 'float32')))));
  return after(readAndDispose(counts), (numbers) => {
    const guilty = onDevice.find((_, index) => (numbers[index] ?? 0) > 0);
    if (guilty === undefined) return;
    const perSample = tf.tidy(() => tf.sum(tf.reshape(tf.cast(tf.logicalNot(tf.isFinite(guilty.content)), 'float32'), [guilty.shape[0] ?? 1, -1]), 1));
    return after(readAndDispose(perSample), (rows) => {
      const list = Array.from(rows);
      throw notFinite(guilty.label, { count: list.reduce((sum, each) => sum + each, 0), firstSample: list.findIndex((each) => each > 0) }, sampleOf);
    });
  });
}

/** The largest float32: a double beyond it becomes infinite in a tensor. */
const LARGEST = 3.4028234663852886e38;

function searchArray(values: NumericArray, samples: number): NonFinite | undefined {
  if (!(values instanceof Float32Array || values instanceof Float64Array)) return undefined;
  let count = 0;
  let first = -1;
  for (let index = 0; index < values.length; index++) {
    // NaN fails every comparison.
    if (Math.abs(values[index] ?? 0) <= LARGEST) continue;
    if (count === 0) first = index;
    count += 1;
  }
  return count === 0 ? undefined : { count, firstSample: Math.floor(first / (values.length / samples)) };
}

function notFinite(label: string, { count, firstSample }: NonFinite, sampleOf: (row: number) => number): DataError {
  return new DataError('DATA_NOT_FINITE', {
    found: `${label} holds ${count} ${count === 1 ? 'number that is' : 'numbers that are'} NaN or infinite, the first in sample ${sampleOf(firstSample)}`,
    expected: 'a single one makes every weight NaN',
    remedy: 'Drop or fill those samples, and look for a division by 0 in the preprocessing; checkFinite: false lets them through.',
  });
}
