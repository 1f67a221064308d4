import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CheckpointFolder, readCheckpoint, readNewest } from '../../src/checkpoint/index.js';
import { faultyDisk, type Fault } from './faulty-disk.js';
import { contentOf, factsOf, useFolder } from './samples.js';

const folder = useFolder();
const write = (checkpoints: CheckpointFolder, name: string, seq: number): Promise<unknown> => checkpoints.write(name, factsOf(seq), contentOf(seq));

beforeEach(async () => {
  const checkpoints = new CheckpointFolder(folder.path);
  await checkpoints.open();
  await write(checkpoints, 'step-1', 1);
  await write(checkpoints, 'step-2', 2);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The values that the checkpoints hold, by their names; each is read whole. */
async function held(module: { CheckpointFolder: typeof CheckpointFolder; readCheckpoint: typeof readCheckpoint } = { CheckpointFolder, readCheckpoint }): Promise<Record<string, unknown>> {
  const entries = await new module.CheckpointFolder(folder.path).list();
  return Object.fromEntries(await Promise.all(entries.map(async ({ name, path }) => [name, ((await module.readCheckpoint(path)).content.state as { value: number }).value] as const)));
}

const leftovers = (): readonly string[] => readdirSync(folder.path).filter((name) => name.startsWith('.'));

interface Deed {
  readonly does: (checkpoints: CheckpointFolder) => Promise<unknown>;
  /** What may be there after a fault: all before, or all after. */
  readonly before: Record<string, number>;
  readonly after: Record<string, number>;
  /** Calls of the disk, worked out by hand. */
  readonly calls: number;
}

/** Make its folder, write 6 files, flush the folder, move the old one away, put it in place, flush, clear away two temporary paths. */
const callsOfWrite = 1 + 6 + 1 + 1 + 1 + 1 + 2;

const deeds: Readonly<Record<string, Deed>> = {
  'a new checkpoint is written': {
    does: (checkpoints) => write(checkpoints, 'step-3', 3),
    before: { 'step-1': 1, 'step-2': 2 },
    after: { 'step-1': 1, 'step-2': 2, 'step-3': 3 },
    calls: callsOfWrite,
  },
  'a checkpoint is replaced': {
    does: (checkpoints) => write(checkpoints, 'step-2', 20),
    before: { 'step-1': 1, 'step-2': 2 },
    after: { 'step-1': 1, 'step-2': 20 },
    calls: callsOfWrite,
  },
  'the only checkpoint is replaced': {
    does: async (checkpoints) => {
      await new CheckpointFolder(folder.path).remove('step-1');
      await write(checkpoints, 'step-2', 20);
    },
    before: { 'step-2': 2 },
    after: { 'step-2': 20 },
    calls: callsOfWrite,
  },
  'a checkpoint is removed': {
    does: (checkpoints) => checkpoints.remove('step-1'),
    before: { 'step-1': 1, 'step-2': 2 },
    after: { 'step-2': 2 },
    calls: 3,
  },
  'the folder is opened': {
    does: (checkpoints) => checkpoints.open(),
    before: { 'step-1': 1, 'step-2': 2 },
    after: { 'step-1': 1, 'step-2': 2 },
    calls: 3,
  },
};

describe.each(Object.entries(deeds))('while %s', (_, { does, before, after, calls }) => {
  test(`the disk is called ${String(calls)} times`, async () => {
    const counted = faultyDisk('failure', Infinity);
    await does(new CheckpointFolder(folder.path, counted.disk));
    expect(counted.calls).toHaveLength(calls);
    expect(await held()).toEqual(after);
    expect(leftovers()).toEqual([]);
  });

  test.each(Array.from({ length: calls }, (__, i) => i + 1))('the process may die at call %d of the disk: the next one finds all as it was, or all as it was to be', async (at) => {
    const { disk, struck } = faultyDisk('death', at);
    does(new CheckpointFolder(folder.path, disk)).catch(() => undefined);
    await struck;
    // What this process was at work on is not known to the next one.
    vi.resetModules();
    const next = await import('../../src/checkpoint/index.js');
    const found = await held(next);
    expect([before, after]).toContainEqual(found);
    expect((await next.readNewest(folder.path)).refused).toEqual([]);
    await new next.CheckpointFolder(folder.path).open();
    expect(leftovers()).toEqual([]);
    expect(await held(next)).toEqual(found);
  });

  test.each(Array.from({ length: calls }, (__, i) => i + 1).flatMap((at): [Fault, number][] => [['failure', at], ['broken disk', at]]))('a %s at call %d of the disk is told, and all is as it was, or as it was to be', async (fault, at) => {
    const { disk } = faultyDisk(fault, at);
    const failure = await does(new CheckpointFolder(folder.path, disk)).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure !== undefined) {
      expect(failure).toMatchObject({ name: 'CheckpointError', code: 'CHECKPOINT_UNWRITABLE', remedy: 'Make room on the disk, keep fewer checkpoints (keepLast), or give a folder on another disk.' });
    }
    const found = await held();
    expect(failure === undefined ? [after] : [before, after]).toContainEqual(found);
    await new CheckpointFolder(folder.path).open();
    expect(leftovers()).toEqual([]);
    expect(await held()).toEqual(found);
  });
});

test('a failure leaves no half checkpoint, and the next one is written', async () => {
  const { disk } = faultyDisk('failure', 4);
  const checkpoints = new CheckpointFolder(folder.path, disk);
  await expect(write(checkpoints, 'step-3', 3)).rejects.toMatchObject({ code: 'CHECKPOINT_UNWRITABLE', cause: { code: 'ENOSPC' } });
  expect(leftovers()).toEqual([]);
  await write(checkpoints, 'step-3', 3);
  expect(await held()).toEqual({ 'step-1': 1, 'step-2': 2, 'step-3': 3 });
});

test('one that was to be replaced is back in its place when the new one cannot be put there', async () => {
  // The tenth call puts the new one in place, after the ninth has moved the old one away.
  const { disk, calls } = faultyDisk('failure', 10);
  await expect(write(new CheckpointFolder(folder.path, disk), 'step-2', 20)).rejects.toMatchObject({ code: 'CHECKPOINT_UNWRITABLE' });
  expect(calls.slice(8, 11)).toEqual(['rename step-2', 'rename tmp', 'rename old']);
  expect(readdirSync(folder.path).toSorted()).toEqual(['step-1', 'step-2']);
});

test('a checkpoint gets its name when all of it is on the disk and `before` has settled, and then the name is put on the disk', async () => {
  const { disk, calls } = faultyDisk('failure', Infinity);
  const order: string[] = [];
  await new CheckpointFolder(folder.path, disk).write('step-3', factsOf(3), contentOf(3), async () => {
    order.push(...calls, 'before');
  });
  expect(order.slice(1, 6).toSorted()).toEqual(['write model.json', 'write optimizer.bin', 'write snapshots.bin', 'write state.json', 'write weights.bin']);
  const inFolder = folder.path.split('/').at(-1) ?? '';
  expect([order[0], ...order.slice(6), ...calls.slice(8)]).toEqual(['makeFolder tmp', 'write manifest.json', 'sync tmp', 'before', 'rename step-3', 'rename tmp', `sync ${inFolder}`, 'remove old', 'remove tmp']);
});

test('8 flushes make a checkpoint outlive a loss of power: 6 files, its folder, and the folder that it is in', async () => {
  const probe = await open(folder.path, 'r');
  const sync = vi.spyOn(Object.getPrototypeOf(probe) as typeof probe, 'sync');
  await probe.close();
  await write(new CheckpointFolder(folder.path), 'step-3', 3);
  expect(sync).toHaveBeenCalledTimes(8);
});

describe('what is left half done', () => {
  const dead = spawnSync('true').pid;

  test.each([
    ['a process that is no more is cleared away', dead, []],
    ['a living process stays', process.ppid, [`.tmp-${String(process.ppid)}-0123abcd-step-3`]],
    ['an earlier process with the number of this one is cleared away', process.pid, []],
  ])('by %s', async (_, pid, stays) => {
    mkdirSync(join(folder.path, `.tmp-${String(pid)}-0123abcd-step-3`));
    await new CheckpointFolder(folder.path).open();
    expect(leftovers()).toEqual(stays);
  });

  test('by this process is not cleared away while it is at work', async () => {
    const { disk, struck } = faultyDisk('death', 3);
    write(new CheckpointFolder(folder.path, disk), 'step-3', 3).catch(() => undefined);
    await struck;
    await new CheckpointFolder(folder.path).open();
    expect(leftovers()).toHaveLength(1);
  });

  test('is told from what is not ours', async () => {
    const others = ['.tmp-notes', '.git', '.tmp-1-xyz-step', `.old-${String(dead)}`];
    for (const name of others) mkdirSync(join(folder.path, name));
    await new CheckpointFolder(folder.path).open();
    expect(leftovers()).toEqual(others.toSorted());
  });

  test('in the place of a checkpoint that was being replaced is found, read, and put back', async () => {
    const path = join(folder.path, `.old-${String(dead)}-0123abcd-step-2`);
    renameSync(join(folder.path, 'step-2'), path);
    expect((await readNewest(folder.path)).entry).toMatchObject({ name: 'step-2', path });
    cpSync(path, path.replace('0123', '4567'), { recursive: true });
    await new CheckpointFolder(folder.path).open();
    expect(readdirSync(folder.path).toSorted()).toEqual(['step-1', 'step-2']);
  });
});

describe('a folder that cannot be written is told when it is opened', () => {
  test('as part of its path is a file', async () => {
    writeFileSync(join(folder.path, 'file'), '');
    for (const path of ['file', join('file', 'below')]) {
      await expect(new CheckpointFolder(join(folder.path, path)).open()).rejects.toMatchObject({ code: 'CHECKPOINT_UNWRITABLE', remedy: 'Part of the path is a file: give a path of folders.' });
    }
  });

  test.each([
    ['EROFS', 'Let this process write to the folder, or give another one.'],
    ['EACCES', 'Let this process write to the folder, or give another one.'],
    ['EDQUOT', 'Make room on the disk, keep fewer checkpoints (keepLast), or give a folder on another disk.'],
    ['EIO', 'Give another folder, or mend this one.'],
  ])('with what to do about %s', async (code, remedy) => {
    const { disk } = faultyDisk('failure', Infinity);
    const write = (): Promise<never> => Promise.reject(Object.assign(new Error(`${code}: no`), { code }));
    await expect(new CheckpointFolder(folder.path, { ...disk, write }).open()).rejects.toMatchObject({ code: 'CHECKPOINT_UNWRITABLE', remedy, found: `no checkpoint can be written to ${folder.path}: ${code}: no` });
    expect(leftovers()).toEqual([]);
  });

  test('or is taken away later', async () => {
    const checkpoints = new CheckpointFolder(join(folder.path, 'a', 'b'));
    await checkpoints.open();
    expect(existsSync(checkpoints.path)).toBe(true);
    renameSync(join(folder.path, 'a'), join(folder.path, 'c'));
    await expect(write(checkpoints, 'step-1', 1)).rejects.toMatchObject({ code: 'CHECKPOINT_UNWRITABLE' });
  });
});

test('a process killed at any moment loses no checkpoint that it said was written', async () => {
  const script = fileURLToPath(new URL('write-until-killed.ts', import.meta.url));
  let least = 2;
  // One kill as soon as the first is written, and others later: some 100 ms take in several checkpoints.
  for (const wait of [0, 3, 11, 29, 67, 101]) {
    const child = spawn(process.execPath, ['--import', 'tsx', script, folder.path, String(least)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    let said = '';
    for await (const text of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
      if (said === '') setTimeout(() => child.kill('SIGKILL'), wait);
      said += text;
    }
    await exited;
    const last = Number(said.trim().split('\n').at(-1));
    expect(last).toBeGreaterThan(least);
    const { entry, content, refused } = await readNewest(folder.path);
    expect(refused).toEqual([]);
    expect(entry.facts.seq).toBeGreaterThanOrEqual(last);
    expect(content.weights[0]?.values.every((value) => value === entry.facts.seq)).toBe(true);
    await new CheckpointFolder(folder.path).open();
    expect(leftovers()).toEqual([]);
    least = entry.facts.seq;
  }
});
