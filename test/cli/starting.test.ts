import { readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { builtInPlugins } from '../../plugins/index.js';
import { schemaFiles } from '../../scripts/write-schemas.js';
import { parseConfig } from '../../src/config.js';
import { sampleOf } from '../../src/cli/show-plugins.js';
import { starterFiles } from '../../src/cli/starter.js';
import type { AnyPluginFactory } from '../../src/plugin/index.js';
import { projectFolder, root } from './project-folder.js';
import { trainscope } from './trainscope.js';

const { folder, file, remove } = projectFolder('init-');
afterAll(remove);
const names = ['package.json', 'tsconfig.json', 'experiment.ts', 'run.yaml', 'README.md', '.gitignore'];

describe('trainscope init', () => {
  test('the project trains as it is: it learns, and nothing is found that is wrong', async () => {
    const place = join(folder, 'moons');
    const made = await trainscope('init', place, '--json', '--trainscope', 'file:../trainscope.tgz');
    expect(JSON.parse(made.stdout)).toEqual({ folder: join(root, place), files: names });
    expect(JSON.parse(readFileSync(join(root, place, 'package.json'), 'utf8'))).toMatchObject({ name: 'moons', type: 'module', dependencies: { trainscope: 'file:../trainscope.tgz' } });
    const { code, stdout } = await trainscope('train', join(place, 'experiment.ts'), '--config', join(place, 'run.yaml'), '--epochs', '5', '--out', join(place, 'runs', 'a'), '--json', '--fail-on', 'warning');
    expect(code).toBe(0);
    const { metrics, steps } = JSON.parse(stdout) as { metrics: Record<string, number>; steps: number };
    // 1024 samples in batches of 32, 5 times.
    expect(steps).toBe(160);
    expect(metrics['val_accuracy']).toBeGreaterThan(0.95);
    expect(readdirSync(join(root, place, 'runs', 'a')).toSorted()).toEqual(['checkpoints', 'events.ndjson']);
  });

  test('nothing is written over, nor through a link, and then nothing is written at all', async () => {
    file('run.yaml', 'mine');
    symlinkSync('/nowhere', join(root, folder, '.gitignore'));
    const before = readdirSync(join(root, folder));
    const { code, stdout, stderr } = await trainscope('init', folder, '--json');
    expect(code).toBe(2);
    expect((JSON.parse(stdout) as { error: object }).error).toMatchObject({ code: 'PROJECT_EXISTS' });
    expect(stderr).toContain('has run.yaml, .gitignore already');
    expect(readFileSync(join(root, folder, 'run.yaml'), 'utf8')).toBe('mine');
    expect(readdirSync(join(root, folder))).toEqual(before);
  });

  test('its config is one of the schema that its first line names', async () => {
    const { 'run.yaml': text = '' } = starterFiles({ name: 'x', trainscope: '*', versions: {} });
    const { stdout } = await trainscope('schema');
    const accepts = new Ajv2020({ strict: false, validateFormats: false }).compile(JSON.parse(stdout) as object);
    expect(accepts(parse(text)), JSON.stringify(accepts.errors)).toBe(true);
    expect(accepts({ ...(parse(text) as object), epohcs: 1 })).toBe(false);
  });
});

describe('trainscope schema and plugins', () => {
  test('schema events -o writes that of log lines, which is the one in the package', async () => {
    const to = join(folder, 'schemas', 'events.json');
    const { code, stdout } = await trainscope('schema', 'events', '-o', to);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(readFileSync(join(root, to), 'utf8')).toBe(schemaFiles()['events.schema.json']);
  });

  test('plugins --json lists each built-in one', async () => {
    const { stdout } = await trainscope('plugins', '--json');
    expect((JSON.parse(stdout) as { plugins: { name: string }[] }).plugins.map(({ name }) => name)).toEqual(Object.keys(builtInPlugins));
  });

  test('plugins NAME tells type, default and meaning of an option, the events and the page', async () => {
    const [{ stdout }, json] = await Promise.all([trainscope('plugins', 'earlyStopping'), trainscope('plugins', 'earlyStopping', '--json')]);
    expect(stdout).toMatch(/patience {2}integer ≥ 0; default 0\n +Checks without improvement/);
    expect(stdout).toContain('early-stopping-restored');
    expect(stdout).toContain(join('docs', 'plugins', 'early-stopping.md'));
    const { options, events } = JSON.parse(json.stdout) as { options: { properties: Record<string, object> }; events: object };
    expect(options.properties['patience']).toMatchObject({ type: 'integer', default: 0 });
    expect(Object.keys(events)).toContain('early-stopping');
  });

  test('an unknown one ends with 2 and the nearest name', async () => {
    const { code, stderr } = await trainscope('plugins', 'gradientNrm');
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean "gradientNorm"?');
  });

  test.each(Object.entries<AnyPluginFactory>(builtInPlugins))('the sample of %s is a config that is taken', async (name, { options, codeOnly }) => {
    const sample = sampleOf(name, options, codeOnly);
    if (sample === undefined) expect(codeOnly?.length).toBeGreaterThan(0);
    else expect((await parseConfig(sample)).plugins?.map(({ kind }) => kind)).toEqual([name]);
  });
});

describe('the command line as a whole', () => {
  test.each([
    ['a command', ['trian', 'x.ts'], 'Did you mean train?'],
    ['an option', ['train', 'x.ts', '--epoch', '3'], 'Did you mean --epochs?'],
    ['a choice', ['train', 'x.ts', '--fail-on', 'errors'], 'Allowed choices are error, warning, never'],
  ] as const)('%s that is mistyped: code 2, what was meant, and JSON where it is asked for', async (_, args, message) => {
    const { code, stderr, stdout } = await trainscope(...args, '--json');
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect((JSON.parse(stdout) as { error: { code: string } }).error.code).toBe('OPTIONS_INVALID');
  });

  test('help lists the commands and the exit codes, and of each command an example', async () => {
    const [all, train] = await Promise.all([trainscope('--help'), trainscope('help', 'train')]);
    expect(all.code).toBe(0);
    for (const command of ['train', 'check', 'report', 'watch', 'compare', 'plugins', 'schema', 'init', 'completion']) expect(all.stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    expect(all.stdout).toContain('Exit codes: 0');
    expect(all.stdout).not.toContain('complete ');
    expect(train.stdout).toContain('Examples:\n  trainscope train');
  });
});
