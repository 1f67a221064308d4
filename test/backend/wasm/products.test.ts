import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { difference, fixed, fixedValues, leavingNothing, onBoth, useWasm } from '../on-backends.js';

const size = (shape: readonly number[]): number => shape.reduce((all, each) => all * each, 1);

/** A batched product in double precision, with batch dimensions broadcast as numpy.matmul documents it. */
function reference(aShape: number[], bShape: number[], transposeA: boolean, transposeB: boolean): { shape: number[]; values: Float64Array } {
  const a = fixedValues(size(aShape));
  const b = fixedValues(size(bShape), 2);
  const [aRows, aColumns] = aShape.slice(-2) as [number, number];
  const [bRows, bColumns] = bShape.slice(-2) as [number, number];
  const [m, k, n] = [transposeA ? aColumns : aRows, transposeA ? aRows : aColumns, transposeB ? bRows : bColumns];
  const rank = Math.max(aShape.length, bShape.length) - 2;
  const lead = (shape: number[]): number[] => [...Array<number>(rank - (shape.length - 2)).fill(1), ...shape.slice(0, -2)];
  const [aLead, bLead] = [lead(aShape), lead(bShape)];
  const outer = aLead.map((length, at) => (length === 1 ? bLead[at]! : length));
  const values = new Float64Array(size(outer) * m * n);
  for (let batch = 0; batch < size(outer); batch++) {
    let rest = batch;
    let [aAt, bAt, aStep, bStep] = [0, 0, 1, 1];
    for (let axis = rank - 1; axis >= 0; axis--) {
      const index = rest % outer[axis]!;
      rest = Math.floor(rest / outer[axis]!);
      if (aLead[axis]! > 1) aAt += index * aStep;
      if (bLead[axis]! > 1) bAt += index * bStep;
      aStep *= aLead[axis]!;
      bStep *= bLead[axis]!;
    }
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++)
        for (let l = 0; l < k; l++) {
          values[(batch * m + i) * n + j]! +=
            a[aAt * m * k + (transposeA ? l * m + i : i * k + l)]! * b[bAt * k * n + (transposeB ? j * k + l : l * n + j)]!;
        }
  }
  return { shape: [...outer, m, n], values };
}

/** [m, k, n]: vectors, primes, both sides of the sizes at which transposes and slices begin to pay. */
const sizes = [[1, 1, 1], [1, 7, 5], [5, 1, 7], [7, 5, 1], [3, 4, 5], [13, 17, 11], [32, 32, 32], [20, 21, 19], [40, 50, 60], [1, 100, 97], [97, 100, 1]] as const;
const batches = [[[], []], [[3], [3]], [[1], [3]], [[3], [1]], [[2, 1], [1, 3]], [[2, 3], [2, 1]], [[2, 3], [3]], [[3], [2, 3]], [[2], []], [[], [2]]] as const;
const transposes = [[false, false], [true, false], [false, true], [true, true]] as const;

describe('products on wasm agree with double precision', () => {
  beforeAll(useWasm);

  // Past a block of 256 rows and of 512 inner values, with every number of last rows and columns.
  test.each([[257, 513, 9], [258, 515, 10], [259, 1030, 11], [4, 600, 24], [3, 5, 37], [260, 3, 13]])('%dx%dx%d, past the edges of blocks, every transpose', (m, k, n) => {
    for (const [transposeA, transposeB] of transposes) {
      const [aShape, bShape] = [transposeA ? [k, m] : [m, k], transposeB ? [n, k] : [k, n]];
      const [found] = leavingNothing(() => tf.matMul(fixed(aShape), fixed(bShape, 2), transposeA, transposeB));
      // Sums of up to 1,030 products in float32.
      expect(difference(found!.values, reference(aShape, bShape, transposeA, transposeB).values)).toBeLessThan(3e-5);
    }
  });

  for (const [m, k, n] of sizes) {
    test.each(batches.map(([a, b]) => [JSON.stringify(a), JSON.stringify(b), a, b] as const))(`${m}x${k}x${n}, batches %s and %s, every transpose`, (_a, _b, aBatch, bBatch) => {
      for (const [transposeA, transposeB] of transposes) {
        const aShape = [...aBatch, ...(transposeA ? [k, m] : [m, k])];
        const bShape = [...bBatch, ...(transposeB ? [n, k] : [k, n])];
        const expected = reference(aShape, bShape, transposeA, transposeB);
        const [found] = leavingNothing(() => tf.matMul(fixed(aShape), fixed(bShape, 2), transposeA, transposeB));
        expect(found!.shape).toEqual(expected.shape);
        // Sums of up to 100 products below 1 in float32.
        expect(difference(found!.values, expected.values)).toBeLessThan(1e-5);
      }
    });
  }

  test.each([
    [[0, 3], [3, 2], false, [0, 2]],
    [[0, 3], [0, 2], true, [3, 2]],
    [[4, 0], [0, 3], false, [4, 3]],
    [[2, 4, 0], [2, 0, 3], false, [2, 4, 3]],
    [[0, 4, 5], [0, 5, 3], false, [0, 4, 3]],
  ])('[%s] by [%s] has no terms: zeros, and a heap that still works', (aShape, bShape, transposeA, shape) => {
    for (let round = 0; round < 50; round++) {
      const [found] = leavingNothing(() => tf.matMul(tf.ones(aShape), tf.ones(bShape), transposeA));
      expect(found!.shape).toEqual(shape);
      expect(found!.values).toEqual(Array(size(shape)).fill(0));
    }
  });

  test('int32 products are refused with the reason, as before', () => {
    expect(() => tf.tidy(() => tf.matMul(tf.ones([2, 2], 'int32'), tf.ones([2, 2], 'int32')))).toThrow(/float32/);
  });
});

