import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { contentFiles, manifestFile, sealManifest } from '../../src/checkpoint/manifest.js';
import { CheckpointFolder, checkpointHandler, readCheckpoint, readNewest } from '../../src/checkpoint/index.js';
import { contentOf, factsOf, useFolder } from './samples.js';

const folder = useFolder();
const files = [manifestFile, ...contentFiles];
const at = (...path: readonly string[]): string => join(folder.path, ...path);

beforeEach(async () => {
  const checkpoints = new CheckpointFolder(folder.path);
  await checkpoints.open();
  for (const seq of [1, 2]) await checkpoints.write(`step-${String(seq)}`, factsOf(seq), contentOf(seq));
});

/** The second checkpoint is refused, by its name and the file's, and the first one is taken. */
async function expectRefused(file: string, code = 'CHECKPOINT_TORN'): Promise<void> {
  const reading = readCheckpoint(at('step-2'));
  await expect(reading).rejects.toMatchObject({ name: 'CheckpointError', code, message: expect.stringContaining(`${file} of the checkpoint "step-2" `) as string });
  const { entry, refused } = await readNewest(folder.path);
  expect(entry.name).toBe('step-1');
  expect(refused).toEqual([{ name: 'step-2', reason: expect.stringContaining(`${file} of the checkpoint "step-2" `) as string }]);
}

/** Some 40 places in a file: the first and last ones, and others evenly between. */
const places = (length: number): readonly number[] => [...new Set(Array.from({ length: 40 }, (_, i) => Math.round((i * (length - 1)) / 39)))];

const damages: Readonly<Record<string, (path: string) => void>> = {
  'with a byte more': (path) => {
    writeFileSync(path, '\n', { flag: 'a' });
  },
  'that is missing': (path) => {
    rmSync(path);
  },
  'that is a folder': (path) => {
    rmSync(path);
    mkdirSync(path);
  },
  'that is a link to the right bytes elsewhere': (path) => {
    renameSync(path, at('elsewhere'));
    symlinkSync(at('elsewhere'), path);
  },
  'that is a named pipe, which nobody writes to': (path) => {
    rmSync(path);
    execFileSync('mkfifo', [path]);
  },
};

describe.each(files)('%s', (file) => {
  test('with any bit of a byte flipped is refused, and the checkpoint before is used', async () => {
    const path = at('step-2', file);
    const whole = readFileSync(path);
    for (const place of places(whole.length)) {
      const flipped = Buffer.from(whole);
      flipped[place] = (whole[place] ?? 0) ^ (1 << place % 8);
      writeFileSync(path, flipped);
      await expectRefused(file);
    }
  });

  test('cut off anywhere is refused, and the checkpoint before is used', async () => {
    const path = at('step-2', file);
    const whole = readFileSync(path);
    for (const length of [...places(whole.length).filter((place) => place % 3 === 0), whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, length));
      await expectRefused(file);
    }
  });

  test.each(Object.entries(damages))('%s is refused', async (_, damage) => {
    damage(at('step-2', file));
    await expectRefused(file);
  });
});

test('files of another checkpoint, or of another name, are refused', async () => {
  cpSync(at('step-1', 'state.json'), at('step-2', 'state.json'));
  await expectRefused('state.json');
  cpSync(at('step-1', 'state.json'), at('step-2', 'optimizer.bin'));
  await expect(readCheckpoint(at('step-2'))).rejects.toMatchObject({ code: 'CHECKPOINT_TORN' });
});

test('unknown files in a checkpoint are let be', async () => {
  writeFileSync(at('step-2', '.DS_Store'), 'x');
  expect((await readNewest(folder.path)).entry.name).toBe('step-2');
});

test('a checkpoint that was copied elsewhere under another name is as good', async () => {
  cpSync(at('step-1'), at('elsewhere', 'best'), { recursive: true });
  expect((await readCheckpoint(at('elsewhere', 'best'))).entry).toMatchObject({ name: 'best', facts: { seq: 1 } });
});

test('a link to a checkpoint is not taken for one, and can be named', async () => {
  mkdirSync(at('links'));
  symlinkSync(at('step-2'), at('links', 'latest'));
  await expect(readNewest(at('links'))).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
  expect((await readNewest(at('links', 'latest'))).entry.facts.seq).toBe(2);
});

test('when none is sound, each is named with what is wrong with it', async () => {
  truncateSync(at('step-1', 'weights.bin'), 30);
  rmSync(at('step-2', 'manifest.json'));
  await expect(readNewest(folder.path)).rejects.toMatchObject({
    code: 'CHECKPOINT_TORN',
    found: `no checkpoint in ${folder.path} is sound: manifest.json of the checkpoint "step-2" is missing; weights.bin of the checkpoint "step-1" has 30 bytes; its manifest says 31`,
  });
  await expect(readNewest(at('step-2'))).rejects.toMatchObject({ code: 'CHECKPOINT_TORN', found: 'manifest.json of the checkpoint "step-2" is missing' });
});

