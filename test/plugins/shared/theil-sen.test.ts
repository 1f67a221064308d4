import { describe, expect, test } from 'vitest';
import { theilSenSlope } from '../../../plugins/shared/theil-sen.js';

describe('theilSenSlope', () => {
  test('a line of slope 0.5 has slope 0.5, at uneven places too', () => {
    expect(theilSenSlope([10, 20, 40, 80], [5, 10, 20, 40])).toBe(0.5);
  });

  test('one wild point of five leaves the slope: six of the ten pairs do not touch it', () => {
    expect(theilSenSlope([1, 2, 3, 4, 5], [2, 4, 6, 800, 10])).toBe(2);
  });

  test('three points with slopes 1, 4 and 2.5 between them have the slope 2.5', () => {
    expect(theilSenSlope([0, 1, 2], [0, 1, 5])).toBe(2.5);
  });

  test('without two different places there is no slope', () => {
    expect([theilSenSlope([3], [1]), theilSenSlope([3, 3], [1, 2])]).toEqual([null, null]);
  });
});
