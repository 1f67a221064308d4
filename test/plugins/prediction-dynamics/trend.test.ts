import { describe, expect, test } from 'vitest';
import { turning } from '../../../plugins/prediction-dynamics/change.js';
import { isStrongOscillation, remember, trendOf, type History } from '../../../plugins/prediction-dynamics/trend.js';
import { numbers } from '../../support/numbers.js';

const history = (amplitudes: number[], cosine: number, peak = Math.max(...amplitudes)): History => ({ amplitudes, cosines: Array<number>(5).fill(cosine), peak });
const six = (value: number): number[] => Array<number>(6).fill(value);

describe('trendOf', () => {
  test('changes that halve each time are settling: over six the growth is 1/32', () => {
    const trend = trendOf(history([32, 16, 8, 4, 2, 1], -1), 6);
    expect(trend.label).toBe('settling');
    expect(trend.growth).toBeCloseTo(1 / 32, 10);
    expect(trend.amplitude).toBe(63 / 6);
  });

  test('equal changes one way are drifting, to and fro oscillating, and about a point like noise unknown', () => {
    expect(trendOf(history(six(0.1), 0.9), 6)).toMatchObject({ label: 'drifting', cosine: expect.closeTo(0.9, 12) as number, variation: expect.closeTo(0, 12) as number });
    expect(trendOf(history(six(0.1), -0.9), 6).label).toBe('oscillating');
    expect(trendOf(history(six(0.1), -0.5), 6).label).toBe('unknown');
  });

  test('changes that lose a third by one outlier alone are not settling', () => {
    expect(trendOf(history([1, 1, 1, 1, 1, 0.2], -0.5), 6).label).toBe('unknown');
  });

  test('a swing of a twentieth of the most in the run has settled', () => {
    expect(trendOf(history(six(0.05), -1, 1), 6)).toMatchObject({ label: 'settling', ofPeak: expect.closeTo(0.05, 12) as number });
  });

  test('a drift is one at a fifth of the most in the run, and settled at a twentieth', () => {
    expect(trendOf(history(six(0.2), 1, 1), 6).label).toBe('drifting');
    expect(trendOf(history(six(0.05), 1, 1), 6).label).toBe('settling');
  });

  test('predictions that do not move at all have settled', () => {
    expect(trendOf({ amplitudes: six(0), cosines: Array<number>(5).fill(NaN), peak: 0 }, 6)).toMatchObject({ label: 'settling', amplitude: 0, growth: null, cosine: null });
  });

  test('five changes are too few for a window of six', () => {
    expect(trendOf(history([5, 4, 3, 2, 1], 1), 6)).toEqual({ label: 'unknown', amplitude: null, growth: null, cosine: null, ofPeak: null, variation: null });
  });
});

describe('remember', () => {
  test('keeps six changes and the five turns between them, and the largest mean of six', () => {
    let kept: History = { amplitudes: [], cosines: [], peak: 0 };
    for (const [i, amplitude] of [12, 6, 6, 6, 6, 6, 0, 0].entries()) kept = remember(kept, amplitude, i === 0 ? null : i / 10, 6);
    expect(kept).toEqual({ amplitudes: [6, 6, 6, 6, 0, 0], cosines: [0.3, 0.4, 0.5, 0.6, 0.7], peak: 7 });
  });

  test('a change of NaN begins the window anew and leaves the peak', () => {
    const kept = remember(remember({ amplitudes: [1, 2], cosines: [0], peak: 5 }, NaN, NaN, 6), 3, -1, 6);
    expect(kept).toEqual({ amplitudes: [3], cosines: [], peak: 5 });
  });
});

describe('isStrongOscillation', () => {
  const strong = history(six(0.2), -0.95);
  test('is a cycle of equal swings, as large as ever and a tenth of the spread', () => expect(isStrongOscillation(trendOf(strong, 6), 2)).toBe(true));
  test.each([
    ['a cosine of -0.75', history(six(0.2), -0.75), 1],
    ['swings of unequal size', history([0.1, 0.4, 0.1, 0.4, 0.1, 0.4], -0.95), 1],
    ['less than half of the most in the run', history(six(0.2), -0.95, 0.5), 1],
    ['a twentieth of the spread', strong, 4],
    ['a swing that shrinks', history([0.22, 0.215, 0.21, 0.2, 0.195, 0.19], -0.95), 1],
  ])('is not %s', (_, given, spread) => expect(isStrongOscillation(trendOf(given, 6), spread)).toBe(false));
});

describe('the oscillation beyond doubt, in noise', () => {
  /** Longest row of strong looks at x -> f x + Gaussian noise, in so many dimensions. */
  function longest(f: number, dimensions: number, looks: number): number {
    const uniform = numbers(dimensions);
    const gauss = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    const path: number[][] = [Array.from({ length: dimensions }, gauss)];
    let kept: History = { amplitudes: [], cosines: [], peak: 0 };
    let row = 0;
    let most = 0;
    for (let look = 0; look < looks; look += 1) {
      const before = path.at(-1)!;
      const now = before.map((value) => f * value + gauss());
      const amplitude = now.reduce((sum, value, i) => sum + Math.abs(value - before[i]!), 0) / dimensions;
      kept = remember(kept, amplitude, path.length < 2 ? null : turning(path.at(-2)!, before, now), 6);
      path.push(now);
      row = isStrongOscillation(trendOf(kept, 6), 0) ? row + 1 : 0;
      most = Math.max(most, row);
    }
    return most;
  }

  test.each([
    [0, 1],
    [0, 3],
    [0, 10],
    [0.5, 1],
    [0.5, 3],
    [0.5, 10],
  ])('never lasts eight looks in 20,000 with coefficient %d in %i dimensions', (f, dimensions) => {
    expect(longest(f, dimensions, 20_000)).toBeLessThan(8);
  });

  test('lasts eight looks within 200 of a cycle with a little noise', () => expect(longest(-0.95, 10, 200)).toBeGreaterThanOrEqual(8));
});
