import { describe, expect, test } from 'vitest';
import { BoundedHeat } from '../../src/report/gather/bounded-heat.js';
import { BoundedSeries } from '../../src/report/gather/bounded-series.js';

const series = (points: readonly (readonly [number, number])[], most?: number) => {
  const made = new BoundedSeries('a/b', 'b', 'training');
  for (const [step, value] of points) made.add(step, step / 10, value);
  return made.result(most);
};

describe('a series', () => {
  test('of 2048 points is kept whole', () => {
    const points = Array.from({ length: 2048 }, (_, i): [number, number] => [i + 1, Math.sin(i)]);
    const { steps, times, values, points: count } = series(points);
    expect(steps).toEqual(points.map(([step]) => step));
    expect(values).toEqual(points.map(([, value]) => value));
    expect(times[9]).toBe(1);
    expect(count).toBe(2048);
  });

  test('of 100,000 points keeps single spikes at their own steps, and makes up no point', () => {
    const value = (i: number): number => (i === 34_567 ? 1000 : i === 71_003 ? -1000 : Math.sin(i / 100));
    const points = Array.from({ length: 100_000 }, (_, i): [number, number] => [i + 1, value(i)]);
    const made = series(points);
    expect(made.steps.length).toBeLessThanOrEqual(4 * 512);
    expect(made.steps.length).toBeGreaterThan(1000);
    expect(made.highest).toEqual({ step: 34_568, value: 1000 });
    expect(made.lowest).toEqual({ step: 71_004, value: -1000 });
    expect(made.values[made.steps.indexOf(34_568)]).toBe(1000);
    expect(made.values[made.steps.indexOf(71_004)]).toBe(-1000);
    expect(made.values).toEqual(made.steps.map((step) => value(step - 1)));
    expect(made.steps).toEqual(made.steps.toSorted((a, b) => a - b));
    expect([made.steps[0], made.steps.at(-1)]).toEqual([1, 100_000]);
    expect(made.points).toBe(100_000);
  });

  test('every extreme of a stretch is there: of 64 spikes in 64,000 points none is lost', () => {
    const made = series(Array.from({ length: 64_000 }, (_, i): [number, number] => [i + 1, i % 1000 === 500 ? 10 + i : 0]));
    expect(made.values.filter((value) => value !== null && value >= 10)).toEqual(Array.from({ length: 64 }, (_, i) => 510 + 1000 * i));
  });

  test('asked for fewer points it gives no more, and keeps the highest', () => {
    const made = series(Array.from({ length: 5000 }, (_, i): [number, number] => [i, i === 3210 ? 5 : 1 / (i + 1)]), 64);
    expect(made.steps.length).toBeLessThanOrEqual(64);
    expect(made.values[made.steps.indexOf(3210)]).toBe(5);
    const short = series(Array.from({ length: 500 }, (_, i): [number, number] => [i, i === 321 ? 5 : 1]), 64);
    expect(short.steps.length).toBeLessThanOrEqual(64);
    expect(short.values[short.steps.indexOf(321)]).toBe(5);
  });

  test('places that are not finite are gaps, counted and named, also in a long one', () => {
    const made = series(Array.from({ length: 10_000 }, (_, i): [number, number] => [i + 1, i === 4999 ? NaN : i === 7000 ? -Infinity : 1]));
    expect(made.notFinite).toEqual({ count: 2, first: [{ step: 5000, value: 'NaN' }, { step: 7001, value: '-Infinity' }] });
    expect(made.values[made.steps.indexOf(5000)]).toBeNull();
    expect(made.lowest).toEqual({ step: 1, value: 1 });
  });

  test('of nothing but NaN has no extremes', () => {
    expect(series([[1, NaN], [2, NaN]])).toMatchObject({ lowest: null, highest: null, last: { step: 2, value: 'NaN' }, values: [null, null] });
  });

  test('steps far apart and steps that go back do no harm', () => {
    const made = series(Array.from({ length: 5000 }, (_, i): [number, number] => [i * 1_000_000, i]));
    expect(made.steps.length).toBeLessThanOrEqual(2048);
    expect(made.highest?.value).toBe(4999);
    const back = series([...Array.from({ length: 3000 }, (_, i): [number, number] => [i, 0]), [5, 77]]);
    expect(back.highest).toEqual({ step: 5, value: 77 });
    expect(back.values).toContain(77);
  });
});

describe('a heat map', () => {
  const parts = { id: 'h', group: 'gradients', title: 'h', about: '', unit: '', scale: 'log' } as const;

  test('of 10,000 steps has at most 240 columns, and the largest value of each stretch', () => {
    const heat = new BoundedHeat({ ...parts, join: 'largest' });
    for (let step = 1; step <= 10_000; step += 1) for (const row of ['a', 'b']) heat.add(row, step, row === 'b' && step === 6789 ? 99 : 1);
    const { rows, steps, cells } = heat.result();
    expect(rows).toEqual(['a', 'b']);
    expect(steps.length).toBeLessThanOrEqual(240);
    expect(steps.length).toBeGreaterThan(100);
    expect(cells[0]?.every((cell) => cell === 1)).toBe(true);
    const column = steps.findLastIndex((step) => step <= 6789);
    expect(cells[1]?.map((cell, i) => (cell === 1 ? null : [i, cell])).filter((each) => each !== null)).toEqual([[column, 99]]);
  });

  test('counts are added up, none is lost', () => {
    const heat = new BoundedHeat({ ...parts, join: 'sum' });
    for (let step = 0; step < 1000; step += 1) heat.add('a', step, 2);
    expect(heat.result().cells[0]?.reduce((sum: number, cell) => sum + Number(cell), 0)).toBe(2000);
  });

  test('NaN stays whatever it meets; a row that has no value yet has none', () => {
    const heat = new BoundedHeat({ ...parts, join: 'largest' });
    for (let step = 0; step < 500; step += 1) heat.add('a', step, step === 100 ? NaN : 3);
    heat.add('late', 499, 1);
    const { cells, steps } = heat.result();
    expect(cells[0]?.filter((cell) => cell === 'NaN')).toHaveLength(1);
    expect(cells[1]?.slice(0, -1).every((cell) => cell === null)).toBe(true);
    expect(cells[1]).toHaveLength(steps.length);
  });
});
