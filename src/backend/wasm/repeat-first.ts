import type { TypedArray } from '@tensorflow/tfjs-core';

/** Fills values[from .. from + length - 1] with copies of their first `size`, doubling what is copied. `size` divides `length`. */
export function repeatFirst(values: TypedArray, size: number, length: number, from = 0): void {
  if (size === 1) {
    values.fill(values[from] ?? 0, from, from + length);
    return;
  }
  for (let done = size; done < length; done *= 2) values.copyWithin(from + done, from, from + Math.min(done, length - done));
}
