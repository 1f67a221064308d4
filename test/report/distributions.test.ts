import { describe, expect, test } from 'vitest';
import { quantilesIn } from '../../src/report/gather/distributions.js';

const valuesOf = (histogram: unknown): Record<string, number | undefined> => Object.fromEntries(quantilesIn(histogram).map(({ name, value }) => [name, value]));

describe('places of a distribution, from its histogram', () => {
  test('100 entries spread evenly from 0 to 10: the median is 5, 16 % lie below 1.587', () => {
    const even = { edges: Array.from({ length: 11 }, (_, i) => i), counts: Array.from({ length: 10 }, () => 10), min: 0, max: 10 };
    const { largest, median, smallest, ...sides } = valuesOf(even);
    expect([largest, median, smallest]).toEqual([10, 5, 0]);
    expect(sides['16 %']).toBeCloseTo(1.587, 10);
    expect(sides['84 %']).toBeCloseTo(8.413, 10);
  });

  test('of entries in the last bin alone all lie in it', () => {
    expect(valuesOf({ edges: [0, 1, 2], counts: [0, 4], min: 1.2, max: 2 })).toMatchObject({ largest: 2, median: 1.5, smallest: 1.2 });
  });

  test('without finite entries, or of odd data, there is none', () => {
    expect(valuesOf({ edges: [], counts: [], min: 'NaN', max: 'NaN' })).toMatchObject({ median: undefined, largest: NaN });
    expect(valuesOf({ edges: [1], counts: [3] })).toMatchObject({ median: undefined, largest: undefined });
    expect(valuesOf(null)).toMatchObject({ median: undefined });
  });
});
