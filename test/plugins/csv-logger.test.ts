import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { memorySink, Trainer, type Sink } from 'trainscope';
import type { AnyPlugin } from 'trainscope/plugin';
import { checkpoint, csvLogger } from 'trainscope/plugins';
import { CsvTable } from '../../plugins/csv-logger/csv-table.js';

const fresh = (): string => mkdtempSync(join(tmpdir(), 'trainscope-csv-logger-'));
const lines = (path: string): string[] => readFileSync(path, 'utf8').split('\r\n');
const data = { inputs: [[1], [2], [3], [4]], labels: [[2], [4], [6], [8]] };

const makeTrainer = (plugins: readonly AnyPlugin[], sinks: readonly Sink[] = []): Trainer<readonly AnyPlugin[]> =>
  new Trainer({
    model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1], kernelInitializer: 'zeros' })] }),
    loss: 'meanSquaredError',
    optimizer: { name: 'sgd', learningRate: 0.01 },
    backend: 'cpu',
    seed: 1,
    progress: false,
    plugins: [...plugins],
    sinks: [...sinks],
  });

async function fit(plugins: readonly AnyPlugin[], options: { readonly epochs: number; readonly validation?: boolean }): Promise<Record<string, unknown>[]> {
  const memory = memorySink();
  const trainer = makeTrainer(plugins, [memory]);
  await trainer.fit(data, { epochs: options.epochs, batchSize: 4, ...(options.validation === true ? { validation: data } : {}) });
  await trainer.dispose();
  return memory.events.filter(({ event }) => event === 'csv-logger').map(({ data: each }) => ({ ...each }));
}

test('columns are epoch, metrics, val_ metrics and learning_rate; the first loss of a kernel of 0 is (4 + 16 + 36 + 64) / 4', async () => {
  const file = join(fresh(), 'deep', 'training.csv');
  const [event] = await fit([csvLogger({ filename: file })], { epochs: 2, validation: true });
  const [header, first = '', second = '', end] = lines(file);
  expect([header, end]).toEqual(['epoch,loss,val_loss,learning_rate', '']);
  const [epoch, loss, validation, rate] = first.split(',').map(Number);
  expect([epoch, loss, rate]).toEqual([1, 30, 0.01]);
  // Gradients 2 x mean((0 - y) x) = -30 and 2 x mean(-y) = -10: kernel 0.3, bias 0.1, errors 1.6, 3.3, 5, 6.7.
  expect(validation).toBeCloseTo((1.6 ** 2 + 3.3 ** 2 + 5 ** 2 + 6.7 ** 2) / 4, 4);
  expect(Number(second.split(',')[1])).toBeCloseTo((1.6 ** 2 + 3.3 ** 2 + 5 ** 2 + 6.7 ** 2) / 4, 4);
  expect(event).toEqual({ file, columns: ['epoch', 'loss', 'val_loss', 'learning_rate'], rows: 2 });
});

test('a run replaces the table of another one, and with append adds to it', async () => {
  const file = join(fresh(), 'training.csv');
  await fit([csvLogger({ filename: file, separator: ';' })], { epochs: 3 });
  await fit([csvLogger({ filename: file, separator: ';' })], { epochs: 1 });
  expect(lines(file).length).toBe(3);
  await fit([csvLogger({ filename: file, separator: ';', append: true })], { epochs: 2, validation: true });
  const [header, old, ...added] = lines(file);
  expect(header).toBe('epoch;loss;learning_rate;val_loss');
  expect(old).toBe('1;30;0.01;');
  expect(added.map((line) => line.split(';')[0])).toEqual(['1', '2', '']);
});

test('a run that is resumed from epoch 2 and had come to epoch 3 has each epoch once, as one that was never interrupted', async () => {
  const [folder, whole] = [fresh(), fresh()];
  const plugins = (at: string): AnyPlugin[] => [csvLogger({ filename: join(at, 't.csv') }), checkpoint({ folder: join(at, 'c'), every: { epochs: 2 }, atEnd: false })];
  await fit(plugins(whole), { epochs: 5 });
  await fit(plugins(folder), { epochs: 3 });
  expect(lines(join(folder, 't.csv')).length).toBe(5);
  const trainer = makeTrainer(plugins(folder));
  await trainer.resume(join(folder, 'c'));
  await trainer.fit(data, { epochs: 5, batchSize: 4 });
  await trainer.dispose();
  expect(lines(join(folder, 't.csv'))).toEqual(lines(join(whole, 't.csv')));
});

test('NaN and infinities are text, and a name with the separator is quoted', () => {
  const file = join(fresh(), 't.csv');
  const table = CsvTable.open(file, ',', 0);
  table.append({ epoch: 1, 'a,b': NaN, c: -Infinity });
  expect(readFileSync(file, 'utf8')).toBe('epoch,"a,b",c\r\n1,NaN,-Infinity\r\n');
  const again = CsvTable.open(file, ',', Infinity);
  expect([again.columns, again.rows]).toEqual([['epoch', 'a,b', 'c'], 1]);
});

test('half a row of a process that was killed goes, and a file that is no such table is refused and left as it is', () => {
  const file = join(fresh(), 't.csv');
  writeFileSync(file, 'epoch,loss\r\n1,0.5\r\n2,0.');
  expect(CsvTable.open(file, ',', Infinity).rows).toBe(1);
  expect(readFileSync(file, 'utf8')).toBe('epoch,loss\r\n1,0.5\r\n');
  writeFileSync(file, 'name,price\r\nbread,2\r\n');
  expect(() => CsvTable.open(file, ',', Infinity)).toThrow('whose first column is "name"; a table of its own');
  expect(readFileSync(file, 'utf8')).toBe('name,price\r\nbread,2\r\n');
});

test('a separator of numbers or names is refused', () => {
  for (const separator of ['', '"', '.', '-', '1', 'e', ',,', '\n']) expect(() => csvLogger({ separator })).toThrow('options of the plugin "csvLogger" are not valid');
});
