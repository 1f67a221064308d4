import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino, type LoggerOptions } from 'pino';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { memorySink, parseEventLine, pinoSink, type EventBus, type MemorySink } from '../../src/events/index.js';
import { busWith, emitExample, emitStep, exampleNames, newYear } from './examples.js';
import { repeatedKeys } from './json-keys.js';

/** A bus over a logger of the user's, the lines that it wrote, and the events as they were. */
function logged(options: LoggerOptions = {}, prepare: (logger: pino.Logger) => pino.Logger = (logger) => logger): { bus: EventBus; lines: string[]; memory: MemorySink } {
  const lines: string[] = [];
  const logger = prepare(pino({ level: 'trace', ...options }, { write: (line: string) => void lines.push(line) }));
  const memory = memorySink();
  return { bus: busWith([pinoSink(logger), memory]), lines, memory };
}

const keysOf = (line: string | undefined): Record<string, unknown> => JSON.parse(line ?? '') as Record<string, unknown>;

describe('a line written by pino', () => {
  test.each(exampleNames)('of %s reads back as the event, but for the time of writing, and has no key twice', (name) => {
    const { bus, lines, memory } = logged();
    emitExample(bus, name, { plugin: 'p', epoch: 2, step: 7 });
    const [line] = lines;
    expect(repeatedKeys(line!)).toEqual([]);
    const { time, ...event } = parseEventLine(line!);
    const { time: _, ...emitted } = memory.events[0]!;
    expect(event).toEqual(emitted);
    expect(time).toBeGreaterThan(newYear);
  });

  test("has pino's own keys, its number for the level, and a sentence for people", () => {
    const { bus, lines } = logged();
    emitExample(bus, 'epoch-end', { epoch: 3, step: 12 });
    expect(keysOf(lines[0])).toMatchObject({ level: 30, pid: process.pid, msg: 'epoch 3/5  loss 0.0812  accuracy 0.975  val_loss 0.0934' });
  });

  test('is not written for an event that the level of the logger hides, and that is no loss', () => {
    const { bus, lines } = logged({ level: 'info' });
    emitStep(bus, 1); // debug
    emitExample(bus, 'run-end');
    expect(lines.map((line) => keysOf(line)['event'])).toEqual(['run-end']);
    expect(bus.sinkStats()[0]).toMatchObject({ written: 1, lost: 0 });
  });

  test('with a format of message in its text is left as it is', () => {
    const { bus, lines } = logged();
    bus.emit('error', { name: 'Error', message: '100 %d of %s', code: null }, { epoch: 1, step: 1 });
    expect(keysOf(lines[0])['msg']).toBe('Error: 100 %d of %s');
  });

  const variants: [string, LoggerOptions, ((logger: pino.Logger) => pino.Logger)?][] = [
    ['without a timestamp', { timestamp: false }],
    ['with ISO time', { timestamp: pino.stdTimeFunctions.isoTime }],
    ['with its time under another name', { timestamp: () => `,"ts":${Date.now()}` }],
    ['with the level as a label', { formatters: { level: (level) => ({ level }) } }],
    ['with the level under another name', { formatters: { level: (label) => ({ severity: label.toUpperCase() }) } }],
    ['without base', { base: null }],
    ['with another message key', { messageKey: 'message' }],
    ['with a mixin', { mixin: () => ({ step: -1, host: 'h' }) }],
    ['that is a child with bindings', {}, (logger) => logger.child({ experiment: 7 }).child({ user: 'u' })],
    ['with custom levels beside', { customLevels: { audit: 35 } }],
  ];
  test.each(variants)('by a logger %s reads back and has no key twice', (_, options, prepare) => {
    const { bus, lines, memory } = logged(options, prepare);
    emitExample(bus, 'step', { epoch: 1, step: 3 });
    emitExample(bus, 'finding', { epoch: 1, step: 3, level: 'error' });
    expect(lines.flatMap(repeatedKeys)).toEqual([]);
    const withoutTime = (events: readonly object[]): object[] => events.map((event) => ({ ...event, time: 0 }));
    expect(withoutTime(lines.map((line) => parseEventLine(line)))).toEqual(withoutTime(memory.events));
  });

  test.each<[string, LoggerOptions, ((logger: pino.Logger) => pino.Logger)?]>([
    ['binds a key of the envelope', {}, (logger) => logger.child({ runId: 'mine' })],
    ['has such a key for its message', { messageKey: 'event' }],
    ['has none of the six levels', { customLevels: { audit: 35 }, useOnlyCustomLevels: true, level: 'audit' }],
  ])('is refused from the start when the logger %s', (_, options, prepare) => {
    expect(() => logged(options, prepare)).toThrow(ConfigError);
  });
});

