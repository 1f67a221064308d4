import { describe, expect, it } from 'vitest';
import { runExample } from '../support/run-example.js';

/** The cells of the table of epochs. */
const rowsOf = (stdout: string): string[][] => [...stdout.matchAll(/^│ +\d.*$/gm)].map(([row]) => row.split('│').slice(1).map((cell) => cell.trim()));

describe('examples/loader', () => {
  it('trains on digits that threads turn and move, learns them, and ends by itself', async () => {
    const { code, stdout, stderr } = await runExample('examples/loader/train.ts');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // 4000 digits in batches of 64 are 63 steps an epoch; one batch more is looked at before the training.
    expect(stdout).toContain('completed; 315 steps');
    expect(stdout).toMatch(/31[5-9] batches were taken/);
    // epoch, loss, accuracy, val_loss, val_accuracy
    const last = rowsOf(stdout).at(-1);
    expect(Number(last?.[4])).toBeGreaterThanOrEqual(0.9);
  });

  it('comes to the same losses with one thread and with two', async () => {
    const run = async (workers: string) => rowsOf((await runExample('examples/loader/train.ts', ['--epochs', '2', '--samples', '640', '--workers', workers])).stdout).map((row) => row.slice(0, 5));
    const [one, two] = [await run('1'), await run('2')];
    expect(one).toHaveLength(2);
    expect(two).toEqual(one);
  });
});
