import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runExample } from '../support/run-example.js';

const folder = mkdtempSync(join(tmpdir(), 'trainscope-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Written {
  readonly figures: Readonly<Record<string, number>>;
  readonly tables: { readonly steps: readonly { readonly network: string; readonly times: Readonly<Record<string, unknown>> }[] };
}

test('the benchmark of backends, briefly: every figure is measured, and stock wasm is told to lack the gradient of a filter', async () => {
  const file = join(folder, 'backend.json');
  const { code, stdout, stderr } = await runExample('bench/backend.ts', ['--quick', '--json', file]);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('stock wasm cannot train small cnn: Kernel \'Conv2DBackpropFilter\' not registered');

  const { figures, tables } = JSON.parse(readFileSync(file, 'utf8')) as Written;
  expect(Object.keys(figures).sort()).toEqual(['cnn_speedup_vs_stock_cpu', 'mlp_speedup_vs_stock_wasm', 'mlp_vs_roofline', 'worst_speedup_vs_stock']);
  for (const figure of Object.values(figures)) expect(figure).toBeGreaterThan(0);
  expect(tables.steps.map(({ network }) => network)).toEqual(['mlp', 'small cnn']);
  expect(tables.steps[0]?.times['trainscope wasm']).toMatchObject({ cpu: { median: expect.any(Number) as number }, wall: { q1: expect.any(Number) as number } });
});
