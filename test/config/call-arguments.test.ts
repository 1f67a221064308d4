import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig, parseConfig } from '../../src/config/load-config.js';
import { errorOf, registry } from './small-registry.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder({ 'throws.mjs': 'throw Object.create(null);\n' });

describe('what is no text is refused, not read', () => {
  test.each<[string, unknown, object, string]>([
    ['a config of null', null, {}, 'text: found nothing (null), expected text'],
    ['a config that is an object already', { seed: 1 }, {}, 'text: found an object, expected text'],
    ['a file that is a number', 'seed: 1', { file: 5 }, 'file: found 5, expected text'],
    ['an outDir that is a number', 'seed: 1', { outDir: 5 }, 'outDir: found 5, expected text'],
  ])('%s', async (_, text, options, says) => {
    const error = await errorOf(parseConfig(text as string, { registry, ...options }));
    expect([error.code, error.message.includes(says) ? says : error.message]).toEqual(['OPTIONS_INVALID', says]);
  });

  test('loadConfig without a file', async () => {
    expect((await errorOf(loadConfig(undefined as unknown as string, { registry }))).message).toContain('file: missing, expected text');
  });
});

test('an output folder that no disk has is refused at the path in it', async () => {
  const error = await errorOf(parseConfig('sinks: [{ file: run.ndjson }]', { registry, file: join(folder, 'run.yaml'), outDir: join(folder, 'x'.repeat(300)) }));
  expect([error.code, error.problems[0]?.path]).toEqual(['CONFIG_PATH_ESCAPES', ['sinks', 0, 'file']]);
  expect(error.message).toContain('"run.ndjson" cannot be a path (ENAMETOOLONG)');
});

test('a module that throws something without a text is told all the same', async () => {
  const error = await errorOf(parseConfig('plugins: [{ use: ./throws.mjs }]', { registry, file: join(folder, 'run.yaml') }));
  expect([error.code, error.problems[0]?.message]).toEqual(['CONFIG_MODULE', '"./throws.mjs" cannot be loaded: something that has no text']);
});
