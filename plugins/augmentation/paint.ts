import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from 'trainscope/plugin';
import type { Paint } from './transforms.js';

/** Numbers, one a sample, that go with tensors of this rank: [batch, 1, ...]. */
const beside = (values: readonly number[], rank: number): tf.Tensor => tf.tensor([...values], [values.length, ...Array<number>(rank - 1).fill(1)], 'float32');

interface Rectangle {
  readonly top: number;
  readonly height: number;
  readonly left: number;
  readonly width: number;
}

/** Uniform between two numbers. */
const between = (from: number, to: number, random: RandomStream): number => from + (to - from) * random.float();

/**
 * A rectangle inside the image of a share of its area and a ratio that are drawn, as Zhong et al. draw it: up to ten times
 * (torchvision's number) until it fits; none if it never does.
 */
function drawErased({ area, ratio }: Extract<Paint, { kind: 'erase' }>, height: number, width: number, random: RandomStream): Rectangle | undefined {
  for (let i = 0; i < 10; i += 1) {
    const pixels = between(...area, random) * height * width;
    const aspect = Math.exp(between(Math.log(ratio[0]), Math.log(ratio[1]), random));
    const [h, w] = [Math.round(Math.sqrt(pixels * aspect)), Math.round(Math.sqrt(pixels / aspect))];
    if (h >= 1 && w >= 1 && h < height && w < width) return { top: random.int(height - h + 1), height: h, left: random.int(width - w + 1), width: w };
  }
  return undefined;
}

/** A square about a pixel that is drawn: what lies outside is cut off, as in the code of DeVries and Taylor. */
const drawSquare = (size: number, height: number, width: number, random: RandomStream): Rectangle => ({ top: random.int(height) - Math.floor(size / 2), height: size, left: random.int(width) - Math.floor(size / 2), width: size });

/** The images with `value` in each one's rectangle. */
function filled(images: tf.Tensor, rectangles: readonly (Rectangle | undefined)[], value: number): tf.Tensor {
  const [batch = 0, height = 0, width = 0] = images.shape;
  const mask = (size: number, from: (of: Rectangle) => number, length: (of: Rectangle) => number): Float32Array => {
    const marks = new Float32Array(batch * size);
    for (const [i, each] of rectangles.entries()) {
      if (each === undefined) continue;
      marks.fill(1, i * size + Math.max(0, from(each)), i * size + Math.min(size, Math.max(0, from(each) + length(each))));
    }
    return marks;
  };
  const rows = tf.tensor4d(mask(height, (of) => of.top, (of) => of.height), [batch, height, 1, 1]);
  const columns = tf.tensor4d(mask(width, (of) => of.left, (of) => of.width), [batch, 1, width, 1]);
  const inside = tf.mul(rows, columns);
  return tf.add(tf.mul(images, tf.sub(1, inside)), tf.mul(inside, value));
}

/**
 * The inputs, [batch, ...] float32, with one change of numbers.
 * @param changed Which samples: the others come out as they were, though numbers are drawn for them as well.
 */
export function painted(inputs: tf.Tensor, paint: Paint, changed: readonly boolean[], random: RandomStream): tf.Tensor {
  const { rank, shape, size } = inputs;
  const [, height = 1, width = 1] = shape;
  const perSample = size / changed.length;
  /** A number for each of the inputs' numbers; `none` in samples that are not changed. */
  const each = (draw: () => number, none: number): tf.Tensor => {
    const values = new Float32Array(size);
    for (let i = 0; i < size; i += 1) {
      const value = draw();
      values[i] = changed[Math.floor(i / perSample)] === true ? value : none;
    }
    return tf.tensor(values, shape);
  };
  return tf.tidy(() => {
    switch (paint.kind) {
      case 'brightness':
        return tf.add(inputs, beside(changed.map((is) => (between(-paint.by, paint.by, random) * (is ? 1 : 0))), rank));
      case 'contrast': {
        const factors = beside(changed.map((is) => 1 + between(-paint.by, paint.by, random) * (is ? 1 : 0)), rank);
        const mean = tf.mean(inputs, [1, 2], true);
        // Of a factor of 1 exactly the image itself.
        return tf.add(inputs, tf.mul(tf.sub(inputs, mean), tf.sub(factors, 1)));
      }
      case 'cutout':
        return filled(inputs, changed.map((is) => { const square = drawSquare(paint.size, height, width, random); return is ? square : undefined; }), paint.value);
      case 'erase':
        return filled(inputs, changed.map((is) => { const rectangle = drawErased(paint, height, width, random); return is ? rectangle : undefined; }), paint.value);
      case 'noise':
        return tf.add(inputs, each(() => random.normal() * paint.stddev, 0));
      case 'dropout': {
        const dropped = each(() => (random.float() < paint.rate ? 1 : 0), 0);
        return tf.add(tf.mul(inputs, tf.sub(1, dropped)), tf.mul(dropped, paint.value));
      }
    }
  });
}
