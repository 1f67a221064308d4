import { z } from 'zod';
import type { NamedArray } from './content.js';
import { malformed, unsaveable } from './refusals.js';

/** Kinds of numbers, and what a typed array of each is. The binary files are TensorFlow.js's: values one after the other. */
const kinds = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const satisfies Record<NamedArray['dtype'], unknown>;

/** An array without its values: TensorFlow.js's WeightsManifestEntry. */
export const arraySpec = z.strictObject({ name: z.string(), dtype: z.enum(['float32', 'int32', 'bool']), shape: z.array(z.int().min(0)) });
export type ArraySpec = z.output<typeof arraySpec>;

export const specOf = ({ name, dtype, shape }: NamedArray): ArraySpec => ({ name, dtype, shape: [...shape] });

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, each) => product * each, 1);
const lengthOf = ({ dtype, shape }: Pick<NamedArray, 'dtype' | 'shape'>): number => sizeOf(shape) * kinds[dtype].BYTES_PER_ELEMENT;

/** @throws CheckpointError CHECKPOINT_FORMAT for values that are not what the dtype and the shape say: they could not be read back */
export function checkArrays(checkpoint: string, file: string, arrays: readonly NamedArray[]): void {
  for (const { name, dtype, shape, values } of arrays) {
    const what = `"${name}" for ${file} is ${dtype} of shape [${shape.join(', ')}] with ${String(values.length)} values in a ${values.constructor.name}`;
    if (!(values instanceof kinds[dtype]) || values.length !== sizeOf(shape)) {
      throw unsaveable(checkpoint, what, 'float32 in a Float32Array, int32 in an Int32Array or bool in a Uint8Array, as many as the shape says');
    }
  }
}

/** One after the other, in one copy: a digest can only be made of what lies in one piece. */
export function joinArrays(arrays: readonly NamedArray[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(arrays.reduce((sum, { values }) => sum + values.byteLength, 0));
  let at = 0;
  for (const { values } of arrays) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

/** Bytes that arrays of these shapes take. */
export const bytesOf = (specs: readonly ArraySpec[]): number => specs.reduce((sum, spec) => sum + lengthOf(spec), 0);

/**
 * The arrays again. They share the memory of `bytes` where they can: floats behind an odd number of booleans cannot.
 *
 * @throws CheckpointError CHECKPOINT_FORMAT when the shapes ask for another number of bytes than there are
 */
export function splitArrays(checkpoint: string, file: string, specs: readonly ArraySpec[], bytes: Uint8Array<ArrayBuffer>): readonly NamedArray[] {
  const asked = bytesOf(specs);
  // NaN and Infinity, of shapes that no memory holds, differ as well.
  if (asked !== bytes.byteLength) throw malformed(checkpoint, file, `has ${String(bytes.byteLength)} bytes, and the shapes of its arrays ask for ${String(asked)}`);
  let at = 0;
  return specs.map((spec) => {
    const kind = kinds[spec.dtype];
    const start = bytes.byteOffset + at;
    const length = lengthOf(spec);
    at += length;
    const count = sizeOf(spec.shape);
    const values = start % kind.BYTES_PER_ELEMENT === 0 ? new kind(bytes.buffer, start, count) : new kind(bytes.buffer.slice(start, start + length));
    return { ...spec, values };
  });
}
