import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from 'trainscope/plugin';
import type { Move } from './transforms.js';

/** x' = a x + b y + c, y' = d x + e y + f: from a place in the result to the place in the image that it is taken from. */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

const same: Affine = [1, 0, 0, 0, 1, 0];

/** First `inner`, then `outer`. */
const after = ([a, b, c, d, e, f]: Affine, [g, h, i, j, k, l]: Affine): Affine => [a * g + b * j, a * h + b * k, a * i + b * l + c, d * g + e * j, d * h + e * k, d * i + e * l + f];

/** A turn by the angle (radians, counterclockwise as seen) and a scaling about the centre of an image of this size. */
function aboutCentre(angle: number, scale: number, height: number, width: number): Affine {
  const [x, y] = [(width - 1) / 2, (height - 1) / 2];
  const [cos, sin] = [Math.cos(angle) * scale, Math.sin(angle) * scale];
  return [cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y];
}

/** Uniform between two numbers. */
const between = (from: number, to: number, random: RandomStream): number => from + (to - from) * random.float();

/** Where the pixels come from by one move, drawn for one image of this size. */
export function drawMove(move: Move, height: number, width: number, random: RandomStream): Affine {
  switch (move.kind) {
    case 'flip':
      return move.direction === 'horizontal' ? [-1, 0, width - 1, 0, 1, 0] : [1, 0, 0, 0, -1, height - 1];
    case 'crop':
      return [1, 0, random.int(2 * move.padding + 1) - move.padding, 0, 1, random.int(2 * move.padding + 1) - move.padding];
    case 'rotation':
      return aboutCentre((between(-move.degrees, move.degrees, random) * Math.PI) / 180, 1, height, width);
    case 'translation':
      return [1, 0, between(-move.x, move.x, random) * width, 0, 1, between(-move.y, move.y, random) * height];
    case 'zoom':
      return aboutCentre(0, 1 / between(...move.range, random), height, width);
  }
}

export interface Moving {
  readonly fill: 'zero' | 'reflect' | 'wrap' | 'edge';
  readonly interpolation: 'bilinear' | 'nearest';
}

const fillModes = { zero: 'constant', reflect: 'reflect', wrap: 'wrap', edge: 'nearest' } as const satisfies Record<Moving['fill'], string>;

/** Moves that keep every pixel whole: the nearest one is the very one. */
const isWhole = (each: Affine): boolean => each.every(Number.isInteger);

/**
 * Images [batch, height, width, channels] float32, each moved by its own list, as one kernel call.
 * @param moves One an image: in the order in which they are done; undefined leaves it.
 */
export function moved(images: tf.Tensor4D, moves: readonly (readonly Affine[])[], { fill, interpolation }: Moving): tf.Tensor4D {
  // The first that is done is the last that a place of the result goes through.
  const whole = moves.map((each) => each.reduce((inner, next) => after(inner, next), same));
  const rows = whole.flatMap((each) => [...each, 0, 0]);
  const sampling = whole.every(isWhole) ? 'nearest' : interpolation;
  return tf.tidy(() => tf.image.transform(images, tf.tensor2d(rows, [whole.length, 8]), sampling, fillModes[fill], 0));
}
