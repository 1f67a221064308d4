import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileSink, Trainer } from '../../src/index.js';
import { leaders, type MetricRow } from '../../src/cli/comparison.js';
import { trainscope } from './trainscope.js';

const folder = mkdtempSync(join(tmpdir(), 'trainscope-compare-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(name: string, learningRate: number): Promise<void> {
  const trainer = new Trainer({
    backend: 'cpu',
    seed: 1,
    model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1], kernelInitializer: 'zeros' })] }),
    loss: 'meanSquaredError',
    optimizer: { name: 'sgd', learningRate },
    logEvery: 1,
    sinks: [fileSink({ path: join(folder, name, 'events.ndjson') })],
  });
  const data = { inputs: [[1], [1]], labels: [[1], [1]] };
  await trainer.fit(data, { epochs: 3, validation: data });
  await trainer.dispose();
}

// Of (1 - w - b)^2 with w = b = 0 a step of rate r leaves the share 1 - 4r of 1 - w - b: nothing at 0.25, 1 of 1.8 at 0.2.
beforeAll(async () => {
  await run('exact', 0.25);
  await run('slow', 0.05);
});

interface Compared {
  readonly runs: readonly { readonly status: string; readonly step: number }[];
  readonly metrics: readonly MetricRow[];
  readonly differences: readonly { readonly path: string; readonly values: readonly string[] }[];
  readonly decomposition: { readonly summary: string } | null;
  readonly report: string | null;
}

describe('trainscope compare', () => {
  test('--json has last and best values, and what differs; -o writes the page of both', async () => {
    const page = join(folder, 'both.html');
    const { code, stdout } = await trainscope('compare', join(folder, 'exact'), join(folder, 'slow', 'events.ndjson'), '--json', '-o', page);
    expect(code).toBe(0);
    const { runs, metrics, differences, report } = JSON.parse(stdout) as Compared;
    expect(runs.map(({ status, step }) => [status, step])).toEqual([['completed', 3], ['completed', 3]]);
    const loss = metrics.find(({ name }) => name === 'val_loss');
    expect(loss?.better).toBe('lower');
    const [exact, slow] = loss?.runs ?? [];
    expect(exact?.last).toBeCloseTo(0, 10);
    // 0.8^2 is what three steps leave of the loss, each: 0.8^6.
    expect(slow?.last).toBeCloseTo(0.262144, 5);
    expect(slow?.best?.step).toBe(3);
    expect(differences.find(({ path }) => path === 'optimizer.learningRate')?.values).toEqual(['0.25', '0.05']);
    expect(report).toBe(page);
    expect(readFileSync(page, 'utf8')).toContain('</html>');
  });

  test('for people: a table each, runs by the names of their folders, without colours in a pipe', async () => {
    const { stdout } = await trainscope('compare', join(folder, 'exact'), join(folder, 'slow'));
    expect(stdout).toMatch(/│ metric +│ +exact │ +slow │/);
    expect(stdout).toMatch(/│ optimizer\.learningRate +│ 0\.25 +│ 0\.05 +│/);
    expect(stdout).toContain('exact has the lowest error');
    expect(stdout).not.toContain('\u001B[');
  });

  test.each([
    ['one run', [join(folder, 'exact')], 'one run'],
    ['a run twice', [join(folder, 'exact'), join(folder, 'exact', 'events.ndjson')], 'is given twice'],
    ['a log that is not there', [join(folder, 'exact'), join(folder, 'none')], 'cannot be read'],
  ] as const)('%s: code 2', async (_, logs, message) => {
    const { code, stderr, stdout } = await trainscope('compare', ...logs);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

test('the best of the last values leads: lowest or highest by the metric, nobody where all are equal or it does not tell', () => {
  const row = (better: MetricRow['better'], ...values: readonly (number | 'NaN' | null)[]): MetricRow => ({ name: 'x', better, runs: values.map((last) => (last === null ? null : { last, best: null })) });
  expect(leaders(row('lower', 2, 1, 'NaN', null))).toEqual([false, true, false, false]);
  expect(leaders(row('higher', 2, 1, 2))).toEqual([true, false, true]);
  expect(leaders(row('lower', 2, 2))).toEqual([false, false]);
  expect(leaders(row(null, 2, 1))).toEqual([false, false]);
});
