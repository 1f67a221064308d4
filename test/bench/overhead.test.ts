import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { estimate, pairedRatio } from '../../bench/overhead/statistics.js';
import { StepClock } from '../../bench/overhead/step-clock.js';

describe('estimates', () => {
  test('of 11 values the interval goes from the second to the tenth, of 5 over all', () => {
    // Binomial with n 11 and p 1/2: at most one below the median has a chance of 12 / 2048 = 0.6 %, at most two 3.3 %.
    expect(estimate([11, 1, 10, 2, 9, 3, 8, 4, 7, 5, 6])).toEqual({ median: 6, low: 2, high: 10 });
    expect(estimate([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 1, high: 5 });
    expect(estimate([]).median).toBeNaN();
  });

  test('ratios are taken within a round', () => {
    expect(pairedRatio([2, 40, 6], [1, 10, 3])).toEqual({ median: 2, low: 2, high: 4 });
  });
});

test('the clock counts steps between, and says when there were not as many as were to be', () => {
  const clock = new StepClock(1, 4);
  for (let i = 0; i < 3; i += 1) clock.tick();
  expect(() => clock.time).toThrow('3 steps were done, not 4');
  clock.tick();
  expect(clock.time.wall).toBeGreaterThanOrEqual(0);
});

test('a quick run compares all ways of training, and writes figures, tables and the picture', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trainscope-overhead-'));
  try {
    const json = join(folder, 'bench.json');
    execFileSync(process.execPath, ['--import', 'tsx', 'bench/overhead.ts', '--quick', '--backends', 'cpu', '--no-scaling', '--json', json, '--results', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    const { figures, tables } = JSON.parse(readFileSync(json, 'utf8')) as { figures: Record<string, number>; tables: { rows: { name: string; ms: { median: number } }[] } };
    const names = ['bare_ratio', 'fit_ratio', 'seven_ratio', 'seven_vs_fit', 'norms_vs_naive', 'seven_vs_naive'];
    expect(Object.keys(figures)).toEqual([...names, ...names.map((name) => `worst_${name}`)]);
    expect(Object.values(figures).every((each) => each > 0)).toBe(true);
    expect(tables.rows.map(({ name }) => name)).toEqual(['bare loop', 'naive norms', 'model.fit', 'model.fit, callbacks', 'fitDataset', 'trainscope', 'trainscope, norms', 'trainscope, seven every 10th', 'trainscope, seven', 'trainscope, everything']);
    expect(readFileSync(join(folder, 'RESULTS.md'), 'utf8')).toContain('| seven_ratio | seven plugins at every step, beside the bare loop |');
    expect(readFileSync(join(folder, 'overhead.svg'), 'utf8')).toContain('trainscope, seven');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
