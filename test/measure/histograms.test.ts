import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { countedOnDevice, countedOnHost, readOne, type Histogram } from '../../src/measure/histograms.js';
import { testBackends, useBackend } from '../support/backends.js';

const ways = { host: countedOnHost, device: countedOnDevice };
const histogram = (way: keyof typeof ways, values: readonly number[], bins: number): Histogram => {
  const counted = tf.tidy(() => ways[way](tf.tensor1d([...values], 'float32'), bins));
  const read = counted.dataSync<'float32'>();
  counted.dispose();
  return readOne(read, bins);
};

describe.each(testBackends)('on %s', (backend) => {
  beforeEach(() => useBackend(backend));

  describe.each(['host', 'device'] as const)('counted on the %s', (way) => {
    test('seven entries in four bins of width 1: an entry at an edge is in the bin above it, the largest in the last', () => {
      const found = histogram(way, [0, 0.5, 1, 2, 2.5, 3.5, 4], 4);
      expect(found.edges).toEqual([0, 1, 2, 3, 4]);
      expect(found.counts).toEqual([2, 1, 2, 2]);
      expect([found.min, found.max, found.nonFinite]).toEqual([0, 4, 0]);
      expect(found.mean).toBeCloseTo(13.5 / 7, 6);
      // Squares: 0 + 0.25 + 1 + 4 + 6.25 + 12.25 + 16 = 39.75.
      expect(found.std).toBeCloseTo(Math.sqrt(39.75 / 7 - (13.5 / 7) ** 2), 6);
    });

    test('NaN and infinities are counted apart and change no other number', () => {
      expect(histogram(way, [NaN, 1, Infinity, 3, -Infinity], 2)).toEqual({ edges: [1, 2, 3], counts: [1, 1], min: 1, max: 3, mean: 2, std: 1, nonFinite: 3 });
    });

    test('without a finite entry there is no bin, and the count of the others is told', () => {
      expect(histogram(way, [NaN, -Infinity], 3)).toEqual({ edges: [], counts: [], min: NaN, max: NaN, mean: NaN, std: NaN, nonFinite: 2 });
    });

    test('equal entries are one bin without width; one bin holds all', () => {
      expect(histogram(way, [7, 7, 7], 5)).toEqual({ edges: [7, 7], counts: [3], min: 7, max: 7, mean: 7, std: 0, nonFinite: 0 });
      expect(histogram(way, [1, 2, 4], 1)).toMatchObject({ edges: [1, 4], counts: [3] });
    });

    test('a range that float32 cannot hold has edges all the same', () => {
      const big = Math.fround(3e38);
      const found = histogram(way, [-big, 0, big], 2);
      expect(found.edges).toEqual([-big, 0, big]);
      expect(found.counts).toEqual([1, 2]);
    });

    test('20,000 skewed entries are in the bins that a search in double precision says, and their number is 20,000', () => {
      let seed = 1;
      const next = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
      const values = Float32Array.from({ length: 20_000 }, () => Math.log(next()) * (next() - 0.3) * 1e-3);
      const found = histogram(way, [...values], 30);
      const expected = Array.from({ length: 30 }, (_, i) => [...values].filter((x) => x >= (found.edges[i] ?? 0) && (i === 29 || x < (found.edges[i + 1] ?? 0))).length);
      expect(found.counts).toEqual(expected);
      expect(found.counts.reduce((sum, count) => sum + count, 0)).toBe(20_000);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      found.edges.forEach((edge, i) => {
        expect(Math.abs(edge - (low + ((high - low) * i) / 30))).toBeLessThan((high - low) * 1e-6);
      });
      const mean = values.reduce((sum, x) => sum + x, 0) / 20_000;
      const std = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 20_000);
      expect(Math.abs(found.mean - mean) / std).toBeLessThan(1e-4);
      expect(Math.abs(found.std / std - 1)).toBeLessThan(1e-4);
    });
  });
});
