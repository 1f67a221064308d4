import type { RehearsalStep } from 'trainscope/plugin';

/** Where two runs of the same steps first went apart. */
export interface FirstDifference {
  readonly step: number;
  /** The weight, or `loss` when the losses differ and no weight does. */
  readonly tensor: string;
  readonly maxAbsDifference: number;
}

const largest = (a: Float32Array, b: Float32Array): number => {
  let most = 0;
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const [x, y] = [a[i] ?? Number.NaN, b[i] ?? Number.NaN];
    if (Object.is(x, y)) continue;
    const apart = Math.abs(x - y);
    if (Number.isNaN(apart)) return Number.NaN;
    most = Math.max(most, apart);
  }
  return most;
};

const sameBytes = (a: Float32Array, b: Float32Array): boolean => Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));

/** The first step and tensor in which the two runs differ in as much as a bit, or null. */
export function firstDifference(one: readonly RehearsalStep[], two: readonly RehearsalStep[]): FirstDifference | null {
  for (const [i, a] of one.entries()) {
    const b = two[i];
    if (b === undefined) return { step: a.step, tensor: 'loss', maxAbsDifference: Number.NaN };
    for (const [tensor, values] of a.weights) {
      const others = b.weights.get(tensor) ?? new Float32Array(0);
      if (!sameBytes(values, others)) return { step: a.step, tensor, maxAbsDifference: largest(values, others) };
    }
    if (!Object.is(a.loss, b.loss)) return { step: a.step, tensor: 'loss', maxAbsDifference: Math.abs(a.loss - b.loss) };
  }
  return null;
}
