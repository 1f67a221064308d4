import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkpoint } from '../../plugins/index.js';
import { fileSink, memorySink, Trainer, type MemorySink } from '../../src/index.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';
import { canMount, mountSmallDisk, type SmallDisk } from './small-disk.js';

beforeAll(() => useBackend('cpu'));

let folder = '';
let disk: SmallDisk | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trainscope-disks-'));
});
afterEach(() => {
  disk?.remove();
  disk = undefined;
  rmSync(folder, { recursive: true, force: true });
});
const small = (kibibytes: number): SmallDisk => {
  disk = mountSmallDisk(kibibytes);
  if (disk === undefined) throw new Error('the disk was mounted before, and now is not');
  return disk;
};

interface Run {
  readonly trainer: Trainer<never>;
  readonly memory: MemorySink;
}

function openTrainer({ log, checkpoints, every = 1 }: { readonly log?: string; readonly checkpoints?: string; readonly every?: number }): Run {
  const memory = memorySink();
  const trainer = new Trainer({
    model: smallClassifier(),
    loss: 'sparseCategoricalCrossentropy',
    seed: 1,
    logEvery: 1,
    progress: false,
    sinks: [memory, ...(log === undefined ? [] : [fileSink({ path: log })])],
    plugins: checkpoints === undefined ? [] : [checkpoint({ folder: checkpoints, every: { steps: every }, keepLast: 'all' })],
  });
  return { trainer: trainer as unknown as Trainer<never>, memory };
}

/** 3 steps an epoch. */
const fit = ({ trainer }: Run, epochs: number): Promise<unknown> => trainer.fit(clouds(12), { batchSize: 4, epochs }).catch((error: unknown) => error);
const dataOf = ({ memory }: Run, name: string): readonly Readonly<Record<string, unknown>>[] => memory.events.filter(({ event }) => event === name).map(({ data }) => data);
const linesOf = (path: string): readonly string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);

describe.skipIf(!canMount)('a disk that is full (skipped where this process may not mount one)', () => {
  it('ends the log, with one sink-error of its code, and not the training: 300 steps are done', async () => {
    const path = join(small(32).folder, 'run.jsonl');
    const run = openTrainer({ log: path });
    expect(await fit(run, 100)).toMatchObject({ reason: 'completed', steps: 300 });
    await run.trainer.dispose();
    expect(dataOf(run, 'sink-error')).toMatchObject([{ sink: `file:${path}`, code: 'ENOSPC', detached: true }]);
    expect(dataOf(run, 'step')).toHaveLength(300);
    // What fitted is there: whole lines, in order, but for the one that was cut where the disk was full.
    const lines = linesOf(path).map((line) => JSON.parse(line) as { seq: number });
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, i) => i + 1));
  });

  it('keeps the checkpoints that are there, tells of each that could not be written, and the newest sound one is resumed', async () => {
    // A checkpoint has 6 files, and a file takes whole pages of 4 KiB: 31 of 24 KiB or more do not fit on a disk of 160 KiB.
    const checkpoints = join(small(160).folder, 'checkpoints');
    const run = openTrainer({ checkpoints });
    expect(await fit(run, 10)).toMatchObject({ reason: 'completed', steps: 30 });
    await run.trainer.dispose();
    const failed = dataOf(run, 'checkpoint-failed');
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.every(({ code }) => code === 'CHECKPOINT_UNWRITABLE')).toBe(true);
    const names = readdirSync(checkpoints);
    expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
    // One for each step, and one at the end.
    expect(dataOf(run, 'checkpoint')).toHaveLength(31);
    expect(names.length + failed.length).toBe(dataOf(run, 'checkpoint').length);
    const again = openTrainer({ checkpoints });
    expect(await again.trainer.resume(checkpoints)).toMatchObject({ refused: [], step: names.length });
    await again.trainer.dispose();
  });
});

describe.skipIf(!canMount)('a disk that becomes read-only in the midst of a fit (skipped where this process may not mount one)', () => {
  it('is told of, and the training goes on with the checkpoints that were written: 12 steps', async () => {
    const { folder: at, makeReadOnly } = small(4096);
    const checkpoints = join(at, 'checkpoints');
    const run = openTrainer({ checkpoints, every: 3 });
    run.trainer.hook('epochStart', (_, { epoch }) => {
      if (epoch === 3) makeReadOnly();
    });
    run.trainer.hook('epochEnd', async (_, { epoch }) => {
      while (epoch === 2 && !existsSync(join(checkpoints, 'epoch-0002-step-00000006'))) await new Promise((resolve) => setTimeout(resolve, 5));
    });
    expect(await fit(run, 4)).toMatchObject({ reason: 'completed', steps: 12 });
    await run.trainer.dispose();
    // After steps 9 and 12, and at the end.
    expect(dataOf(run, 'checkpoint-failed').map(({ code }) => code)).toEqual(['CHECKPOINT_UNWRITABLE', 'CHECKPOINT_UNWRITABLE', 'CHECKPOINT_UNWRITABLE']);
    expect(readdirSync(checkpoints).filter((name) => !name.startsWith('.')).sort()).toEqual(['epoch-0001-step-00000003', 'epoch-0002-step-00000006']);
  });

  it('takes no new log: it is told of at the first event, and the training is done', async () => {
    const { folder: at, makeReadOnly } = small(4096);
    makeReadOnly();
    const run = openTrainer({ log: join(at, 'run.jsonl') });
    expect(await fit(run, 1)).toMatchObject({ reason: 'completed', steps: 3 });
    await run.trainer.dispose();
    expect(dataOf(run, 'sink-error')).toMatchObject([{ code: 'EROFS', detached: true }]);
  });

  it('refuses checkpoints before the first step', async () => {
    const { folder: at, makeReadOnly } = small(4096);
    makeReadOnly();
    const run = openTrainer({ checkpoints: join(at, 'checkpoints') });
    expect(await fit(run, 1)).toMatchObject({ code: 'CHECKPOINT_UNWRITABLE' });
    expect(dataOf(run, 'step')).toEqual([]);
    await run.trainer.dispose();
  });
});

describe('a folder for checkpoints that cannot be made', () => {
  it('because it lies below a file fails the fit before the first step', async () => {
    writeFileSync(join(folder, 'a-file'), '');
    const run = openTrainer({ checkpoints: join(folder, 'a-file', 'checkpoints') });
    expect(await fit(run, 1)).toMatchObject({ code: 'CHECKPOINT_UNWRITABLE' });
    expect(dataOf(run, 'step')).toEqual([]);
    await run.trainer.dispose();
  });

  it('because it is removed in the midst of the fit costs the checkpoints, and not the training', async () => {
    const checkpoints = join(folder, 'checkpoints');
    const run = openTrainer({ checkpoints });
    run.trainer.hook('stepEnd', (_, { step }) => {
      if (step === 2) rmSync(checkpoints, { recursive: true, force: true });
    });
    expect(await fit(run, 2)).toMatchObject({ reason: 'completed', steps: 6 });
    await run.trainer.dispose();
    // Written again where it was, or told that it could not be: never taken for written.
    const there = existsSync(checkpoints) ? readdirSync(checkpoints).filter((name) => !name.startsWith('.')).length : 0;
    expect(there + dataOf(run, 'checkpoint-failed').length).toBeGreaterThanOrEqual(dataOf(run, 'checkpoint').length - 2);
  });
});
