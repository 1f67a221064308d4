import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CheckpointFolder, readCheckpoint, readNewest, type NamedArray } from '../../src/checkpoint/index.js';
import { contentOf, factsOf, floats, useFolder } from './samples.js';

const folder = useFolder();

const opened = async (): Promise<CheckpointFolder> => {
  const made = new CheckpointFolder(join(folder.path, 'run', 'checkpoints'));
  await made.open();
  return made;
};

const hex = ({ values }: NamedArray): string => Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex');

describe('what is written', () => {
  test('is read again to the bit: payloads of NaN, -0, denormals, booleans, empty arrays', async () => {
    const checkpoints = await opened();
    const given = contentOf(3);
    await checkpoints.write('step-1', factsOf(1), given);
    const { entry, content } = await readCheckpoint(join(checkpoints.path, 'step-1'));
    expect(entry).toEqual({ name: 'step-1', path: join(checkpoints.path, 'step-1'), facts: factsOf(1) });
    expect(content.weights.map(hex)).toEqual(['4523c17f0000008001000000000080ff', '010001', '00004040000040c0', '00000080', '']);
    expect(content.weights.map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual(given.weights.map(({ name, dtype, shape }) => [name, dtype, shape]));
    // The file was read once, and only what stands behind the three booleans was copied out of it: at 19, 27 and 31 no float can begin.
    expect(content.weights.map(({ values }) => values.buffer.byteLength)).toEqual([31, 31, 8, 4, 0]);
    expect(content.optimizer).toEqual(given.optimizer);
    expect(content.state).toEqual(given.state);
    expect(content.topology).toBeNull();
  });

  test('may have any text as key, and no key reaches a prototype', async () => {
    const checkpoints = await opened();
    await checkpoints.write('step-1', factsOf(1), contentOf(3));
    const { content } = await readCheckpoint(join(checkpoints.path, 'step-1'));
    expect(Object.keys(content.snapshots)).toEqual(['early stopping, "best"', '__proto__', 'none']);
    expect(Object.entries(content.snapshots).map(([, arrays]) => arrays.map(({ values }) => values[0]))).toEqual([[7], [1, 2], []]);
    expect(Object.getPrototypeOf(content.snapshots)).toBe(Object.prototype);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test('is what it was when write() was called, whatever becomes of it meanwhile', async () => {
    const checkpoints = await opened();
    const weight = floats('w', 5);
    const writing = checkpoints.write('step-1', factsOf(1), { ...contentOf(3), weights: [weight] });
    weight.values[0] = 6;
    await writing;
    const { content } = await readCheckpoint(join(checkpoints.path, 'step-1'));
    expect(content.weights[0]?.values[0]).toBe(5);
  });

  test('can be checked with sha256sum, and its bytes are counted', async () => {
    const checkpoints = await opened();
    const { bytes } = await checkpoints.write('step-1', factsOf(1), contentOf(3));
    const read = (file: string): Buffer => readFileSync(join(checkpoints.path, 'step-1', file));
    const files = readdirSync(join(checkpoints.path, 'step-1')).toSorted();
    expect(files).toEqual(['manifest.json', 'model.json', 'optimizer.bin', 'snapshots.bin', 'state.json', 'weights.bin']);
    expect(bytes).toBe(files.reduce((sum, file) => sum + read(file).length, 0));
    // 4 floats, 3 booleans, 2 floats, 1 integer
    expect(read('weights.bin')).toHaveLength(16 + 3 + 8 + 4);
    const { manifest } = JSON.parse(read('manifest.json').toString()) as { manifest: { files: Record<string, unknown> } };
    expect(manifest.files['weights.bin']).toEqual({ bytes: 31, sha256: createHash('sha256').update(read('weights.bin')).digest('hex') });
  });

  test.each([NaN, Infinity, -Infinity, 0.25])('keeps a metric of %d', async (value) => {
    const checkpoints = await opened();
    await checkpoints.write('step-1', factsOf(1, { metric: { name: 'val_loss', value } }), contentOf(3));
    expect((await checkpoints.list())[0]?.facts.metric).toEqual({ name: 'val_loss', value });
  });

  test('becomes valid after `before` has settled, and not when it fails', async () => {
    const checkpoints = await opened();
    let wasThere = true;
    await checkpoints.write('step-1', factsOf(1), contentOf(1), async () => {
      wasThere = existsSync(join(checkpoints.path, 'step-1'));
    });
    expect(wasThere).toBe(false);
    const failing = checkpoints.write('step-2', factsOf(2), contentOf(2), async () => {
      throw new Error('the sink is stuck');
    });
    await expect(failing).rejects.toThrow('the sink is stuck');
    expect(readdirSync(checkpoints.path)).toEqual(['step-1']);
  });

  test('takes the place of one of the same name', async () => {
    const checkpoints = await opened();
    for (const value of [1, 2]) await checkpoints.write('step-1', factsOf(value), contentOf(value));
    expect(readdirSync(checkpoints.path)).toEqual(['step-1']);
    expect((await readNewest(checkpoints.path)).content.state).toMatchObject({ value: 2 });
  });
});

describe('a list', () => {
  test('is ordered by attempt, then by seq, and leaves out what is no checkpoint', async () => {
    const checkpoints = await opened();
    expect(await checkpoints.list()).toEqual([]);
    await checkpoints.write('a', factsOf(20), contentOf(1));
    await checkpoints.write('b', factsOf(10, { attempt: 2 }), contentOf(1));
    await checkpoints.write('c', factsOf(30), contentOf(1));
    await checkpoints.write('d', factsOf(5), contentOf(1));
    writeFileSync(join(checkpoints.path, 'd', 'manifest.json'), '{}');
    writeFileSync(join(checkpoints.path, 'notes'), 'mine');
    expect((await checkpoints.list()).map(({ name }) => name)).toEqual(['b', 'c', 'a']);
    await checkpoints.remove('c');
    await checkpoints.remove('never-there');
    expect(readdirSync(checkpoints.path).toSorted()).toEqual(['a', 'b', 'd', 'notes']);
  });

  test('of a folder that is not there is empty', async () => {
    expect(await new CheckpointFolder(join(folder.path, 'nowhere')).list()).toEqual([]);
  });
});

describe('the newest', () => {
  test('is found in its folder, by a relative path as well, or is the one that is named', async () => {
    const checkpoints = await opened();
    for (const value of [1, 2]) await checkpoints.write(`step-${String(value)}`, factsOf(value), contentOf(value));
    const found = await readNewest(relative(process.cwd(), checkpoints.path));
    expect(found).toMatchObject({ entry: { name: 'step-2' }, refused: [] });
    expect((await readNewest(join(checkpoints.path, 'step-1'))).entry).toMatchObject({ name: 'step-1', facts: { seq: 1 } });
  });

  test('that is good is the newest one without NaN', async () => {
    const checkpoints = await opened();
    await checkpoints.write('step-1', factsOf(1), contentOf(1));
    await checkpoints.write('step-2', factsOf(2, { finite: false }), contentOf(2));
    expect((await readNewest(checkpoints.path, { goodOnly: true })).entry.name).toBe('step-1');
    await checkpoints.remove('step-1');
    await expect(readNewest(checkpoints.path, { goodOnly: true })).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
    await expect(readNewest(join(checkpoints.path, 'step-2'), { goodOnly: true })).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
    expect((await readNewest(checkpoints.path)).entry.name).toBe('step-2');
  });
});

describe('what cannot be read back is not written', () => {
  const cases: [string, string, Partial<ReturnType<typeof contentOf>>, Parameters<typeof factsOf>[1]?][] = [
    ['fewer values than the shape says', 'is float32 of shape [3] with 2 values in a Float32Array', { weights: [{ ...floats('w', 1, 2), shape: [3] }] }],
    ['values of another dtype', 'is int32 of shape [1] with 1 values in a Float32Array', { optimizer: [{ ...floats('w', 1), dtype: 'int32' }] }],
    ['doubles', 'snapshots.a[0].values', { snapshots: { a: [{ ...floats('w', 1), values: new Float64Array(1) as never }] } }],
    ['text tensors', 'weights[0].dtype', { weights: [{ ...floats('w', 1), dtype: 'string' as never }] }],
    ['undefined', 'what state.json is to hold is undefined', { state: undefined }],
    ['a cycle', 'circular', { state: Object.assign([] as unknown[], { 0: (() => { const list: unknown[] = []; list.push(list); return list; })() }) }],
    ['501 levels', 'is to hold is too deep', { topology: Array.from({ length: 500 }).reduce<unknown>((inner) => [inner], []) }],
    ['an attempt of 0', 'facts.attempt', {}, { attempt: 0 }],
    ['a seq of 1.5', 'facts.seq', {}, { seq: 1.5 }],
  ];
  test.each(cases)('%s', async (_, message, content, facts) => {
    const checkpoints = await opened();
    const writing = checkpoints.write('step-1', factsOf(1, facts), { ...contentOf(1), ...content });
    await expect(writing).rejects.toMatchObject({ name: 'CheckpointError', code: 'CHECKPOINT_FORMAT', message: expect.stringContaining(message) as string });
    expect(readdirSync(checkpoints.path)).toEqual([]);
  });

  test('500 levels are', async () => {
    const checkpoints = await opened();
    const state = Array.from({ length: 499 }).reduce<unknown>((inner) => [inner], []);
    await checkpoints.write('step-1', factsOf(1), { ...contentOf(1), state });
    expect((await readNewest(checkpoints.path)).content.state).toEqual(state);
  });

  test.each(['', '.', '..', 'a/b', 'a\\b', '.tmp-1', 'a b', 'ä', 'x'.repeat(201), 'a\0'])('the name %j', async (name) => {
    const checkpoints = await opened();
    await expect(checkpoints.write(name, factsOf(1), contentOf(1))).rejects.toMatchObject({ code: 'CHECKPOINT_FORMAT' });
    await expect(checkpoints.remove(name)).rejects.toMatchObject({ code: 'CHECKPOINT_FORMAT' });
  });

  test('a name of 200 signs can be', async () => {
    const checkpoints = await opened();
    await checkpoints.write('x'.repeat(200), factsOf(1), contentOf(1));
    expect(await checkpoints.list()).toHaveLength(1);
  });
});

test('arguments of other types are told', async () => {
  const wrong = undefined as unknown as string;
  expect(() => new CheckpointFolder(wrong)).toThrow('arguments of CheckpointFolder are not valid: folder: missing, expected text.');
  await expect(readCheckpoint('')).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  await expect(readNewest('x', { goodOnly: 1 as unknown as boolean })).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
});