describe('a logger made from options', () => {
  test('writes lines that read back equal to the events, time included', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pino-sink-'));
    const destination = join(folder, 'run.jsonl');
    const memory = memorySink();
    const bus = busWith([pinoSink({ level: 'trace', transport: { target: 'pino/file', options: { destination } } }), memory]);
    for (const name of exampleNames) emitExample(bus, name);
    await bus.close();
    const lines = readFileSync(destination, 'utf8').split('\n').slice(0, -1);
    expect(lines.map((line) => parseEventLine(line))).toEqual(memory.events);
    expect(lines.flatMap(repeatedKeys)).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  test('is refused with a transport that is not there', () => {
    expect(() => pinoSink({ transport: { target: 'no-such-transport' } })).toThrow(/pino does not take the options.*no-such-transport/);
  });
});

describe('a destination that cannot keep up', () => {
  /** A Node stream that takes nothing until it is told to. */
  const stuck = (): { stream: Writable; lines: string[]; release: () => void } => {
    const lines: string[] = [];
    let waiting: (() => void) | undefined;
    let open = false;
    const stream = new Writable({
      decodeStrings: false,
      highWaterMark: 1, // the first line fills it
      write(line: string, _encoding, done) {
        lines.push(line);
        if (open) done();
        else waiting = done;
      },
    });
    return {
      stream,
      lines,
      release() {
        open = true;
        waiting?.();
      },
    };
  };

  test('gets steps for half of its room, other events for three quarters, and what a log cannot do without for all of it', async () => {
    const { stream, lines, release } = stuck();
    const memory = memorySink();
    const bus = busWith([pinoSink(pino({ level: 'trace' }, stream), { maxPending: 8 }), memory]);
    for (let step = 1; step <= 10; step++) emitStep(bus, step);
    expect(bus.sinkStats()[0]).toMatchObject({ written: 4, lost: 6 });
    for (let epoch = 1; epoch <= 10; epoch++) emitExample(bus, 'epoch-start');
    expect(bus.sinkStats()[0]).toMatchObject({ written: 6, lost: 14 });
    for (let count = 1; count <= 10; count++) emitExample(bus, 'finding');
    expect(bus.sinkStats()[0]).toMatchObject({ written: 8, lost: 22 });

    const flushed = bus.flush();
    release();
    await flushed;
    // All 22 are told of, and by then there is room for the line that tells.
    expect(memory.events.at(-1)).toMatchObject({ event: 'sink-loss', level: 'warn', data: { sink: 'pino', lost: 22, since: 0 } });
    expect(lines.map((line) => keysOf(line)['event'])).toEqual([...Array<string>(4).fill('step'), ...Array<string>(2).fill('epoch-start'), 'finding', 'finding', 'sink-loss']);
  });

  test('and takes lines again gets events again', async () => {
    const { stream, lines, release } = stuck();
    const bus = busWith([pinoSink(pino({ level: 'trace' }, stream), { maxPending: 4 })]);
    for (let step = 1; step <= 5; step++) emitStep(bus, step);
    release();
    await bus.flush();
    emitStep(bus, 6);
    await bus.flush();
    expect(lines.map((line) => [keysOf(line)['event'], keysOf(line)['step']])).toEqual([['step', 1], ['step', 2], ['sink-loss', 5], ['step', 6]]);
  });

  test('of sonic-boom, which does not say that it lags, is bounded by what came since it last was empty', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pino-sink-'));
    const dest = join(folder, 'run.jsonl');
    const destination = pino.destination({ dest, sync: false });
    const bus = busWith([pinoSink(pino({ level: 'trace' }, destination), { maxPending: 100 })]);
    for (let step = 1; step <= 60; step++) emitStep(bus, step); // no turn of the event loop: nothing can be written
    expect(bus.sinkStats()[0]).toMatchObject({ written: 50, lost: 10 });
    await bus.flush();
    for (let step = 61; step <= 80; step++) emitStep(bus, step);
    await bus.close();
    expect(readFileSync(dest, 'utf8').split('\n')).toHaveLength(50 + 1 + 20 + 1); // with the sink-loss, and after the last line's end nothing
    destination.end();
    rmSync(folder, { recursive: true });
  });

  test('that writes synchronously is never taken for one that lags', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pino-sink-'));
    const destination = pino.destination({ dest: join(folder, 'run.jsonl'), sync: true });
    const bus = busWith([pinoSink(pino({ level: 'trace' }, destination), { maxPending: 4 })]);
    for (let step = 1; step <= 50; step++) emitStep(bus, step);
    expect(bus.sinkStats()[0]).toMatchObject({ written: 50, lost: 0 });
    destination.end();
    rmSync(folder, { recursive: true });
  });
});

