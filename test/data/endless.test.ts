import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { openData, type DataSource } from '../../src/data/index.js';
import { now, tensorsMadeSince } from '../../src/data/ownership.js';
import { expectDataError } from './batches.js';

beforeAll(() => tf.setBackend('cpu'));

/** An array whose first element is itself. */
const circle = (): unknown[] => {
  const list: unknown[] = [];
  list.push(list);
  return list;
};
const open = (inputs: unknown) => () => openData({ inputs, labels: [1] } as DataSource, { inputNames: ['image'], labelNames: ['digit'] });

describe('arrays that end nowhere', () => {
  it('one that holds itself is refused, and not followed', () => expectDataError(open(circle()), 'DATA_SHAPE', 'input "image" is nested more than 32 deep', 'holds itself'));

  it('33 dimensions are refused, 32 are read', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    expect(open(nested(33))).toThrow(/more than 32 deep/);
    expect(open(nested(32))).not.toThrow(/more than 32 deep/);
  });

  it('a first sample that promises more numbers than there is room for is refused', () => {
    // 2^16 rows of 2^16 rows of 2^16 numbers by the first one: 2^48.
    const row = Array.from({ length: 2 ** 16 }, () => 0);
    const sample = [row, ...Array.from({ length: 2 ** 16 - 1 }, () => [])];
    return expectDataError(open([sample, ...Array.from({ length: 2 ** 16 - 1 }, () => [])]), 'DATA_SHAPE', '[65536, 65536, 65536] by its first sample');
  });
});

describe('the tensors in a value', () => {
  it('are found once, 20000 objects deep and in a circle', () => {
    const before = now();
    const tensor = tf.scalar(1);
    let deep: unknown = { tensor };
    for (let i = 0; i < 20_000; i += 1) deep = i % 2 === 0 ? { deep } : [deep];
    const round: Record<string, unknown> = { deep, again: tensor };
    round['round'] = round;
    expect(tensorsMadeSince(round, before)).toEqual([tensor]);
    expect(tensorsMadeSince(round, now())).toEqual([]);
    tensor.dispose();
  });
});
