import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { confinedPath } from '../../src/config/confined-path.js';
import { loadConfig, parseConfig } from '../../src/config/load-config.js';
import { coreCatalogue, EventBus } from '../../src/events/index.js';
import { errorOf, registry } from './small-registry.js';
import { temporaryFolder } from './temporary-folder.js';

const outside = temporaryFolder({ 'kept.txt': 'kept' });
const folder = temporaryFolder({
  'node_modules/some-transport/package.json': JSON.stringify({ name: 'some-transport', type: 'module', exports: './index.js' }),
  // A transport of pino: lines go to the file that it is given.
  'node_modules/some-transport/index.js': `
import { appendFileSync } from 'node:fs';
import { Writable } from 'node:stream';
export default ({ destination, mark }) => new Writable({ write(chunk, _, done) { appendFileSync(destination, mark + chunk); done(); } });
`,
});
symlinkSync(outside, join(folder, 'away'), 'dir');
symlinkSync(join(outside, 'kept.txt'), join(folder, 'away.txt'));
symlinkSync(join(outside, 'not-there'), join(folder, 'nowhere'));
symlinkSync(join(folder, 'logs'), join(folder, 'inside'), 'dir');
mkdirSync(join(folder, 'logs'));
const file = join(folder, 'run.yaml');
writeFileSync(file, 'sinks:\n  - file: logs/events.ndjson\n');

const parse = (text: string, outDir?: string): ReturnType<typeof parseConfig> => parseConfig(text, { registry, file, ...(outDir === undefined ? {} : { outDir }) });
const told = async (text: string): Promise<readonly string[]> => {
  const { code, found } = await errorOf(parse(text));
  return [code, ...found.split('\n').map((line) => line.replace(`${file}:`, ''))];
};

/** Sends one event, `sink-loss` of 3 events, through the sinks and closes them. */
async function send(sinks: NonNullable<Awaited<ReturnType<typeof parseConfig>>['sinks']>): Promise<void> {
  const bus = new EventBus({ runId: 'a-run', catalogue: coreCatalogue, sinks: [...sinks] });
  bus.emit('sink-loss', { sink: 'x', lost: 3, since: 3 }, { epoch: 1, step: 2 });
  await bus.close();
}
const lossIn = (text: string): unknown => (JSON.parse(text) as { data: unknown }).data;

describe('a file', () => {
  test('is in the folder of the config', async () => {
    const { sinks = [] } = await loadConfig(file, { registry });
    await send(sinks);
    expect(lossIn(readFileSync(join(folder, 'logs/events.ndjson'), 'utf8'))).toMatchObject({ lost: 3 });
  });

  test('is in the output folder where one is given, which need not be there yet', async () => {
    const { sinks = [] } = await parse('sinks: [{ file: deep/events.ndjson }]', join(folder, 'out'));
    expect(existsSync(join(folder, 'out'))).toBe(false);
    await send(sinks);
    expect(lossIn(readFileSync(join(folder, 'out/deep/events.ndjson'), 'utf8'))).toMatchObject({ lost: 3 });
  });

  test('behind a link that stays in the folder is let pass', async () => {
    const { sinks } = await parse('sinks: [{ file: inside/more.ndjson }]');
    expect(sinks).toHaveLength(1);
  });

  test.each<[string, string]>([
    ['../events.ndjson', 'leads out with ".."'],
    ['logs/../../events.ndjson', 'leads out with ".."'],
    ['logs\\..\\..\\events.ndjson', 'leads out with ".."'],
    ['logs/../events.ndjson', 'leads out with ".."'],
    ['/tmp/events.ndjson', 'is absolute'],
    ['C:\\events.ndjson', 'is absolute'],
    ['c:events.ndjson', 'is absolute'],
    ['\\\\host\\share', 'is absolute'],
    ['away/events.ndjson', 'leads out through a symbolic link'],
    ['away/deep/er/events.ndjson', 'leads out through a symbolic link'],
    ['away.txt', 'leads out through a symbolic link'],
    ['nowhere', 'goes through a symbolic link that leads nowhere'],
    ['nowhere/events.ndjson', 'goes through a symbolic link that leads nowhere'],
    ['.', 'is the folder itself'],
    ['./', 'is the folder itself'],
    ['a\0b', 'holds a NUL character'],
    ['x'.repeat(300), 'cannot be a path (ENAMETOOLONG)'],
  ])('%j is refused', async (path, why) => {
    const text = `sinks:\n  - file: ${JSON.stringify(path)}\n`;
    // A long one is cut after 60 characters.
    const shown = JSON.stringify(path.length > 60 ? `${path.slice(0, 60)}…` : path);
    expect(await told(text)).toEqual(['CONFIG_PATH_ESCAPES', `2:11 sinks[0].file: ${shown} ${why}, expected a path in ${folder}`]);
    expect(confinedPath(folder, path)).toEqual({ refusal: `${shown} ${why}` });
  });

  test.each<[string, readonly string[]]>([
    ['sinks:\n  - file: logs\n', ['CONFIG_INVALID', '2:11 sinks[0].file: "logs" is a folder, expected the path of a file']],
    ['sinks:\n  - file: run.yaml\n', ['CONFIG_INVALID', '2:11 sinks[0].file: "run.yaml" is the config file itself']],
    ['sinks:\n  - file: a\n  - file: ./a\n', ['CONFIG_INVALID', '3:11 sinks[1].file: "./a" is written by sinks 0 already']],
    ['sinks:\n  - file: ""\n', ['CONFIG_INVALID', '2:11 sinks[0].file: found "", expected text of at least 1 character']],
    ['sinks:\n  - file: 3\n', ['CONFIG_INVALID', '2:11 sinks[0].file: found 3, expected text']],
  ])('%j is refused', async (text, lines) => {
    expect(await told(text)).toEqual(lines);
  });
});