describe('fused products', () => {
  const activations = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const;
  beforeAll(useWasm);

  test.each(activations)('%s agrees with cpu for plain, transposed and batched operands', async (activation) => {
    for (const [m, k, n] of [[3, 4, 5], [30, 40, 50]] as const) {
      for (const [transposeA, transposeB] of transposes) {
        for (const batch of [[], [3]]) {
          for (const bias of [undefined, [n], [1, n], []]) {
            const both = await onBoth(() => {
              const a = fixed([...batch, ...(transposeA ? [k, m] : [m, k])]);
              const b = fixed([...batch, ...(transposeB ? [n, k] : [k, n])], 2);
              return tf.fused.matMul({
                a, b, transposeA, transposeB, activation, leakyreluAlpha: 0.3,
                ...(bias === undefined ? {} : { bias: fixed(bias, 3) }),
                ...(activation === 'prelu' ? { preluActivationWeights: fixed([n], 4) } : {}),
              });
            });
            expect(both.wasm[0]!.shape).toEqual(both.cpu[0]!.shape);
            // Both are float32 sums of 40 products; they differ in order.
            expect(difference(both.wasm[0]!.values, both.cpu[0]!.values)).toBeLessThan(2e-5);
          }
        }
      }
    }
  });

  test.each([['relu', 2], ['relu6', 2], ['linear', 2]] as const)('%s passes NaN on: the row with NaN is NaN, the other %d', (activation, expected) => {
    const [found] = leavingNothing(() => tf.fused.matMul({ a: tf.tensor2d([NaN, 1, 1, 1], [2, 2]), b: tf.ones([2, 2]), activation }));
    expect(found!.values).toEqual([NaN, NaN, expected, expected]);
  });
});

describe('einsum on wasm', () => {
  test.each([
    ['ij,jk->ik', [3, 4], [4, 5]],
    ['ij,kj->ki', [3, 4], [5, 4]],
    ['bij,bjk->bik', [2, 3, 4], [2, 4, 5]],
    ['abc,cde->abde', [2, 3, 4], [4, 5, 2]],
    ['bqhd,bkhd->bhqk', [2, 3, 2, 5], [2, 7, 2, 5]],
    ['bhqk,bkhd->bqhd', [2, 2, 3, 7], [2, 7, 2, 5]],
    ['ij,ij->', [3, 4], [3, 4]],
    ['i,j->ij', [3], [4]],
    ['ijk,j->ik', [3, 1, 5], [1]],
  ])('%s agrees with cpu', async (equation, a, b) => {
    const both = await onBoth(() => tf.einsum(equation, fixed(a), fixed(b, 2)));
    expect(both.wasm[0]!.shape).toEqual(both.cpu[0]!.shape);
    expect(difference(both.wasm[0]!.values, both.cpu[0]!.values)).toBeLessThan(1e-5);
  });

  test.each([['ij->ji', [3, 4]], ['ij->', [3, 4]], ['ijk->kj', [2, 3, 5]], ['ij->ij', [3, 4]], ['ij->j', [3, 4]]])('%s of one operand agrees with cpu', async (equation, a) => {
    const both = await onBoth(() => tf.einsum(equation, fixed(a)));
    expect(both.wasm[0]!.shape).toEqual(both.cpu[0]!.shape);
    expect(difference(both.wasm[0]!.values, both.cpu[0]!.values)).toBeLessThan(1e-5);
  });

  test('ij,kl->jl, on which cpu fails, sums i and k: 3 * 2 = 6 of ones', async () => {
    await useWasm();
    const [found] = leavingNothing(() => tf.einsum('ij,kl->jl', tf.ones([3, 4]), tf.ones([2, 5])));
    expect(found!.shape).toEqual([4, 5]);
    expect(new Set(found!.values)).toEqual(new Set([6]));
  });

  test('two lengths under one name are refused with both', async () => {
    await useWasm();
    expect(() => tf.tidy(() => tf.einsum('ij,jk->ik', tf.ones([3, 4]), tf.ones([5, 2])))).toThrow(/axis j.*is 4 in one operand and 5 in another/);
  });
});