test('what is no checkpoint is not found; what is no folder is refused', async () => {
  mkdirSync(at('empty'));
  mkdirSync(at('others', 'pictures'), { recursive: true });
  writeFileSync(at('file'), '');
  for (const path of ['nowhere', 'empty', 'others', join('file', 'below'), 'a\0b', 'x'.repeat(300)]) {
    await expect(readNewest(at(path)), path).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
  }
  await expect(readCheckpoint(at('nowhere'))).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
  await expect(readCheckpoint(at('empty'))).rejects.toMatchObject({ code: 'CHECKPOINT_TORN', found: 'manifest.json of the checkpoint "empty" is missing' });
  for (const read of [readNewest, readCheckpoint]) await expect(read(at('file'))).rejects.toMatchObject({ code: 'CHECKPOINT_FORMAT' });
});

describe('with its sums made right again', () => {
  interface Manifest {
    version: number;
    facts: Record<string, unknown>;
    files: Record<string, { bytes: number; sha256: string }>;
    optimizer: { name: string; dtype: string; shape: number[] }[];
    [more: string]: unknown;
  }
  const changeManifest = (change: (manifest: Manifest) => unknown): void => {
    const { manifest } = JSON.parse(readFileSync(at('step-2', manifestFile), 'utf8')) as { manifest: Manifest };
    const changed = change(manifest);
    writeFileSync(at('step-2', manifestFile), sealManifest(Buffer.from(typeof changed === 'string' ? changed : JSON.stringify(manifest))));
  };
  const changeFile = (file: string, bytes: string): void => {
    writeFileSync(at('step-2', file), bytes);
    changeManifest((manifest) => (manifest.files[file] = { bytes: Buffer.byteLength(bytes), sha256: createHash('sha256').update(bytes).digest('hex') }));
  };
  const model = (change: object): string => JSON.stringify({ ...(JSON.parse(readFileSync(at('step-2', 'model.json'), 'utf8')) as object), ...change });

  test.each<[string, string, (manifest: Manifest) => unknown]>([
    ['of a later version', 'is of format 2; this version of trainscope knows 1', (manifest) => (manifest.version = 2)],
    ['with a field that is not known', 'unknown key "more"', (manifest) => (manifest['more'] = 1)],
    ['with a path in place of a file', 'unknown key "../../secret"', (manifest) => (manifest.files['../../secret'] = { bytes: 1, sha256: 'a'.repeat(64) })],
    ['with an attempt of 0', 'facts.attempt', (manifest) => (manifest.facts['attempt'] = 0)],
    ['with a size of -1', 'files["state.json"].bytes', (manifest) => manifest.files['state.json'] && (manifest.files['state.json'].bytes = -1)],
    ['of another dtype', 'optimizer[0].dtype', ({ optimizer: [first] }) => first && Object.assign(first, { dtype: 'complex64' })],
    ['that is a number', 'expected an object', () => '7'],
    ['that is cut off', 'is no JSON', () => '{"format":'],
    ['of brackets alone', 'more than 500 levels of brackets', () => '['.repeat(100_000)],
    ['with a prototype', 'unknown key "__proto__"', (manifest) => JSON.stringify(manifest).replace('{', '{"__proto__":{"polluted":1},')],
    ['with 10,000 wrong arrays', '; and 29995 more', (manifest) => (manifest.optimizer = Array.from({ length: 10_000 }, () => ({ name: 1 }) as never))],
  ])('a manifest %s is refused', async (_, message, change) => {
    changeManifest(change);
    await expect(readCheckpoint(at('step-2'))).rejects.toMatchObject({ code: 'CHECKPOINT_FORMAT', message: expect.stringContaining(message) as string });
    await expectRefused(manifestFile, 'CHECKPOINT_FORMAT');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test.each([[[2]], [[1, 2, 3]], [[2 ** 53 - 1, 2 ** 53 - 1, 2 ** 53 - 1]], [[0, 2 ** 53 - 1]], [Array.from({ length: 40 }, () => 2 ** 30)]])('an array of shape %j in a file of 4 bytes is refused, and no memory is taken for it', async (shape) => {
    changeManifest(({ optimizer: [first] }) => first && (first.shape = shape));
    await expectRefused('optimizer.bin', 'CHECKPOINT_FORMAT');
  });

  test('a size beyond the file is refused before memory is taken for it', async () => {
    changeManifest(({ files: { 'weights.bin': weights } }) => weights && (weights.bytes = 2 ** 53 - 1));
    await expectRefused('weights.bin');
  });

  test('a manifest of 65 MiB is refused before it is read', async () => {
    truncateSync(at('step-2', manifestFile), 65 * 1024 * 1024);
    await expectRefused(manifestFile, 'CHECKPOINT_FORMAT');
  });

  test.each([
    ['paths that lead elsewhere', () => model({ weightsManifest: [{ paths: ['../step-1/weights.bin'], weights: [] }] })],
    ['two groups of weights', () => model({ weightsManifest: [1, 2].map(() => ({ paths: ['weights.bin'], weights: [] })) })],
    ['another format', () => model({ format: 'graph-model' })],
    ['nothing', () => ''],
    ['bytes that are no text', () => '\ud800'],
  ])('model.json with %s is refused', async (_, bytes) => {
    changeFile('model.json', bytes());
    await expectRefused('model.json', 'CHECKPOINT_FORMAT');
    await expect(checkpointHandler(at('step-2')).load?.()).rejects.toMatchObject({ code: 'CHECKPOINT_FORMAT' });
  });

  test('a state whose keys are those of prototypes is plain data', async () => {
    changeFile('state.json', '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    const { content } = await readCheckpoint(at('step-2'));
    expect(Object.keys(content.state as object)).toEqual(['__proto__', 'constructor']);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});
