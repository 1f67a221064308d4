import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { consolidate } from '../../../../src/diagnosis/consolidate.js';
import { useBackend } from '../../../support/backends.js';
import { alarms, infos, look, net, regressor, sums } from './setups.js';

beforeAll(() => useBackend('wasm'));

const { inputs, labels } = sums(400);
type Numbers = readonly number[][];

/** A stream of `count` batches of these rows. */
const stream = (count: number, rows: (batch: number) => { readonly inputs: Numbers; readonly labels: Numbers }) => () =>
  (function* () {
    for (let i = 0; i < count; i += 1) {
      const batch = rows(i);
      yield { inputs: tf.tensor2d([...batch.inputs]), labels: tf.tensor2d([...batch.labels]) };
    }
  })();
const slice = (from: number, to: number) => ({ inputs: inputs.slice(from, to), labels: labels.slice(from, to) });

describe('batches of a stream', () => {
  test('5 batches of the same 32 rows, in another order each time, are a warning with its numbers, and the root of a shift', async () => {
    const turned = (i: number) => {
      const { inputs: x, labels: y } = slice(0, 32);
      return { inputs: [...x.slice(i), ...x.slice(0, i)], labels: [...y.slice(i), ...y.slice(0, i)] };
    };
    const found = await look(regressor(stream(5, turned), slice(100, 400)));
    expect(found.find(({ rule }) => rule === 'repeated-batches')).toMatchObject({ severity: 'warning', evidence: { batches: 5, sameAsFirst: 5, distinct: 32, batchSize: 32 } });
    expect(consolidate(found).map(({ rule }) => rule)[0]).toBe('repeated-batches');
  });

  test('batches that move on, and two epochs of them in one stream, are none', async () => {
    expect(await alarms(regressor(stream(10, (i) => slice(32 * i, 32 * i + 32))))).toEqual([]);
    expect(await alarms(regressor(stream(10, (i) => slice(64 * (i % 5), 64 * (i % 5) + 64))))).toEqual([]);
  });

  test('the four rows of a truth table are all there is, and 150 rows may be a whole data set: no alarm', async () => {
    const table = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], labels: [[0], [1], [1], [0]] };
    expect(await alarms({ model: net(2, 1, 'sigmoid'), loss: 'binaryCrossentropy', backend: 'keep', data: stream(8, () => table) })).toEqual([]);
    const whole = regressor(stream(8, () => slice(0, 150)));
    expect(await alarms(whole)).toEqual([]);
    expect(await infos(whole)).toContain('repeated-batches');
  });
});
