import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from 'trainscope/plugin';
import { beta } from './beta.js';

/** How the samples of a batch are mixed: each with its partner. */
export interface Mixture {
  /** The partner of each sample. */
  readonly partners: Int32Array;
  /** The share of the sample itself in the mixture; the partner has the rest. */
  readonly own: Float32Array;
}

/** A box of an image: rows from top to bottom, columns from left to right, the ends not in it. */
export interface Box {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export interface Drawing {
  readonly alpha: number;
  readonly per: 'batch' | 'sample';
}

/** Shares of Beta(alpha, alpha), one for the batch or one a sample, and partners: each sample is the partner of one. */
export function drawMixture(size: number, { alpha, per }: Drawing, random: RandomStream): Mixture {
  const one = beta(alpha, alpha, random);
  const own = Float32Array.from({ length: size }, (_, i) => (i === 0 || per === 'batch' ? one : beta(alpha, alpha, random)));
  return { partners: random.permutation(size), own };
}

/**
 * A box of 1 - own of the image's area, about a place that is drawn uniformly, cut off at the edges: Yun et al. (2019),
 * equation 2 and their code.
 */
export function drawBox(own: number, height: number, width: number, random: RandomStream): Box {
  const side = Math.sqrt(1 - own);
  const [half, across] = [Math.floor(Math.floor(height * side) / 2), Math.floor(Math.floor(width * side) / 2)];
  const [y, x] = [random.int(height), random.int(width)];
  return { top: Math.max(0, y - half), bottom: Math.min(height, y + half), left: Math.max(0, x - across), right: Math.min(width, x + across) };
}

/** Numbers, one a sample, that go with tensors of this rank: [batch, 1, ...]. */
const beside = (values: Float32Array, rank: number): tf.Tensor => tf.tensor(values, [values.length, ...Array<number>(rank - 1).fill(1)]);

/** own x + (1 - own) x of the partner: [batch, ...] float32. */
export function mixed(tensor: tf.Tensor, { partners, own }: Mixture): tf.Tensor {
  return tf.tidy(() => {
    const x = tf.cast(tensor, 'float32');
    const share = beside(own, x.rank);
    return tf.add(tf.mul(x, share), tf.mul(tf.gather(x, tf.tensor1d(partners, 'int32')), tf.sub(1, share)));
  });
}

/** The image with a box of its partner's in place of its own: [batch, height, width, channels] float32. */
export function pasted(images: tf.Tensor, partners: Int32Array, boxes: readonly Box[]): tf.Tensor {
  return tf.tidy(() => {
    const x = tf.cast(images, 'float32');
    const [batch = 0, height = 0, width = 0] = x.shape;
    const within = (size: number, from: (box: Box) => number, to: (box: Box) => number): Float32Array => {
      const mask = new Float32Array(batch * size);
      for (const [i, box] of boxes.entries()) mask.fill(1, i * size + from(box), i * size + Math.max(from(box), to(box)));
      return mask;
    };
    const rows = tf.tensor4d(within(height, ({ top }) => top, ({ bottom }) => bottom), [batch, height, 1, 1]);
    const columns = tf.tensor4d(within(width, ({ left }) => left, ({ right }) => right), [batch, 1, width, 1]);
    const box = tf.mul(rows, columns);
    return tf.add(tf.mul(x, tf.sub(1, box)), tf.mul(tf.gather(x, tf.tensor1d(partners, 'int32')), box));
  });
}

/** The share of the image that its boxes leave to itself. */
export const shareOutside = ({ top, bottom, left, right }: Box, height: number, width: number): number => 1 - (Math.max(0, bottom - top) * Math.max(0, right - left)) / (height * width);
