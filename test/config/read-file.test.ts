import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import type { ConfigError } from '../../src/errors.js';
import { errorOf, registry } from './small-registry.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder({
  'run.yml': 'seed: 1\n',
  'other.json': '{}',
  'notes.toml': 'seed = 1\n',
  Makefile: 'all:\n',
  'empty.yaml': '',
  'comment.yaml': '# nothing\n\n',
  'null.json': 'null',
  'utf16.yaml': Buffer.from('\ufeffseed: 1\n', 'utf16le'),
  'bom.yaml': '\ufeffseed: 1\n',
  'bom.json': '\ufeff{ "seed": 1 }',
  'limit.yaml': `seed: 1\n#${'x'.repeat(256 * 1024 - 9)}`,
  'large.yaml': `seed: 1\n#${'x'.repeat(256 * 1024 - 8)}`,
});
const at = (name: string): string => join(folder, name);
const load = (name: string): Promise<ConfigError> => errorOf(loadConfig(at(name), { registry }));

describe('a file that is not there', () => {
  test('is told with the file of the same name and another extension', async () => {
    const error = await load('run.yaml');
    expect(error.code).toBe('CONFIG_NOT_FOUND');
    expect(error.message).toBe(`${at('run.yaml')} does not exist. Did you mean "run.yml"?`);
    expect(error.problems).toEqual([{ path: [], message: `${at('run.yaml')} does not exist`, file: at('run.yaml'), suggestion: 'run.yml' }]);
  });

  test('is told with a name that is near', async () => {
    expect((await load('othre.json')).message).toContain('Did you mean "other.json"?');
  });

  test('is told with the configs of the folder, five at most, where no name is near', async () => {
    expect((await load('completely-else.yaml')).message).toBe(`${at('completely-else.yaml')} does not exist. In its folder there are bom.json, bom.yaml, comment.yaml, empty.yaml, large.yaml and others.`);
  });

  test('nor its folder', async () => {
    expect((await load('no/such/run.yaml')).message).toBe(`${at('no/such/run.yaml')} does not exist, nor does its folder. Look for ${at('no/such')}.`);
  });

  test('since a file stands where its folder should be', async () => {
    expect((await load('run.yml/run.yaml')).code).toBe('CONFIG_NOT_FOUND');
  });
});

describe('what is no config', () => {
  test('a folder is told with the configs in it', async () => {
    mkdirSync(at('runs.yaml'));
    expect((await load('runs.yaml')).message).toBe(`${at('runs.yaml')} is a folder; a config is a .yaml, .yml, .json file.`);
    const error = await errorOf(loadConfig(folder, { registry }));
    expect(error.code).toBe('CONFIG_NOT_FOUND');
    expect(error.remedy).toMatch(/^In it there are bom\.json, /);
  });

  test.skipIf(process.platform === 'win32')('a named pipe is not waited for', async () => {
    execFileSync('mkfifo', [at('pipe.yaml')]);
    expect((await load('pipe.yaml')).message).toContain('is no regular file');
  });

  test('another extension, or none, is refused with those that are known', async () => {
    expect((await load('notes.toml')).message).toBe(`${at('notes.toml')} is a .toml file; a config is a .yaml, .yml, .json file.`);
    expect((await load('Makefile')).message).toBe(`${at('Makefile')} has no extension; a config is a .yaml, .yml, .json file.`);
    expect((await load('Makefile')).code).toBe('CONFIG_INVALID');
  });

  test('one of more than 256 KiB is refused, and one of 256 KiB is not', async () => {
    expect(await loadConfig(at('limit.yaml'), { registry: {} })).toEqual({ seed: 1 });
    const error = await load('large.yaml');
    expect([error.code, error.message]).toEqual(['CONFIG_INVALID', `${at('large.yaml')} has more than 256 KiB; a config is a short text.`]);
  });

  test('UTF-16 is refused, and a byte order mark before UTF-8 is let pass', async () => {
    const error = await load('utf16.yaml');
    expect([error.code, error.remedy]).toEqual(['CONFIG_SYNTAX', 'Save it as UTF-8.']);
    expect(await loadConfig(at('bom.yaml'), { registry: {} })).toEqual({ seed: 1 });
    expect(await loadConfig(at('bom.json'), { registry: {} })).toEqual({ seed: 1 });
  });

  test.each(['empty.yaml', 'comment.yaml', 'null.json'])('%s is empty', async (name) => {
    const error = await load(name);
    expect([error.code, error.message]).toEqual(['CONFIG_EMPTY', `${at(name)}:1:1 the file is empty, expected settings.`]);
  });
});
