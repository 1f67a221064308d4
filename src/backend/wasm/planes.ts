import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Run } from './training-kernel.js';

export type Conv3D = Parameters<typeof tf.backend_util.computeConv3DInfo>;

/** Planes of [batch, depth, ...plane]: `count` of each image from `first` on, every `stride`th, as a batch of planes. */
export function planes(run: Run, x: TensorInfo, first: number, count: number, stride: number): TensorInfo {
  const [batch = 0, , ...plane] = x.shape;
  const begin = [0, first, ...plane.map(() => 0)];
  const end = [batch, first + (count - 1) * stride + 1, ...plane];
  const strides = [1, stride, ...plane.map(() => 1)];
  const masks = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 };
  const taken = run(tf.StridedSlice, { x }, { begin, end, strides, ...masks });
  return run(tf.Reshape, { x: taken }, { shape: [batch * count, ...plane] });
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
