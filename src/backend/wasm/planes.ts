import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { floats, type WasmBackend } from './training-kernel.js';

export type Conv3D = Parameters<typeof tf.backend_util.computeConv3DInfo>;

/**
 * Planes of [batch, depth, ...plane]: `count` of each image from `first` on, every `stride`th, as a batch of planes. (The
 * stock slice of five axes takes 12 ms for 28,000 values, a copy of each plane 0.02.)
 */
export function planes(backend: WasmBackend, x: TensorInfo, first: number, count: number, stride: number): TensorInfo {
  const [batch = 0, depth = 0, ...plane] = x.shape;
  const size = tf.util.sizeFromShape(plane);
  const out = backend.makeOutput([batch * count, ...plane], 'float32');
  // Views after the allocation, which may grow the heap.
  const [from, to] = [floats(backend, x), floats(backend, out)];
  for (let image = 0; image < batch; image++) {
    for (let each = 0; each < count; each++) {
      const start = (image * depth + first + each * stride) * size;
      to.set(from.subarray(start, start + size), (image * count + each) * size);
    }
  }
  return out;
}

/** Where planes that were taken lie among all of an image's. */
export interface Taken {
  readonly batch: number;
  /** Of each image. */
  readonly count: number;
  /** Planes of an image in all. */
  readonly depth: number;
  readonly first: number;
  readonly stride: number;
}

/** Adds planes back to where `planes` takes them from. */
export function addPlanes(from: Float32Array, to: Float32Array, { batch, count, depth, first, stride }: Taken): void {
  const size = from.length / (batch * count);
  for (let image = 0; image < batch; image++) {
    for (let each = 0; each < count; each++) {
      const source = (image * count + each) * size;
      const target = (image * depth + first + each * stride) * size;
      for (let at = 0; at < size; at++) to[target + at] = (to[target + at] as number) + (from[source + at] as number);
    }
  }
}
