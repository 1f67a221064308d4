import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig } from '@tensorflow/tfjs-core';
import { repeatFirst } from './repeat-first.js';
import { input, type TrainingKernel } from './training-kernel.js';

/**
 * Repeats a tensor along its axes by copying what lies side by side. The stock kernel works the place of each element
 * out: 55 ms for a million, which is what batch normalisation asks for in every backward pass. No temporaries.
 * Shapes: x [...sizes], result [...sizes x reps]; float32, int32 or bool.
 */
export const tile: TrainingKernel = {
  name: tf.Tile,
  make: (stock) => (call) => {
    const { attrs, backend } = call;
    const x = input(call, 'x');
    const reps = attrs['reps'] as number[];
    if (x.dtype === 'string' || x.shape.length === 0) return stock(call);
    const shape = x.shape.map((size, axis) => size * (reps[axis] ?? 1));
    const out = backend.makeOutput(shape, x.dtype);
    if (shape.includes(0)) return out;
    const from = backend.typedArrayFromHeap(x);
    const to = backend.typedArrayFromHeap(out);
    // What lies below the innermost axis that repeats or is repeated is copied in one piece.
    const last = reps.findLastIndex((count) => count !== 1);
    const piece = tf.util.sizeFromShape(x.shape.slice(Math.max(0, last)));
    let read = 0;
    /** Writes all below `axis` at `at`, and says how much that is. */
    const write = (axis: number, at: number): number => {
      let length = 0;
      if (axis >= last) {
        if (piece === 1) to[at] = from[read] as number;
        else to.set(from.subarray(read, read + piece), at);
        read += piece;
        length = piece;
      } else {
        for (let each = 0; each < (x.shape[axis] as number); each++) length += write(axis + 1, at + length);
      }
      const count = reps[axis] ?? 1;
      if (count > 1) repeatFirst(to, length, length * count, at);
      return length * count;
    };
    write(0, 0);
    return out;
  },
};

/** The gradient configurations that are ours, so that a second call does not put them in front of themselves. */
const ours = new WeakSet<GradConfig>();

/**
 * Makes the gradient of a tile one sum where wasm is in use. TensorFlow.js's own adds a slice for each repetition, of
 * which layer normalisation of [16, 32, 64] has 512 times two: four fifths of a small transformer's step. On other
 * backends its own goes on.
 */
export function addTileGradient(): void {
  const stock = tf.getGradient(tf.Tile) as GradConfig | undefined;
  if (stock === undefined || ours.has(stock)) return;
  const config: GradConfig = {
    ...stock,
    gradFunc: (dy, saved, attrs) => {
      const [x] = saved;
      if (tf.getBackend() !== 'wasm' || x === undefined || Array.isArray(dy)) return stock.gradFunc(dy, saved, attrs);
      const reps = attrs['reps'] as number[];
      return {
        x: () => {
          // Of each axis, the repetitions and what is repeated: [reps0, size0, reps1, size1, ...]; those of 1 are left out.
          const parts = x.shape.flatMap((size, axis) => [{ size: reps[axis] ?? 1, repeats: true }, { size, repeats: false }]).filter(({ size }) => size !== 1);
          const summed = parts.flatMap(({ repeats }, at) => (repeats ? [at] : []));
          const split = tf.reshape(dy, parts.map(({ size }) => size));
          return tf.reshape(summed.length === 0 ? split : summedOver(split, summed), x.shape);
        },
      };
    },
  };
  ours.add(config);
  tf.unregisterGradient(tf.Tile);
  tf.registerGradient(config);
}

/** Sums over axes, one run of neighbours at a time from the last: each is then a sum of rows, without a transpose. */
function summedOver(x: tf.Tensor, axes: readonly number[]): tf.Tensor {
  const runs: number[][] = [];
  for (const axis of axes) {
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1) === axis - 1) run.push(axis);
    else runs.push([axis]);
  }
  return runs.reduceRight<tf.Tensor>((sum, run) => tf.sum(sum, run), x);
}