describe('a sink', () => {
  test.each<[string, string]>([
    ['sinks: file\n', '1:8 sinks: found "file", expected an array of sinks'],
    ['sinks: [stdout]\n', '1:9 sinks[0]: found "stdout", expected { file } or { csv } or { tensorBoard } or { pino } or { prometheus } or { openTelemetry } or { stdout }'],
    ['sinks: [{}]\n', '1:9 sinks[0]: found {}, expected { file } or { csv } or { tensorBoard } or { pino } or { prometheus } or { openTelemetry } or { stdout }'],
    ['sinks: [{ stdout: false }]\n', '1:19 sinks[0].stdout: found false, expected true'],
    ['sinks: [{ stdout: true, file: a }]\n', '1:9 sinks[0]: stdout and file do not go together, expected { file } or { csv } or { tensorBoard } or { pino } or { prometheus } or { openTelemetry } or { stdout }'],
    ['sinks: [{ std: true }]\n', '1:9 sinks[0]: found { std }, expected { file } or { csv } or { tensorBoard } or { pino } or { prometheus } or { openTelemetry } or { stdout }'],
    ['sinks: [{ pino: { levl: info } }]\n', '1:19 sinks[0].pino: unknown key "levl" (did you mean "level"?)'],
    ['sinks: [{ pino: { level: loud } }]\n', '1:26 sinks[0].pino.level: found "loud", expected one of trace, debug, info, warn, error, fatal, silent'],
    ['sinks: [{ pino: { formatters: {} } }]\n', '1:19 sinks[0].pino: unknown key "formatters"; known are level, name, base, fields, messageKey, transport'],
    ['sinks: [{ pino: { transport: { target: pino/file, worker: { eval: true } } } }]\n', '1:51 sinks[0].pino.transport: unknown key "worker"; known are target, level, options'],
    ['sinks: [{ pino: { transport: pino-pretty } }]\n', '1:30 sinks[0].pino.transport: found "pino-pretty", expected { target, level?, options? } or { pipeline, level? } or { targets, dedupe? }'],
    ['sinks: [{ prometheus: { prot: 1 } }]\n', '1:25 sinks[0].prometheus: unknown key "prot" (did you mean "port"?)'],
    ['sinks: [{ openTelemetry: { endpoint: localhost } }]\n', '1:38 sinks[0].openTelemetry.endpoint: expected the address of a collector: http://localhost:4318'],
  ])('%j is told in place', async (text, line) => {
    expect(await told(text)).toEqual(['CONFIG_INVALID', line]);
  });

  test('of stdout is a pino logger of the level info', async () => {
    const { sinks } = await parse('sinks: [{ stdout: true }]');
    expect(sinks?.map(({ name }) => name)).toEqual(['stdout']);
  });
});

