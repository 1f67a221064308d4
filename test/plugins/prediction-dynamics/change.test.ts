import { describe, expect, test } from 'vitest';
import { changeBetween, turning } from '../../../plugins/prediction-dynamics/change.js';

describe('changeBetween', () => {
  test('two classes, two samples: mean absolute 0.175, half of the labels flipped, KL by its definition', () => {
    const change = changeBetween([0.5, 0.5, 0.9, 0.1], [0.25, 0.75, 0.8, 0.2], { samples: 2, width: 2, task: 'classification' });
    expect(change.meanAbsolute).toBeCloseTo(0.175, 12);
    expect(change.samples.map(({ flips }) => flips)).toEqual([1, 0]);
    expect(change.samples[0]?.meanAbsolute).toBeCloseTo(0.25, 12);
    expect(change.samples[1]?.meanAbsolute).toBeCloseTo(0.1, 12);
    expect(change.flipped).toBe(0.5);
    const first = 0.5 * Math.log(0.5 / 0.25) + 0.5 * Math.log(0.5 / 0.75);
    const second = 0.9 * Math.log(0.9 / 0.8) + 0.1 * Math.log(0.1 / 0.2);
    expect(change.kl).toBeCloseTo((first + second) / 2, 9);
    expect(change.kl).toBeCloseTo(0.0902655, 6);
  });

  test('the divergence is from the earlier to the later: turned round it is another number', () => {
    const facts = { samples: 1, width: 2, task: 'classification' } as const;
    expect(changeBetween([0.5, 0.5], [0.9, 0.1], facts).kl).toBeCloseTo(0.5 * Math.log(0.5 / 0.9) + 0.5 * Math.log(0.5 / 0.1), 6);
    expect(changeBetween([0.9, 0.1], [0.5, 0.5], facts).kl).toBeCloseTo(0.9 * Math.log(0.9 / 0.5) + 0.1 * Math.log(0.1 / 0.5), 6);
  });

  test('a certain prediction turned over costs ln(1e7) = 16.118 nats and not infinity', () => {
    expect(changeBetween([1, 0], [0, 1], { samples: 1, width: 2, task: 'classification' }).kl).toBeCloseTo(16.1181, 4);
  });

  test('float32 rows that do not quite sum to 1 have no divergence from themselves', () => {
    const row = [Math.fround(0.1), Math.fround(0.2), Math.fround(0.7001)];
    expect(changeBetween(row, row, { samples: 1, width: 3, task: 'classification' }).kl).toBe(0);
  });

  test('a binary probability is the row [p, 1 - p], and one half is not the label 1', () => {
    const change = changeBetween([0.5, 0.4], [0.25, 0.6], { samples: 2, width: 1, task: 'binary' });
    expect(change.samples.map(({ flips }) => flips)).toEqual([0, 1]);
    const first = 0.5 * Math.log(0.5 / 0.25) + 0.5 * Math.log(0.5 / 0.75);
    const second = 0.4 * Math.log(0.4 / 0.6) + 0.6 * Math.log(0.6 / 0.4);
    expect(change.kl).toBeCloseTo((first + second) / 2, 6);
  });

  test('of several binary labels a sample each can flip by itself', () => {
    const change = changeBetween([0.9, 0.1, 0.9, 0.1], [0.1, 0.9, 0.9, 0.9], { samples: 2, width: 2, task: 'binary' });
    expect(change.samples.map(({ flips }) => flips)).toEqual([2, 1]);
    expect(change.flipped).toBe(0.75);
  });

  test('a regression has no labels and no divergence', () => {
    expect(changeBetween([1, 2], [2, 0], { samples: 2, width: 1, task: 'regression' })).toEqual({
      meanAbsolute: 1.5,
      flipped: null,
      kl: null,
      samples: [
        { meanAbsolute: 1, flips: null },
        { meanAbsolute: 2, flips: null },
      ],
    });
  });

  test('NaN is told and not left out, and is no flip', () => {
    const change = changeBetween([0.9, 0.1, 0.1, 0.9], [NaN, 0.1, 0.9, 0.1], { samples: 2, width: 2, task: 'classification' });
    expect(change.meanAbsolute).toBeNaN();
    expect(change.kl).toBeNaN();
    expect(change.samples.map(({ flips }) => flips)).toEqual([0, 1]);
  });
});

describe('turning', () => {
  test('is -1 for a step back, 1 for a step on, 0 for a right angle, and NaN for no step', () => {
    expect(turning([0, 0], [3, 4], [0, 0])).toBeCloseTo(-1, 12);
    expect(turning([0, 0], [3, 4], [6, 8])).toBeCloseTo(1, 12);
    expect(turning([0, 0], [3, 0], [3, 5])).toBe(0);
    expect(turning([0, 0], [3, 4], [3, 4])).toBeNaN();
  });
});
