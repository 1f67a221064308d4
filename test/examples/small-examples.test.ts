import { describe, expect, it } from 'vitest';
import { runExample } from '../support/run-example.js';

const numberAfter = (text: string, words: string): number => Number(new RegExp(`${words} ([\\d.]+)`).exec(text)?.[1]);

describe('examples/custom-loop', () => {
  it('trains a network written by hand on the irises, clips, stops early and puts the best weights back', async () => {
    const { code, stdout, stderr } = await runExample('examples/custom-loop/train.ts');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('stopped by earlyStopping');
    expect(stdout).toContain('no findings');
    expect(stdout).toMatch(/clipped in [1-9]\d* of \d+ measured steps/);
    expect(stdout).toMatch(/silent units at the end: block1 \d+ %, block2 \d+ %/);
    // 29 of 30 flowers: two of the species overlap, so that one may be on the wrong side of any border.
    expect(numberAfter(stdout, 'with the best weights: validation accuracy')).toBeGreaterThanOrEqual(0.96);
    const best = Number(/on ([\d.]+) of epoch/.exec(stdout)?.[1]);
    expect(numberAfter(stdout, 'validation accuracy [\\d.]+, loss')).toBeCloseTo(best, 3);
  });
});

describe('examples/custom-plugin', () => {
  it('hears the event of its own plugin and finds nothing in a healthy network', async () => {
    const { code, stdout, stderr } = await runExample('examples/custom-plugin/train.ts');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // 120 flowers in batches of 16 are 8 steps an epoch; measured every 5 steps and heard every 5th time: steps 25, 50 and 75 of 80.
    expect(stdout.match(/^step \d+/gm)).toEqual(['step 25', 'step 50', 'step 75']);
    expect(stdout).toContain('no findings');
  });

  it('finds the units dead that start at -4', async () => {
    const { code, stdout } = await runExample('examples/custom-plugin/train.ts', ['--below', '4']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/warning dead-units: \d+ % of the units of hidden/);
  });
});
