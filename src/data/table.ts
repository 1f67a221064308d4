import * as tf from '@tensorflow/tfjs-core';
import { DataError } from '../errors.js';
import type { Batch } from './batch.js';
import { columnOf, type Column } from './column.js';
import { labelOf, nameValues, type Role } from './names.js';
import { partsOf, type Parts } from './parts.js';
import { isNumericArray, isShapedArray, isTensor } from './recognize.js';
import { checkSampleShape, shapeText, sizeOf } from './shapes.js';
import type { DataSpec } from './spec.js';

/** Samples that fit the model and each other: columns of one length. */
export interface Table {
  readonly size: number;
  readonly inputs: readonly Column[];
  readonly labels: readonly Column[];
  /** None, one for all labels, or one for each. */
  readonly sampleWeights: readonly Column[];
}

/** Which rows: from a place on, or by their indices. */
export type Rows = { readonly start: number; readonly count: number } | { readonly indices: Int32Array };

/**
 * Makes a table of samples and checks it but for NaN. `where` stands before each message: `batch 3 of epoch 0: `.
 * Throws DATA_TYPE, DATA_NAMES, DATA_SHAPE, DATA_EMPTY and DATA_LENGTHS_DIFFER.
 */
export function tableOf(samples: unknown, spec: DataSpec, where = ''): Table {
  const parts = partsOf(samples, where);
  const inputs = columnsOf(parts.inputs, 'input', spec.inputNames, spec.inputDtypes, where);
  const labels = labelColumns(parts, spec, where);
  const sampleWeights = weightColumns(parts, labels.length, spec, where);
  checkNotEmpty([...inputs, ...labels, ...sampleWeights], where);
  inputs.forEach((column, index) => checkSampleShape(column.label, column.shape, spec.inputShapes?.[index]));
  labels.forEach((column, index) => checkSampleShape(column.label, column.shape, spec.labelShapes?.[index]));
  return { size: commonSize([...inputs, ...labels, ...sampleWeights]), inputs, labels, sampleWeights };
}

function columnsOf(value: unknown, role: Role, names: readonly string[] | undefined, dtypes: DataSpec['inputDtypes'], where: string): Column[] {
  return nameValues(value, role, names, where).map((named, index) =>
    columnOf(named.value, {
      label: `${where}${labelOf(role, named.name)}`,
      dtype: role === 'sample weight' ? 'float32' : dtypes?.[index],
      // Inputs of bytes are images and the like, and models compute in float32; labels of integers are class indices or one-hot rows.
      integersAs: role === 'label' ? 'int32' : 'float32',
    }),
  );
}

function labelColumns({ labels }: Parts, spec: DataSpec, where: string): Column[] {
  if (spec.labelNames?.length === 0) return [];
  if (labels === undefined && spec.labelNames === undefined) return [];
  if (labels === undefined) {
    throw new DataError('DATA_NAMES', {
      found: `${where}the samples have no labels`,
      expected: `the model takes ${(spec.labelNames ?? []).map((name) => `"${name}"`).join(', ')}`,
      remedy: 'Give { inputs, labels }.',
    });
  }
  return columnsOf(labels, 'label', spec.labelNames, spec.labelDtypes, where);
}

function weightColumns({ sampleWeights }: Parts, labels: number, spec: DataSpec, where: string): Column[] {
  // Without labels there is nothing to weigh.
  if (sampleWeights === undefined || labels === 0) return [];
  // One array weighs the samples for every label, however many the model has.
  const columns = columnsOf(sampleWeights, 'sample weight', isOneArray(sampleWeights) ? undefined : spec.labelNames, undefined, where);
  if (columns.length !== 1 && columns.length !== labels) {
    throw new DataError('DATA_NAMES', { found: `${where}there are ${columns.length} arrays of sample weights and ${labels} labels`, expected: 'they take one for all labels, or one for each' });
  }
  const odd = columns.find((column) => column.shape.length !== 1);
  if (odd !== undefined) {
    throw new DataError('DATA_SHAPE', { found: `${odd.label} has shape ${shapeText(odd.shape)}`, expected: 'it takes [samples]: one weight a sample', remedy: 'Reshape it with tf.reshape(weights, [-1]).' });
  }
  return columns;
}

const isOneArray = (value: unknown): boolean =>
  isTensor(value) || isNumericArray(value) || isShapedArray(value) || (Array.isArray(value) && ['number', 'boolean'].includes(typeof value[0]));

function checkNotEmpty(columns: readonly Column[], where: string): void {
  const empty = columns.find((column) => sizeOf(column.shape) === 0);
  if (columns.length > 0 && empty === undefined) return;
  throw new DataError('DATA_EMPTY', {
    found: empty === undefined ? `${where}the samples have no inputs` : `${empty.label} is empty, of shape ${shapeText(empty.shape)}`,
    expected: 'there has to be something to train on',
  });
}

function commonSize([first, ...others]: readonly Column[]): number {
  const size = first?.shape[0] ?? 0;
  for (const column of others) {
    const count = column.shape[0] ?? 0;
    if (count !== size) {
      throw new DataError('DATA_LENGTHS_DIFFER', {
        found: `${column.label} has ${count} samples and ${first?.label ?? 'the input'} has ${size}`,
        expected: 'every array takes one row a sample',
        remedy: 'Look for what dropped or added rows in one of them alone.',
      });
    }
  }
  return size;
}

/** A batch of some rows, its tensors marked to outlive tf.tidy: a batch may be made in one place and ended in another. */
export function batchOf(table: Table, rows: Rows, index: number, last: boolean, indices: Int32Array | undefined): Batch {
  const made: tf.Tensor[] = [];
  let shared: tf.Tensor1D | undefined;
  const take = (column: Column): tf.Tensor => {
    const tensor =
      'indices' in rows
        ? column.gather(rows.indices, () => (shared ??= tf.keep(tf.tensor1d(rows.indices, 'int32'))))
        : column.range(rows.start, rows.count);
    made.push(tf.keep(tensor));
    return tensor;
  };
  try {
    const inputs = table.inputs.map(take);
    const labels = table.labels.map(take);
    const weights = table.sampleWeights.map(take);
    const [weight] = weights;
    return {
      inputs,
      labels,
      sampleWeights: weight === undefined ? undefined : weights.length === 1 ? labels.map(() => weight) : weights,
      size: 'indices' in rows ? rows.indices.length : rows.count,
      index,
      last,
      indices,
    };
  } catch (error) {
    tf.dispose(made);
    throw error;
  } finally {
    shared?.dispose();
  }
}
