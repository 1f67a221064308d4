import { symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { loadConfig, parseConfig } from '../../src/config/load-config.js';
import { definePlugin } from '../../src/plugin/index.js';
import { errorOf, registry } from './small-registry.js';
import { temporaryFolder } from './temporary-folder.js';

/** The source of a module with a plugin. The modules are outside of the project: what they import they find in their own node_modules. */
const pluginSource = (name: string, exported: string): string => `
import { definePlugin } from 'trainscope/plugin';
import { z } from 'zod';
${exported} definePlugin({
  name: '${name}',
  summary: 'From elsewhere.',
  role: 'observe',
  options: z.strictObject({ every: z.int().min(1).default(1) }),
  hooks: () => ({}),
});
`;

const outside = temporaryFolder({ 'outside.js': pluginSource('outside', 'export default') });
const folder = temporaryFolder({
  'node_modules/trainscope/package.json': JSON.stringify({ name: 'trainscope', type: 'module', exports: { './plugin': './plugin.js' } }),
  'node_modules/trainscope/plugin.js': 'export const { definePlugin } = globalThis.trainscopeUnderTest;',
  // Seen by import alone, as a package of ESM is most often made.
  'node_modules/some-plugin/package.json': JSON.stringify({ name: 'some-plugin', type: 'module', exports: { '.': { import: './index.js' }, './several': { import: './several.js' } } }),
  'node_modules/some-plugin/index.js': pluginSource('elsewhere', 'export const elsewhere ='),
  'node_modules/some-plugin/several.js': `${pluginSource('a', 'export const a =')}${pluginSource('b', 'export const b =').replaceAll(/^import .*$/gm, '')}export const text = 'x';`,
  'node_modules/some-plugin/hidden.js': pluginSource('hidden', 'export default'),
  'node_modules/@scope/plain/package.json': JSON.stringify({ name: '@scope/plain', main: 'main.cjs' }),
  'node_modules/@scope/plain/main.cjs': 'exports.text = 1;',
  'node_modules/evil.js': pluginSource('evil', 'export default'),
  'own.mjs': pluginSource('own', 'export default'),
  'parts/deep.mjs': pluginSource('deep', 'export default'),
  'throws.mjs': "throw new Error('no luck');",
  'broken.mjs': 'export default {',
  'made.mjs': pluginSource('made', 'const made =') + 'export default made();',
  'liar.mjs': "export default Object.assign(() => ({}), { pluginName: 'liar', summary: '', role: 'observe', events: {}, options: { safeParse: (data) => ({ success: true, data }) } });",
  'run.yaml': 'plugins:\n  - use: some-plugin\n    options: { every: 3 }\n    name: mine\n    enforce: pre\n    onError: stop\n  - use: ./own.mjs\n',
});
const require = createRequire(import.meta.url);
symlinkSync(dirname(require.resolve('zod/package.json')), join(folder, 'node_modules/zod'), 'dir');
symlinkSync(join(outside, 'outside.js'), join(folder, 'link.js'));
symlinkSync(outside, join(folder, 'linked'), 'dir');
Object.assign(globalThis, { trainscopeUnderTest: { definePlugin } });

const file = join(folder, 'config.yaml');
const parse = (text: string): ReturnType<typeof parseConfig> => parseConfig(text, { registry, file });
const told = async (use: string, more = ''): Promise<readonly [string, string]> => {
  const { code, found } = await errorOf(parse(`plugins:\n  - { use: ${JSON.stringify(use)}${more} }\n`));
  return [code, found.replace(`${file}:`, '')];
};

describe('a plugin from elsewhere', () => {
  test('is found from the folder of the config: an installed package, and a file', async () => {
    const { plugins } = await loadConfig(join(folder, 'run.yaml'), { registry });
    expect(plugins).toMatchObject([
      { name: 'mine', kind: 'elsewhere', options: { every: 3 }, enforce: 'pre', onError: 'stop' },
      { name: 'own', kind: 'own', options: { every: 1 }, onError: 'disable' },
    ]);
  });

  test('is the export that is named, of a file that the package lets see', async () => {
    const { plugins } = await parse('plugins:\n  - { use: some-plugin/several, export: b }\n  - { use: ./parts/deep.mjs, export: default }\n');
    expect(plugins).toMatchObject([{ kind: 'b' }, { kind: 'deep' }]);
  });

  test('has its options checked in place', async () => {
    const { code, found } = await errorOf(parse('plugins:\n  - use: some-plugin\n    options:\n      evry: 3\n'));
    expect([code, found]).toEqual(['CONFIG_INVALID', `${file}:4:7 plugins[0].options: unknown key "evry" (did you mean "every"?)`]);
  });

  test('is told with all else that is wrong, under the code of them all', async () => {
    const { code, problems } = await errorOf(parse('los: mse\nplugins:\n  - use: no-such-plugin\n  - use: ../x.js\n'));
    expect(code).toBe('CONFIG_INVALID');
    expect(problems.map(({ path, line, column }) => [path.join('.'), line, column])).toEqual([['los', 1, 1], ['plugins.0.use', 3, 10], ['plugins.1.use', 4, 10]]);
  });
});

describe('what is no plugin is told', () => {
  test.each<[string, string, string, string]>([
    ['no such package', 'no-such-plugin', 'CONFIG_MODULE', `the package "no-such-plugin" is not found from ${folder}`],
    ['a built-in name with a slip', 'countre', 'CONFIG_MODULE', `the package "countre" is not found from ${folder} (did you mean "counter"?)`],
    ['no such file', './own.js', 'CONFIG_MODULE', `there is no file "./own.js" in ${folder}`],
    ['a folder', './parts', 'CONFIG_MODULE', `there is no file "./parts" in ${folder}`],
    ['a module that throws', './throws.mjs', 'CONFIG_MODULE', '"./throws.mjs" cannot be loaded: no luck'],
    ['a module without plugins', '@scope/plain', 'CONFIG_MODULE', '"@scope/plain" exports no plugin that definePlugin has made; it has default, text'],
    ['a plugin that is made already', './made.mjs', 'CONFIG_MODULE', '"./made.mjs" exports no plugin that definePlugin has made; it has default'],
    ['a maker of something else', './liar.mjs', 'CONFIG_MODULE', '"./liar.mjs" makes something that is no plugin'],
    ['several plugins', 'some-plugin/several', 'CONFIG_MODULE', '"some-plugin/several" exports several plugins: say with export which of a, b'],
  ])('%s', async (_, use, code, message) => {
    expect(await told(use)).toEqual([code, `2:12 plugins[0].use: ${message}`]);
  });

  test('a file that the package keeps to itself', async () => {
    const [code, message] = await told('some-plugin/hidden.js');
    expect(code).toBe('CONFIG_MODULE');
    expect(message).toMatch(/^2:12 plugins\[0\]\.use: "some-plugin\/hidden\.js" cannot be resolved: .*hidden\.js.* is not (defined|exported)/);
  });

  test('a module with an error in it, with its cause', async () => {
    const error = await errorOf(parse('plugins:\n  - use: ./broken.mjs\n'));
    expect(error.code).toBe('CONFIG_MODULE');
    expect(error.found).toContain('plugins[0].use: "./broken.mjs" cannot be loaded: ');
    expect(error.cause).toBeInstanceOf(Error);
  });

  test('an export that is not there, with the nearest; and one that is no plugin', async () => {
    expect(await told('some-plugin', ', export: elsewere')).toEqual(['CONFIG_MODULE', '2:35 plugins[0].export: "some-plugin" has no export "elsewere"; it has elsewhere (did you mean "elsewhere"?)']);
    expect(await told('some-plugin/several', ', export: text')).toEqual(['CONFIG_MODULE', '2:43 plugins[0].export: the export "text" of "some-plugin/several" is no plugin: it was not made by definePlugin']);
    expect((await told('some-plugin', ', export: toString'))[1]).toContain('has no export "toString"');
  });
});

describe('what is neither a package nor in the folder is refused', () => {
  test.each<[string, string, string]>([
    ['../outside.js', 'CONFIG_PATH_ESCAPES', '"../outside.js" leads out with ".."'],
    ['./parts/../own.mjs', 'CONFIG_PATH_ESCAPES', '"./parts/../own.mjs" leads out with ".."'],
    ['./../outside.js', 'CONFIG_PATH_ESCAPES', '"./../outside.js" leads out with ".."'],
    ['..\\outside.js', 'CONFIG_PATH_ESCAPES', '"..\\\\outside.js" leads out with ".."'],
    ['..', 'CONFIG_PATH_ESCAPES', '".." is a path, expected the name of a package'],
    ['./link.js', 'CONFIG_PATH_ESCAPES', '"./link.js" leads out through a symbolic link'],
    ['./linked/outside.js', 'CONFIG_PATH_ESCAPES', '"./linked/outside.js" leads out through a symbolic link'],
    ['/etc/passwd', 'CONFIG_PATH_ESCAPES', '"/etc/passwd" is absolute'],
    ['C:\\plugin.js', 'CONFIG_PATH_ESCAPES', '"C:\\plugin.js" is absolute'],
    ['file:///etc/passwd', 'CONFIG_MODULE', '"file:///etc/passwd" is a URL, expected the name of a package'],
    ['https://example.com/plugin.js', 'CONFIG_MODULE', '"https://example.com/plugin.js" is a URL, expected the name of a package'],
    ['data:text/javascript,export default 1', 'CONFIG_MODULE', '"data:text/javascript,export default 1" is a URL, expected the name of a package'],
    ['node:fs', 'CONFIG_MODULE', '"node:fs" is a URL, expected the name of a package'],
    ['fs', 'CONFIG_MODULE', '"fs" is a module of Node.js, expected the name of a package'],
    ['fs/promises', 'CONFIG_MODULE', '"fs/promises" is a module of Node.js, expected the name of a package'],
    ['#internal', 'CONFIG_MODULE', '"#internal" is not the name of a package'],
    ['some-plugin/../evil.js', 'CONFIG_MODULE', '"some-plugin/../evil.js" is not the name of a package'],
    ['some-plugin/%2e%2e/evil.js', 'CONFIG_MODULE', '"some-plugin/%2e%2e/evil.js" is not the name of a package'],
    ['some-plugin/./index.js', 'CONFIG_MODULE', '"some-plugin/./index.js" is not the name of a package'],
    ['@scope', 'CONFIG_MODULE', '"@scope" is not the name of a package'],
  ])('%s', async (use, code, message) => {
    expect(await told(use)).toEqual([code, `2:12 plugins[0].use: ${message}`]);
  });

  test('the short forms import nothing', async () => {
    expect((await errorOf(parse('plugins: [some-plugin]\n'))).found).toContain('unknown plugin "some-plugin"; known are counter, printer, seed; a package or a file is given as { use }');
    expect((await errorOf(parse('plugins:\n  - some-plugin: {}\n'))).found).toContain('unknown plugin "some-plugin"');
  });
});

test('a plugin whose options are checked by another zod is no obstacle', async () => {
  const schema = { safeParse: () => ({ success: false, error: { issues: [{ code: 'custom', path: ['every'], message: 'too often' }] } }) } as unknown as z.ZodType;
  const foreign = definePlugin({ name: 'foreign', summary: '', role: 'observe', options: schema, hooks: () => ({}) });
  const { found } = await errorOf(parseConfig('plugins:\n  - foreign: { every: 1 }\n', { registry: { foreign }, file }));
  expect(found).toBe(`${file}:2:23 plugins[0].foreign.every: too often`);
});
