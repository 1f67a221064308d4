import { defineLoader, type BySample } from 'trainscope/loader';
import { compressedDigits, digit } from './images.js';

export interface DigitsOptions {
  readonly count: number;
  /** See digit(). */
  readonly warps: number;
}

/** What runs in the loader's thread, and in the training's where one thread does both. */
export const digitsLoader = ({ count, warps }: DigitsOptions): BySample => {
  const digits = compressedDigits(count);
  return { count, sample: (index, { random }) => digit(digits, index, warps, random) };
};

export default defineLoader(digitsLoader);
