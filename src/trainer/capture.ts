import * as tf from '@tensorflow/tfjs-core';
import type { NamedArray } from '../checkpoint/index.js';
import { CheckpointError } from '../errors.js';
import { shapeText } from './loss/label-shapes.js';
import type { ModelWeight } from './model.js';

/** A tensor and the name that it is kept under. */
export interface Named {
  readonly name: string;
  readonly tensor: tf.Tensor;
}

/**
 * Copies of tensors in the memory of the host. On webgpu, which cannot read at once, they are copied on the device
 * before anything is awaited, so that what is trained meanwhile does not show in them.
 *
 * @throws CheckpointError CHECKPOINT_FORMAT for text and complex numbers, which no checkpoint holds
 */
export async function readArrays(named: readonly Named[]): Promise<readonly NamedArray[]> {
  if (tf.getBackend() !== 'webgpu') return named.map(({ name, tensor }) => arrayOf(name, tensor, tensor.dataSync()));
  // A clone shares its buffer, and on this backend nothing is updated in place.
  const held = named.map(({ name, tensor }) => ({ name, tensor: tf.clone(tensor) }));
  try {
    return await Promise.all(held.map(async ({ name, tensor }) => arrayOf(name, tensor, await tensor.data())));
  } finally {
    for (const { tensor } of held) tensor.dispose();
  }
}

function arrayOf(name: string, { dtype, shape }: tf.Tensor, values: ArrayLike<number> | ArrayLike<string>): NamedArray {
  const numbers = values as ArrayLike<number>;
  switch (dtype) {
    case 'float32':
      return { name, dtype, shape, values: numbers instanceof Float32Array ? own(numbers) : Float32Array.from(numbers) };
    case 'int32':
      return { name, dtype, shape, values: numbers instanceof Int32Array ? own(numbers) : Int32Array.from(numbers) };
    case 'bool':
      return { name, dtype, shape, values: numbers instanceof Uint8Array ? own(numbers) : Uint8Array.from(numbers) };
    case 'complex64':
    case 'string':
      throw new CheckpointError('CHECKPOINT_FORMAT', { found: `"${name}" holds ${dtype}`, expected: 'a checkpoint holds float32, int32 and bool' });
  }
}

/** Reading from the heap of wasm makes a copy; others, as cpu, may hand out the very values of the tensor. */
const own = <T extends Float32Array | Int32Array | Uint8Array>(values: T): T => (tf.getBackend() === 'wasm' ? values : (values.slice() as T));

/** Whether every number is finite. */
export const areFinite = (arrays: readonly NamedArray[]): boolean =>
  arrays.every(({ dtype, values }) => {
    if (dtype !== 'float32') return true;
    // 0 times a number that is not finite is NaN, and stays so in the sum.
    let sum = 0;
    for (let i = 0; i < values.length; i += 1) sum += (values[i] ?? 0) * 0;
    return sum === 0;
  });

/** The arrays as tensors, the caller's to end. */
export const toTensors = (arrays: readonly NamedArray[]): readonly Named[] => arrays.map(({ name, dtype, shape, values }) => ({ name, tensor: tf.tensor(values, [...shape], dtype) }));

/**
 * Which array belongs to which weight, saved under one of `names`: by name where all names are there, or by their order, since the names that
 * TensorFlow.js makes up (`dense_Dense3/kernel`) differ from process to process.
 *
 * @throws CheckpointError WEIGHTS_MISMATCH for another number of weights, or other shapes
 */
export function matchWeights(weights: readonly ModelWeight[], names: readonly string[], arrays: readonly NamedArray[], checkpoint: string): readonly { readonly weight: ModelWeight; readonly array: NamedArray }[] {
  const mismatch = (found: string, expected: string): CheckpointError =>
    new CheckpointError('WEIGHTS_MISMATCH', { found: `the checkpoint "${checkpoint}" ${found}`, expected, remedy: 'Resume with the model that was saved, built by the same code.' });
  if (weights.length !== arrays.length) throw mismatch(`holds ${String(arrays.length)} weights`, `the model has ${String(weights.length)}`);
  const byName = new Map(arrays.map((array) => [array.name, array]));
  const named = names.every((name) => byName.has(name));
  return weights.map((weight, i) => {
    const array = named ? byName.get(names[i] ?? weight.info.name) : arrays[i];
    if (array === undefined) throw mismatch(`has no weight in the place ${String(i)}`, `the model's is "${weight.info.name}"`);
    const shapes = [array.shape, weight.info.shape].map((shape) => shapeText(shape));
    if (shapes[0] !== shapes[1]) throw mismatch(`holds "${array.name}" of shape ${String(shapes[0])}`, `the model's "${weight.info.name}" has shape ${String(shapes[1])}`);
    if (array.dtype !== weight.variable.dtype) throw mismatch(`holds "${array.name}" as ${array.dtype}`, `the model's "${weight.info.name}" is ${weight.variable.dtype}`);
    return { weight, array };
  });
}
