import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runExample } from '../support/run-example.js';

const folder = mkdtempSync(join(tmpdir(), 'trainscope-calibration-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the calibration, briefly: of a straight line nothing is told, tiny weights five layers deep are warned of, and the file says so', async () => {
  const file = join(folder, 'new', 'calibration.json');
  const { code, stdout, stderr } = await runExample('bench/calibration/calibrate.ts', ['--quick', '--json', file]);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('no estimate of the false alarms');

  const written = JSON.parse(readFileSync(file, 'utf8')) as { figures: object; tables: { kinds: { kind: string; findings: string }[] }; machine: object; versions: object; date: string };
  expect(written.figures).toEqual({ healthy_runs: 1, healthy_warnings: 0, faulty_runs: 1, faulty_warned: 1 });
  expect(written.tables.kinds.map(({ kind }) => kind)).toEqual(['line sgd', 'weights start tiny']);
  expect(written.tables.kinds[1]?.findings).toContain('vanishing-gradients warning');
  expect(written.machine).toHaveProperty('cores');
  expect(written.versions).toHaveProperty('node', process.version);
  expect(new Date(written.date).getTime()).not.toBeNaN();
});
