import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileSink, memorySink, parseEventLine, type CoreEvent, type MemorySink } from '../../src/events/index.js';
import { busWith, emitExample, emitStep, exampleNames } from './examples.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-sink-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const readBack = (path: string): CoreEvent[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => parseEventLine(line));

const errorsIn = ({ events }: MemorySink): unknown[] => events.filter(({ event }) => event === 'sink-error').map(({ data }) => data);

describe('a file', () => {
  test('holds every event as a line that reads back equal, in a folder that was made for it', async () => {
    const path = join(folder, 'runs', 'today', 'run.jsonl');
    const memory = memorySink();
    const bus = busWith([fileSink({ path }), memory]);
    for (const name of exampleNames) emitExample(bus, name);
    await bus.close();
    expect(readBack(path)).toEqual(memory.events);
    expect(bus.sinkStats()[0]).toEqual({ name: `file:${path}`, attached: false, written: 14, lost: 0 });
  });

  test('has all that came before a flush, and goes on growing', async () => {
    const path = join(folder, 'run.jsonl');
    const bus = busWith([fileSink({ path })]);
    emitStep(bus, 1);
    await bus.flush();
    expect(readBack(path)).toHaveLength(1);
    emitStep(bus, 2);
    await bus.flush();
    await bus.flush();
    expect(readBack(path)).toHaveLength(2);
    await bus.close();
  });

  test('that is there already keeps its lines when the run is resumed', async () => {
    const path = join(folder, 'run.jsonl');
    for (const seq of [0, 1]) {
      const bus = busWith([fileSink({ path })], { seq });
      emitStep(bus, 1);
      await bus.close();
    }
    expect(readBack(path).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  test.each([
    ['half a line, as a kill leaves it', '{"v":1,"runId":"r","se', ['{"v":1,"runId":"r","se', 'step']],
    ['a whole line', '{"seq":1}\n', ['{"seq":1}', 'step']],
    ['nothing', '', ['step']],
  ])('that holds %s gets the next event on a line of its own', async (_, before, lines) => {
    const path = join(folder, 'run.jsonl');
    writeFileSync(path, before);
    const bus = busWith([fileSink({ path })]);
    emitStep(bus, 1);
    await bus.close();
    const found = readFileSync(path, 'utf8').split('\n');
    expect(found.slice(0, -2)).toEqual(lines.slice(0, -1));
    expect(parseEventLine(found.at(-2) ?? '')).toMatchObject({ event: 'step', step: 1 });
    expect(found.at(-1)).toBe('');
  });

  test('is not made by a sink to which nothing is written', async () => {
    const path = join(folder, 'run.jsonl');
    await busWith([fileSink({ path })]).close();
    expect(existsSync(path)).toBe(false);
  });

  test('has every line after a flush, whatever was being written when it began: tried with 1 to 60 lines', async () => {
    for (let lines = 1; lines <= 60; lines++) {
      const path = join(folder, `${lines}.jsonl`);
      const bus = busWith([fileSink({ path })]);
      for (let step = 1; step <= lines; step++) emitStep(bus, step);
      await bus.flush();
      expect(readBack(path)).toHaveLength(lines);
      await bus.close();
    }
  });

  test('has the lines of a process that exits right after it emitted them', () => {
    const path = join(folder, 'run.jsonl');
    expect(runProgram(`for (let epoch = 1; epoch <= 100; epoch++) emit(epoch); process.exit(3);`, path).status).toBe(3);
    expect(readBack(path).map(({ epoch }) => epoch)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });
});

/** Runs a program with emit(epoch) on a bus with a file sink, in a process of its own. */
function runProgram(body: string, path: string): { status: number | null } {
  const file = join(folder, 'program.mts');
  writeFileSync(
    file,
    `import fs from 'node:fs';
     import { syncBuiltinESMExports } from 'node:module';
     import { coreCatalogue, EventBus, fileSink } from ${JSON.stringify(new URL('../../src/events/index.ts', import.meta.url).href)};
     const bus = new EventBus({ runId: 'r', catalogue: coreCatalogue, sinks: [fileSink({ path: ${JSON.stringify(path)}, patience: 50 })] });
     const emit = (epoch) => bus.emit('epoch-start', { epochs: 100, learningRate: NaN }, { epoch, step: epoch });
     ${body}`,
  );
  const tsx = new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url).pathname;
  return spawnSync(process.execPath, [tsx, file], { timeout: 60_000 });
}

describe('a file that cannot be written', () => {
  const badPaths: [string, () => string, string][] = [
    ['a folder', () => folder, 'EISDIR'],
    [
      'below a file',
      () => {
        writeFileSync(join(folder, 'a-file'), '');
        return join(folder, 'a-file', 'run.jsonl');
      },
      'ENOTDIR',
    ],
  ];

  test.each(badPaths)('because its path is %s is told of at the first event, once, and the run goes on', async (_, pathOf, code) => {
    const memory = memorySink();
    const bus = busWith([fileSink({ path: pathOf() }), memory]);
    emitStep(bus, 1);
    expect(errorsIn(memory)).toMatchObject([{ code: expect.stringMatching(code === 'ENOTDIR' ? /^(ENOTDIR|EEXIST)$/ : code) as string, detached: true }]);
    emitStep(bus, 2);
    await bus.close();
    expect(memory.events.map(({ event }) => event)).toEqual(['step', 'sink-error', 'step']);
  });

  test.skipIf(!existsSync('/dev/full'))('because the disk is full is told of once, with the events that were lost, and the run goes on', async () => {
    const memory = memorySink();
    const bus = busWith([fileSink({ path: '/dev/full' }), memory]);
    for (let step = 1; step <= 20; step++) emitStep(bus, step);
    await bus.flush();
    for (let step = 21; step <= 25; step++) emitStep(bus, step);
    await bus.close();
    expect(errorsIn(memory)).toMatchObject([{ sink: 'file:/dev/full', code: 'ENOSPC', detached: true }]);
    expect(memory.events.filter(({ event }) => event === 'sink-loss').map(({ data }) => data)).toEqual([{ sink: 'file:/dev/full', lost: 20, since: 0 }]);
    expect(memory.events.filter(({ event }) => event === 'step')).toHaveLength(25);
  });
});

test.skipIf(!existsSync('/dev/full'))('a process that exits with lines for a disk that is full does exit, with its own code', () => {
  const full = `fs.statfsSync = () => ({ bavail: 0, bsize: 4096 }); syncBuiltinESMExports();`; // /dev/full alone has a file system with room
  expect(runProgram(`${full} emit(1); process.exit(3);`, '/dev/full').status).toBe(3);
});

describe.skipIf(process.platform === 'win32')('a pipe', () => {
  const pipe = (): string => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    return path;
  };

  test('that nobody reads is told of at once and does not block', () => {
    const memory = memorySink();
    emitStep(busWith([fileSink({ path: pipe() }), memory]), 1);
    expect(errorsIn(memory)).toMatchObject([{ code: 'ENXIO' }]);
  });

  test('that is read gets every line, and a flush of it is no failure though there is no disk behind it', async () => {
    const path = pipe();
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const memory = memorySink();
      const bus = busWith([fileSink({ path }), memory]);
      for (let step = 1; step <= 20; step++) emitStep(bus, step);
      await bus.flush();
      await bus.close(); // the reader sees an end only when the writer is gone
      expect(readFileSync(reader, 'utf8').split('\n')).toHaveLength(21);
      expect(errorsIn(memory)).toEqual([]);
    } finally {
      closeSync(reader);
    }
  });

  test('whose reader does not read makes the sink drop and count what is beyond its bound, and close() ends all the same', async () => {
    const path = pipe();
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const sink = fileSink({ path, maxBytes: 100_000, patience: 50 });
      const memory = memorySink();
      const bus = busWith([sink, memory]);
      for (let step = 1; step <= 2000; step++) emitStep(bus, step); // some 250 bytes each: 500,000 in all
      const { lost } = sink.stats!();
      const lineBytes = 230; // the least that a line of these has
      expect(lost).toBeGreaterThan(2000 - Math.ceil(100_000 / lineBytes) - 1);
      await expect(sink.close!()).rejects.toMatchObject({ code: 'SINK_STUCK' });
      const { written, lost: all } = sink.stats!();
      expect(written + all).toBe(memory.events.length); // every event is accounted for
      expect(memory.events.some(({ event }) => event === 'sink-loss')).toBe(true);
    } finally {
      closeSync(reader);
    }
  });

  test('whose reader does not read does not keep a process that closed its bus from ending', () => {
    const path = pipe();
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      expect(runProgram(`for (let epoch = 1; epoch <= 2000; epoch++) emit(epoch); await bus.close(); process.exitCode = 3;`, path).status).toBe(3);
    } finally {
      closeSync(reader);
    }
  });
});
