import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memorySink, parseEventLine, pinoSink, type MemorySink } from '../../src/events/index.js';
import { busWith, emitExample, emitStep } from './examples.js';
import { repeatedKeys } from './json-keys.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pino-worker-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A worker's module, in a file of its own as a user's would be. */
const worker = (name: string, source: string): string => {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, source);
  return path;
};

/** Appends what it gets to a file. */
const appender = (): string =>
  worker(
    'appender',
    `import { appendFileSync } from 'node:fs';
     import { Writable } from 'node:stream';
     export default ({ file }) => new Writable({ write(chunk, _encoding, done) { appendFileSync(file, chunk); done(); } });`,
  );

const stepsIn = (path: string): number[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      expect(repeatedKeys(line)).toEqual([]);
      return parseEventLine(line).step;
    });

const namesOf = ({ events }: MemorySink): string[] => events.map(({ event }) => event);

const oneTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

/** Lets the event loop turn until something is so; the test's own time limit ends it otherwise. */
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('a worker transport', () => {
  test("of a module of the user's has written 500 steps in order when the bus is closed", async () => {
    const file = join(folder, 'own.jsonl');
    const bus = busWith([pinoSink({ level: 'debug', transport: { target: appender(), options: { file } } })]);
    for (const step of oneTo(500)) emitStep(bus, step);
    await bus.close();
    expect(stepsIn(file)).toEqual(oneTo(500));
  });

  test("of the user's logger has written them after a flush, and is still open after close()", async () => {
    const file = join(folder, 'users.jsonl');
    const transport = pino.transport<{ file: string }>({ target: appender(), options: { file } });
    const logger = pino({ level: 'debug' }, transport);
    const bus = busWith([pinoSink(logger)]);
    for (const step of oneTo(100)) emitStep(bus, step);
    await bus.flush();
    expect(stepsIn(file)).toEqual(oneTo(100));
    await bus.close();
    logger.info('mine');
    await new Promise<void>((resolve) => logger.flush(() => resolve()));
    expect(readFileSync(file, 'utf8')).toMatch(/"msg":"mine"/);
    transport.end();
  });

  const deaths: [string, string][] = [
    ['throws when it is loaded', `throw new Error('cannot start');`],
    ['fails to write', `import { Writable } from 'node:stream'; export default () => new Writable({ write(_chunk, _encoding, done) { done(new Error('no')); } });`],
    ['exits', `import { Writable } from 'node:stream'; export default () => new Writable({ write() { process.exit(7); } });`],
    ['exits without an error', `import { Writable } from 'node:stream'; export default () => new Writable({ write() { process.exit(0); } });`],
    ['throws later', `import { Writable } from 'node:stream'; export default () => new Writable({ write() { setImmediate(() => { throw new Error('later'); }); } });`],
    ['runs out of memory', `import { Writable } from 'node:stream'; export default () => new Writable({ write() { const all = []; for (;;) all.push(new Array(1e5).fill({})); } });`],
  ];
  test.each(deaths)('that %s is told of once, and the run goes on to its end', async (name, source) => {
    const memory = memorySink();
    const target = worker(name.replaceAll(' ', '-'), source);
    const sink = pinoSink({ level: 'debug', transport: { target, worker: { resourceLimits: { maxOldGenerationSizeMb: 16 } } } });
    const bus = busWith([sink, memory]);
    let step = 0;
    await until(() => {
      emitStep(bus, ++step);
      return namesOf(memory).includes('sink-error');
    });
    emitExample(bus, 'run-end');
    await bus.close();
    expect(namesOf(memory).filter((event) => event === 'sink-error')).toHaveLength(1);
    expect(namesOf(memory).at(-1)).toBe('run-end');
  });

  test("that dies under the user's logger does not end the process either, also with lines under way at the end", () => {
    const target = worker('dies', `import { Writable } from 'node:stream'; export default () => new Writable({ write() { process.exit(7); } });`);
    const events = new URL('../../src/events/index.ts', import.meta.url).href;
    const pinoUrl = import.meta.resolve('pino');
    const program = worker(
      'program',
      `import { coreCatalogue, EventBus, pinoSink } from ${JSON.stringify(events)};
       import { pino } from ${JSON.stringify(pinoUrl)};
       const logger = pino({}, pino.transport({ target: ${JSON.stringify(target)} }));
       const bus = new EventBus({ runId: 'r', catalogue: coreCatalogue, sinks: [pinoSink(logger)], patience: 2000 });
       const told = [];
       bus.on('sink-error', ({ data }) => told.push(data.sink));
       for (let epoch = 1; epoch <= 20; epoch++) {
         bus.emit('epoch-start', { epochs: 20, learningRate: 1 }, { epoch, step: 0 });
         await new Promise((resolve) => setTimeout(resolve, 10));
       }
       await bus.close();
       console.log('the end', told.join());`,
    );
    const tsx = new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url).pathname;
    expect(execFileSync(process.execPath, [tsx, program], { encoding: 'utf8' })).toBe('the end pino\n');
  });

  test('that hangs is given up when its time is over, without blocking', async () => {
    const target = worker('hangs', `import { Writable } from 'node:stream'; export default () => new Writable({ write() {} , highWaterMark: 1 });`);
    const memory = memorySink();
    const bus = busWith([pinoSink({ level: 'debug', transport: { target } }, { patience: 100 }), memory], { patience: 200 });
    emitStep(bus, 1);
    await bus.close();
    expect(memory.events[1]).toMatchObject({ event: 'sink-error', data: { code: 'SINK_STUCK', detached: true } });
  });

  test('that cannot keep up is bounded: what it did not write was dropped, counted and told of', async () => {
    const file = join(folder, 'slow.jsonl');
    const memory = memorySink();
    const sink = pinoSink({ level: 'debug', transport: { target: appender(), options: { file } } }, { maxPending: 1000 });
    const bus = busWith([sink, memory]);
    // 4 MiB of lines fill the buffer that is shared with the worker; no turn of the event loop, so nothing is taken from it.
    const message = 'x'.repeat(8000);
    for (const step of oneTo(3000)) bus.emit('error', { name: 'Error', message, code: null }, { epoch: 1, step, level: 'debug' });
    const { written, lost } = sink.stats!();
    expect(lost).toBeGreaterThan(0);
    expect(written).toBeLessThan(4 * 1024 * 1024 / 8000 + 1000);
    await bus.close();
    const told = memory.events.filter(({ event }) => event === 'sink-loss').reduce((sum, { data }) => sum + (data as { lost: number }).lost, 0);
    const emitted = memory.events.length;
    expect(stepsIn(file)).toHaveLength(emitted - told);
  });
});
