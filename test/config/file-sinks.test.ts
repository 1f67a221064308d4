import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { Trainer } from 'trainscope';
import { loadConfig } from 'trainscope/config';
import { temporaryFolder } from './temporary-folder.js';

const write = (sinks: string): { readonly folder: string; readonly file: string } => {
  const folder = temporaryFolder();
  const file = join(folder, 'run.yaml');
  writeFileSync(file, `loss: meanSquaredError\noptimizer: sgd\nsinks:\n${sinks}`);
  return { folder, file };
};

test('csv and tensorBoard write in the folder of the config: 3 losses of 3 steps, and a run with three folders', async () => {
  const { folder, file } = write('  - csv: out/run.csv\n  - tensorBoard: { folder: logs, run: first }\n');
  const trainer = new Trainer({ ...(await loadConfig(file)), model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }), backend: 'cpu', logEvery: 1, progress: false });
  await trainer.fit({ inputs: [[1], [2], [3]], labels: [[1], [2], [3]] }, { epochs: 1, batchSize: 1, validation: { inputs: [[1]], labels: [[1]] } });
  await trainer.dispose();
  const rows = readFileSync(join(folder, 'out/run.csv'), 'utf8').split('\r\n');
  expect(rows.filter((row) => row.includes(',step,,loss,,')).length).toBe(3);
  expect(readdirSync(join(folder, 'logs/first')).map((name) => name.replace(/^events\.out\.tfevents\.\d{10}\..*\.v2$/, 'events')).sort()).toEqual(['events', 'train', 'validation']);
});

test('paths that lead out, a file in place of a folder and unknown options are told together, and nothing is made', async () => {
  const { folder, file } = write("  - csv: ../run.csv\n  - tensorBoard: ../logs\n  - tensorBoard: run.yaml\n  - tensorBoard: { folder: a, run: b/c }\n");
  const error = await loadConfig(file).then(
    () => undefined,
    (thrown: unknown) => thrown as Error,
  );
  expect(error?.message).toMatch(/"\.\.\/run\.csv" leads out with "\.\."/);
  expect(error?.message).toMatch(/"\.\.\/logs" leads out with "\.\."/);
  expect(error?.message).toMatch(/"run\.yaml" is a file, expected the path of a folder/);
  expect(error?.message).toMatch(/expected the name of a folder, without \/ and \\/);
  expect(existsSync(join(folder, 'a'))).toBe(false);
});