describe("a stream of the user's logger", () => {
  test('that fails detaches the sink, is told of once, and does not end the process', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('broken pipe')) });
    const memory = memorySink();
    const bus = busWith([pinoSink(pino(stream)), memory]);
    emitExample(bus, 'run-end');
    await new Promise((resolve) => setImmediate(resolve));
    emitExample(bus, 'run-end');
    emitExample(bus, 'run-end');
    await bus.close();
    expect(memory.events.map(({ event }) => event)).toEqual(['run-end', 'run-end', 'sink-error', 'run-end']);
    expect(memory.events[2]).toMatchObject({ data: { sink: 'pino', message: 'broken pipe', detached: true } });
  });

  test('is left open and as it was when the sink is closed', async () => {
    const lines: string[] = [];
    const stream = new Writable({
      decodeStrings: false,
      write(line: string, _encoding, done) {
        lines.push(line);
        done();
      },
    });
    const before = stream.listenerCount('error') + stream.listenerCount('drain');
    const logger = pino(stream);
    const bus = busWith([pinoSink(logger)]);
    emitExample(bus, 'run-end');
    await bus.close();
    logger.info('still here');
    expect(lines.map((line) => keysOf(line)['msg'])).toEqual([expect.stringContaining('run stopped'), 'still here']);
    expect(stream.listenerCount('error') + stream.listenerCount('drain')).toBe(before);
  });

  test('behind a multistream gets the events of its level, and one that is slow does not silence the others', async () => {
    const errors: string[] = [];
    const all: string[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'pino-sink-'));
    const file = pino.destination({ dest: join(folder, 'errors.jsonl'), sync: false });
    // It is opened in its own time: the folder must not be gone by then.
    await new Promise((ready) => file.once('ready', ready));
    const streams = pino.multistream([
      { level: 'trace', stream: { write: (line: string) => void all.push(line) } },
      { level: 'error', stream: { write: (line: string) => void errors.push(line) } },
      { level: 'fatal', stream: file }, // never gets a line, and so never says that it drained
    ]);
    const bus = busWith([pinoSink(pino({ level: 'trace' }, streams), { maxPending: 4 })]);
    for (let step = 1; step <= 20; step++) emitStep(bus, step);
    emitExample(bus, 'error');
    expect([all.length, errors.length]).toEqual([21, 1]);
    await bus.close();
    file.end();
    rmSync(folder, { recursive: true });
  });
});