describe('a pino transport', () => {
  const transport = (text: string): string => `sinks:\n  - pino:\n      transport: ${text}\n`;

  test('is found from the folder of the config, and its destination is a path in the output folder', async () => {
    const outDir = join(folder, 'logs');
    const { sinks = [] } = await parse(transport('{ target: some-transport, options: { destination: marked.txt, mark: "+" } }'), outDir);
    await send(sinks);
    const text = readFileSync(join(outDir, 'marked.txt'), 'utf8');
    expect(text.startsWith('+')).toBe(true);
    expect(lossIn(text.slice(1))).toMatchObject({ lost: 3 });
  });

  test("of pino's own, among several, writes to a file", async () => {
    const { sinks = [] } = await parse(transport('{ targets: [{ target: pino/file, level: info, options: { destination: logs/pino.txt } }, { pipeline: [{ target: some-transport, options: { destination: logs/piped.txt, mark: "" } }], level: fatal }] }'));
    await send(sinks);
    expect(lossIn(readFileSync(join(folder, 'logs/pino.txt'), 'utf8'))).toMatchObject({ lost: 3 });
  });

  test.each<[string, readonly string[]]>([
    ['{ target: ./own.js }', ['CONFIG_PATH_ESCAPES', '3:28 sinks[0].pino.transport.target: "./own.js" is a path, expected the name of a package']],
    ['{ target: /own.js }', ['CONFIG_PATH_ESCAPES', '3:28 sinks[0].pino.transport.target: "/own.js" is absolute']],
    ['{ target: "file:///own.js" }', ['CONFIG_MODULE', '3:28 sinks[0].pino.transport.target: "file:///own.js" is a URL, expected the name of a package']],
    ['{ target: no-such-transport }', ['CONFIG_MODULE', `3:28 sinks[0].pino.transport.target: the package "no-such-transport" is not found from ${folder}`]],
    ['{ target: pino/file, options: { destination: ../x } }', ['CONFIG_PATH_ESCAPES', `3:63 sinks[0].pino.transport.options.destination: "../x" leads out with "..", expected a path in ${folder}`]],
    ['{ target: some-transport, options: { file: away/x } }', ['CONFIG_PATH_ESCAPES', `3:61 sinks[0].pino.transport.options.file: "away/x" leads out through a symbolic link, expected a path in ${folder}`]],
    ['{ target: pino/file, options: { destination: 7 } }', ['CONFIG_INVALID', '3:63 sinks[0].pino.transport.options.destination: found 7, expected a path, 1 (stdout) or 2 (stderr)']],
    ['{ targets: [{ target: pino/file }, { target: "#x" }] }', ['CONFIG_MODULE', '3:63 sinks[0].pino.transport.targets[1].target: "#x" is not the name of a package']],
    ['{ pipeline: [{ target: node:fs }] }', ['CONFIG_MODULE', '3:41 sinks[0].pino.transport.pipeline[0].target: "node:fs" is a URL, expected the name of a package']],
  ])('%s is refused', async (text, lines) => {
    expect(await told(transport(text))).toEqual(lines);
  });

  test('a logger whose lines could not be events is told in place', async () => {
    expect(await told('sinks:\n  - stdout: true\n  - pino: { messageKey: event }\n')).toEqual(['CONFIG_INVALID', '3:5 sinks[1]: the logger writes "event" on every line, as a binding or its message key']);
  });
});

describe('an entry for a monitoring system', () => {
  test('makes the sink, with its packages found from where trainscope is', async () => {
    const { sinks = [] } = await parse('sinks:\n  - prometheus: { port: 0, labels: { team: vision } }\n  - openTelemetry: { endpoint: "http://127.0.0.1:1", timeoutMs: 100, metrics: false }\n  - pino: { level: silent, fields: ecs }\n');
    expect(sinks.map(({ name }) => name)).toEqual(['prometheus:0', 'open-telemetry', 'pino']);
    for (const sink of sinks) await sink.close?.();
  });
});
