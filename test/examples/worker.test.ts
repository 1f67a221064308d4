import { describe, expect, it } from 'vitest';
import { runExample } from '../support/run-example.js';

describe('examples/worker', () => {
  it('trains 20 epochs in a worker, answers requests meanwhile, and ends by itself', async () => {
    const { code, stdout, stderr } = await runExample('examples/worker/train.ts');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // 120 flowers in batches of 16 are 8 steps an epoch.
    expect(stdout).toContain('completed; 160 steps');
    expect(stdout).toContain('no findings');
    // 28 of 30 flowers: two of the species overlap.
    expect(Number(/epoch 20, validation accuracy ([\d.]+)/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(0.93);
  });

  it('stops when it is told so from the main thread', async () => {
    const { code, stdout } = await runExample('examples/worker/train.ts', ['--epochs', '1000000', '--stop-after', '2']);
    expect(code).toBe(0);
    expect(stdout).toContain('aborted: stopped after epoch 2');
  });
});
