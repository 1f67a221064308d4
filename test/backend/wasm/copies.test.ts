import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { difference, fixed, leavingNothing, onBoth, useWasm } from '../on-backends.js';

describe('a clone', () => {
  beforeAll(useWasm);

  test('shares its values, and either outlives the other', () => {
    const x = tf.tensor1d([1, 2]);
    const clone = tf.clone(x);
    expect(clone.dataId).toBe(x.dataId);
    x.dispose();
    expect([...clone.dataSync()]).toEqual([1, 2]);
    clone.dispose();
  });

  test('of a variable stays as it was when that is assigned to', () => {
    const variable = tf.variable(tf.tensor1d([1, 2]));
    const clone = tf.clone(variable);
    const next = tf.tensor1d([3, 4]);
    variable.assign(next);
    expect([[...clone.dataSync()], [...variable.dataSync()]]).toEqual([[1, 2], [3, 4]]);
    tf.dispose([variable, clone, next]);
  });

  test('a cast to the same type shares too, of float32, int32 and bool', () => {
    for (const dtype of ['float32', 'int32', 'bool'] as const) {
      const x = tf.tensor1d([1, 0], dtype);
      const cast = tf.tidy(() => tf.engine().runKernel(tf.Cast, { x }, { dtype }) as unknown as tf.Tensor);
      expect([cast.dtype, ...cast.dataSync()]).toEqual([dtype, 1, 0]);
      tf.dispose([x, cast]);
    }
  });

  test('text is cloned by the stock kernel', () => {
    const [found] = leavingNothing(() => tf.clone(tf.tensor1d(['a', 'b'])));
    expect(found).toMatchObject({ dtype: 'string', values: ['a', 'b'] });
  });
});

describe('tile', () => {
  beforeAll(useWasm);

  test('[[1, 2]] 2 times down and 3 across', () => {
    const [found] = leavingNothing(() => tf.tile(tf.tensor2d([[1, 2]]), [2, 3]));
    expect(found).toEqual({ shape: [2, 6], dtype: 'float32', values: [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2] });
  });

  test('[[1], [2]] 3 times across as int32', () => {
    const [found] = leavingNothing(() => tf.tile(tf.tensor2d([[1], [2]], [2, 1], 'int32'), [1, 3]));
    expect(found).toEqual({ shape: [2, 3], dtype: 'int32', values: [1, 1, 1, 2, 2, 2] });
  });

  const cases = [
    [[3], [5]], [[3], [1]], [[1], [7]], [[2, 3], [1, 1]], [[2, 3], [2, 1]], [[2, 3], [1, 2]], [[2, 1, 3], [1, 5, 1]], [[2, 3, 1], [3, 1, 7]], [[1, 1, 1, 5], [3, 2, 4, 1]], [[2, 3, 2, 2], [2, 1, 3, 2]],
  ] as const;
  test.each(cases)('of %j by %j agrees with cpu, as float32, int32 and bool', async (shape, reps) => {
    const both = await onBoth(() => (['float32', 'int32', 'bool'] as const).map((dtype) => tf.tile(tf.cast(tf.mul(fixed(shape), 9), dtype), [...reps])));
    expect(both.wasm).toEqual(both.cpu);
  });

  test('no repetitions give nothing, and nothing repeated is nothing', () => {
    const found = leavingNothing(() => [tf.tile(tf.ones([2, 3]), [0, 2]), tf.tile(tf.ones([0, 3]), [2, 2])]);
    expect(found.map(({ shape, values }) => [shape, values])).toEqual([[[0, 6], []], [[0, 6], []]]);
  });

  test('the gradient of each value is the sum over its copies: 1 + 3 + 5 and 2 + 4 + 6 for [[1, 2, 3, 4, 5, 6]]', () => {
    const [found] = leavingNothing(() => tf.grad((x) => tf.tile(x, [1, 3]))(tf.tensor2d([[7, 8]]), tf.tensor2d([[1, 2, 3, 4, 5, 6]])));
    expect(found!.values).toEqual([9, 12]);
  });

  test.each(cases)('the gradient for %j by %j agrees with cpu', async (shape, reps) => {
    const both = await onBoth(() => tf.grad((x) => tf.square(tf.add(tf.tile(x, [...reps]), fixed(shape.map((size, axis) => size * reps[axis]!), 3))))(fixed(shape)));
    expect(difference(both.wasm[0]!.values, both.cpu[0]!.values)).toBeLessThan(2e-6);
    expect(both.wasm[0]!.shape).toEqual(both.cpu[0]!.shape);
  });

  test('the gradient for no repetitions is 0', () => {
    const [found] = leavingNothing(() => tf.grad((x) => tf.tile(x, [0, 2]))(tf.ones([2, 3])));
    expect(found!.values).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
