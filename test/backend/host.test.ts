import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { aliasOf, hostOf } from '../../src/backend/index.js';
import { testBackends, useBackend } from '../support/backends.js';

/** Lengths about those of vectors, of the four sums that go on side by side, and of the runs of 4,096. */
const lengths = [0, 1, 3, 4, 15, 16, 17, 4095, 4096, 4097, 10_001];
const wave = (length: number, by: number): Float32Array => Float32Array.from({ length }, (_, i) => (i % 7 === 3 ? 0 : Math.sin(i * by) * 10 ** ((i % 5) - 2)));

const inDoubles = (values: Float32Array): readonly number[] => {
  const sum = values.reduce((total, x) => total + x * x, 0);
  return [sum, values.reduce((most, x) => Math.max(most, Math.abs(x)), 0), values.filter((x) => x === 0).length, values.filter(Number.isFinite).length];
};

const expectClose = (found: number, expected: number): void => {
  if (Number.isNaN(expected)) expect(found).toBeNaN();
  else expect(Math.abs(found - expected)).toBeLessThanOrEqual(2e-6 * Math.abs(expected));
};

describe.each(testBackends)('statistics from memory on %s', (backend) => {
  beforeEach(() => useBackend(backend));

  const withTensors = (arrays: readonly Float32Array[], check: (tensors: readonly tf.Tensor[]) => readonly Float32Array[]): readonly Float32Array[] => {
    const before = tf.memory().numTensors;
    const tensors = arrays.map((values) => tf.tensor1d(values));
    const buffers = tf.engine().backend.numDataIds();
    const read = check(tensors);
    expect(tf.engine().backend.numDataIds()).toBe(buffers);
    tf.dispose([...tensors]);
    expect(tf.memory().numTensors).toBe(before);
    return read;
  };

  test('are those of a loop in double precision, whatever the length', () => {
    const arrays = lengths.map((length) => wave(length, 0.37));
    const [squares = new Float32Array(), all = new Float32Array()] = withTensors(arrays, (tensors) => {
      const host = hostOf(tensors);
      return host === undefined ? [] : [host.sumsOfSquares(tensors), host.statistics(tensors)];
    });
    expect(squares).toHaveLength(lengths.length);
    arrays.forEach((values, row) => {
      const expected = inDoubles(values);
      expectClose(squares[row] ?? Number.NaN, expected[0] ?? Number.NaN);
      expected.forEach((number, column) => expectClose(all[4 * row + column] ?? Number.NaN, number));
    });
  });

  test('differences are of the pairs, and equal tensors have none', () => {
    const [a, b] = [wave(4099, 0.37), wave(4099, 0.41)];
    const [sums = new Float32Array()] = withTensors([a, b], ([x, y]) => {
      if (x === undefined || y === undefined) return [];
      const host = hostOf([x, y]);
      return host === undefined ? [] : [host.sumsOfSquaredDifferences([[x, y], [x, x]])];
    });
    expectClose(sums[0] ?? Number.NaN, a.reduce((total, value, i) => total + (value - (b[i] ?? 0)) ** 2, 0));
    expect(sums[1]).toBe(0);
  });

  test('a NaN and infinities are seen at each place of a vector, and never counted as finite', () => {
    for (const at of [0, 1, 2, 3, 4, 17, 18]) {
      for (const bad of [NaN, Infinity, -Infinity]) {
        const values = Float32Array.from({ length: 19 }, (_, i) => (i === at ? bad : i));
        const [numbers = new Float32Array()] = withTensors([values], (tensors) => [hostOf(tensors)?.statistics(tensors)].filter((each) => each !== undefined));
        expect([...numbers.slice(1)]).toEqual([Number.isNaN(bad) ? NaN : Infinity, values.filter((x) => x === 0).length, 18]);
        expect(Number.isFinite(numbers[0])).toBe(false);
      }
    }
  });

  test('tensors that are not float32 are left to the kernels', () => {
    const whole = tf.tensor1d([1, 2], 'int32');
    expect(hostOf([whole])).toBeUndefined();
    whole.dispose();
  });
});

describe.each(testBackends)('an alias on %s', (backend) => {
  beforeEach(() => useBackend(backend));

  test('keeps its numbers when the variable that it was made of is written to and ended, and leaves nothing', () => {
    const [tensors, buffers] = [tf.memory().numTensors, tf.engine().backend.numDataIds()];
    const variable = tf.tidy(() => tf.variable(tf.tensor2d([[1, 2], [3, 4]])));
    const alias = aliasOf(variable);
    tf.tidy(() => variable.assign(tf.zeros([2, 2])));
    expect([...alias.dataSync()]).toEqual([1, 2, 3, 4]);
    variable.dispose();
    expect([...alias.dataSync()]).toEqual([1, 2, 3, 4]);
    expect(alias.shape).toEqual([2, 2]);
    alias.dispose();
    expect([tf.memory().numTensors, tf.engine().backend.numDataIds()]).toEqual([tensors, buffers]);
  });

  test('ends with the tidy that it was made in, and of a tensor of another backend it is a clone', async () => {
    const before = tf.memory().numTensors;
    await useBackend(backend === 'cpu' ? 'wasm' : 'cpu');
    const elsewhere = tf.tensor1d([5, 6]);
    await useBackend(backend);
    const sum = tf.tidy(() => tf.sum(aliasOf(elsewhere)));
    expect(sum.dataSync()[0]).toBe(11);
    tf.dispose([elsewhere, sum]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
