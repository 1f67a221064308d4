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

/** Moves that keep every pixel whole: the nearest one is the very one. */
const isWhole = (each: Affine): boolean => each.every(Number.isInteger);

const modulo = (value: number, by: number): number => ((value % by) + by) % by;

/** The place within an image that stands in for one outside, along an axis of this size; -1: there is none. */
const fillings: Readonly<Record<Moving['fill'], (at: number, size: number) => number>> = {
  zero: (at, size) => (at < 0 || at >= size ? -1 : at),
  edge: (at, size) => Math.min(Math.max(at, 0), size - 1),
  wrap: (at, size) => modulo(at, size),
  // Mirrored at the outer edge of the last pixel, again and again: c b a | a b c | c b a.
  reflect: (at, size) => {
    const place = modulo(at, 2 * size);
    return place < size ? place : 2 * size - 1 - place;
  },
};

/** One pixel for each pixel of the result, of all images: its number among the images' pixels, and its weight. */
interface Taken {
  readonly pixels: Int32Array;
  readonly weights: Float32Array;
}

/**
 * Images [batch, height, width, channels] float32, each moved by its own list. The places are computed here, in double
 * precision: the kernel of tf.image.transform fills in other pixels on wasm than on cpu (TensorFlow.js 4.22).
 * @param moves One an image: in the order in which they are done; an empty one leaves it.
 */
export function moved(images: tf.Tensor4D, moves: readonly (readonly Affine[])[], { fill, interpolation }: Moving): tf.Tensor4D {
  const [batch, height, width, channels] = images.shape;
  // The first that is done is the last that a place of the result goes through.
  const whole = moves.map((each) => each.reduce((inner, next) => after(inner, next), same));
  const taken = placesOf(whole, [batch, height, width], { fill, interpolation: whole.every(isWhole) ? 'nearest' : interpolation });
  return tf.tidy(() => {
    const rows = tf.reshape(images, [batch * height * width, channels]);
    const parts = taken.map(({ pixels, weights }) => {
      const part = tf.gather(rows, tf.tensor1d(pixels, 'int32'));
      // Whole pixels that are all there have no weights to speak of.
      return weights.every((weight) => weight === 1) ? part : tf.mul(part, tf.tensor2d(weights, [weights.length, 1]));
    });
    return tf.reshape<tf.Rank.R4>(parts.reduce((sum, part) => tf.add(sum, part)), images.shape);
  });
}

/** For each pixel of the result the one, or the four, that it is made of. */
function placesOf(moves: readonly Affine[], [batch, height, width]: readonly [number, number, number], { fill, interpolation }: Moving): readonly Taken[] {
  const inside = fillings[fill];
  const size = batch * height * width;
  const corners = interpolation === 'nearest' ? [[0, 0]] as const : ([[0, 0], [0, 1], [1, 0], [1, 1]] as const);
  const taken = corners.map(() => ({ pixels: new Int32Array(size), weights: new Float32Array(size) }));
  let at = 0;
  for (const [image, [a, b, c, d, e, f]] of moves.entries()) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const [fromX, fromY] = [a * x + b * y + c, d * x + e * y + f];
        const [left, top] = interpolation === 'nearest' ? [Math.round(fromX), Math.round(fromY)] : [Math.floor(fromX), Math.floor(fromY)];
        for (const [i, [down, right]] of corners.entries()) {
          const [row, column] = [inside(top + down, height), inside(left + right, width)];
          const place = taken[i];
          if (place === undefined || row < 0 || column < 0) continue;
          place.pixels[at] = (image * height + row) * width + column;
          place.weights[at] = interpolation === 'nearest' ? 1 : Math.abs(1 - down - (fromY - top)) * Math.abs(1 - right - (fromX - left));
        }
        at += 1;
      }
    }
  }
  return taken;
}
