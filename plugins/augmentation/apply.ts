import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from 'trainscope/plugin';
import { drawMove, moved, type Affine, type Moving } from './move.js';
import { painted } from './paint.js';
import { isMove, type Transform } from './transforms.js';

/** A change of your own: an input of a batch, [batch, ...], to another of the same shape. Random numbers come from `random` alone. */
export type CustomTransform = (input: tf.Tensor, facts: { readonly random: RandomStream; readonly input: string; readonly step: number }) => tf.Tensor;

export interface Applying extends Moving {
  readonly transforms: readonly Transform[];
  readonly range: readonly [number, number] | undefined;
  /** Gives the stream of each transform, by its place in the list. */
  readonly stream: (place: number) => RandomStream;
  /** Told how many samples a transform has changed. */
  readonly count: (place: number, samples: number) => void;
}

/**
 * One input of a batch, [batch, ...], by all transforms, in their order; successive moves of pixels are one. int32 inputs
 * are computed in float32, rounded, and int32 again.
 */
export function applied(input: tf.Tensor, { transforms, range, stream, count, ...moving }: Applying): tf.Tensor {
  return tf.tidy(() => {
    const [batch = 0, height = 1, width = 1] = input.shape;
    let now = tf.cast(input, 'float32');
    let moves: Affine[][] | undefined;
    const settle = (): void => {
      if (moves?.some((each) => each.length > 0) === true) now = moved(now as tf.Tensor4D, moves, moving);
      moves = undefined;
    };
    for (const [place, transform] of transforms.entries()) {
      const random = stream(place);
      const changed = Array.from({ length: batch }, () => random.float() < transform.p);
      count(place, changed.filter(Boolean).length);
      if (isMove(transform)) {
        const own = (moves ??= Array.from({ length: batch }, () => []));
        for (const [i, isChanged] of changed.entries()) {
          // Drawn for all, so that the numbers of one sample do not depend on another's luck.
          const move = drawMove(transform, height, width, random);
          if (isChanged) own[i]?.push(move);
        }
        continue;
      }
      settle();
      now = painted(now, transform, changed, random);
    }
    settle();
    if (range !== undefined) now = tf.clipByValue(now, range[0], range[1]);
    return input.dtype === 'int32' ? tf.cast(tf.round(now), 'int32') : now;
  });
}
