import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileSink, memorySink, Trainer, type MemorySink, type Sink, type TrainscopeEvent } from '../../src/index.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

let folder = '';
beforeAll(async () => {
  await useBackend('cpu');
  folder = mkdtempSync(join(tmpdir(), 'trainscope-sinks-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** 2 epochs of 3 steps, every step an event. */
async function train(sinks: readonly Sink[], more: Partial<ConstructorParameters<typeof Trainer>[0]> = {}): Promise<{ readonly result: unknown; readonly memory: MemorySink }> {
  const memory = memorySink();
  const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', logEvery: 1, progress: false, ...more, sinks: [...sinks, memory] });
  const result = await trainer.fit(clouds(12), { batchSize: 4, epochs: 2 });
  await trainer.dispose();
  return { result, memory };
}

const dataOf = ({ events }: MemorySink, name: string): readonly TrainscopeEvent['data'][] => events.filter(({ event }) => event === name).map(({ data }) => data);
const failure = new Error('the cable was cut');

describe('a training outlives a sink that', () => {
  const broken: [string, Omit<Sink, 'name'>][] = [
    ['throws', { write: () => { throw failure; } }],
    ['rejects', { write: () => Promise.reject(failure) }],
    ['throws what is no error', { write: () => { throw 'text' as unknown as Error; } }],
    ['throws from its third event on', { write: ({ seq }) => { if (seq > 2) throw failure; } }],
    ['fails to flush', { write: () => undefined, flush: () => Promise.reject(failure) }],
  ];
  it.each(broken)('%s: all 6 steps are done and told to the others, and it is told of once', async (_, sink) => {
    const { result, memory } = await train([{ name: 'broken', ...sink }]);
    expect(result).toMatchObject({ reason: 'completed', steps: 6 });
    expect(dataOf(memory, 'step')).toHaveLength(6);
    expect(dataOf(memory, 'sink-error')).toMatchObject([{ sink: 'broken', detached: true }]);
    expect(memory.events.map(({ seq }) => seq)).toEqual(memory.events.map((_event, i) => i + 1));
  });

  it('fails to close: the training was done before', async () => {
    const { result, memory } = await train([{ name: 'broken', write: () => undefined, close: () => Promise.reject(failure) }]);
    expect(result).toMatchObject({ reason: 'completed' });
    expect(dataOf(memory, 'sink-error')).toMatchObject([{ sink: 'broken', message: 'the cable was cut' }]);
  });

  it('blocks for 30 ms at every event: it has all 12 of them, and nothing is lost', async () => {
    const seen: number[] = [];
    const { result, memory } = await train([
      {
        name: 'slow',
        write({ seq }) {
          const until = performance.now() + 30;
          while (performance.now() < until);
          seen.push(seq);
        },
      },
    ]);
    expect(result).toMatchObject({ reason: 'completed', steps: 6 });
    // run-start, 2 epoch-start, 6 step, 2 epoch-end, run-end.
    expect(seen.length).toBe(12);
    expect(dataOf(memory, 'sink-loss')).toEqual([]);
  });

  it('is a worker which dies in the midst of the fit: one sink-error, and the log has whole lines up to there', async () => {
    const file = join(folder, 'worker.jsonl');
    const target = join(folder, 'dies.mjs');
    writeFileSync(
      target,
      `import { appendFileSync } from 'node:fs';
       import { Writable } from 'node:stream';
       let chunks = 0;
       export default () => new Writable({ write(chunk, _encoding, done) { appendFileSync(${JSON.stringify(file)}, chunk); chunks += 1; if (chunks === 2) process.exit(9); done(); } });`,
    );
    const memory = memorySink();
    const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', logEvery: 1, progress: false, logger: { level: 'debug', transport: { target } }, sinks: [memory] });
    // Each step waits a little, as one with data from a disk does: the worker writes meanwhile.
    trainer.hook('stepEnd', () => new Promise((resolve) => setTimeout(resolve, 20)));
    let epochs = 0;
    trainer.on('sink-error', () => trainer.stop('seen'));
    const result = await trainer.fit(clouds(12), { batchSize: 4, epochs: 500 }).finally(() => (epochs = dataOf(memory, 'epoch-end').length));
    await trainer.dispose();
    expect(result).toMatchObject({ reason: 'stopped', message: 'seen' });
    expect(epochs).toBeLessThan(500);
    expect(dataOf(memory, 'sink-error')).toHaveLength(1);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as { seq: number });
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, i) => i + 1));
  });
});

describe('a log file', () => {
  it('that is removed in the midst of a fit fails nothing; the next fit of another trainer begins it anew', async () => {
    const path = join(folder, 'removed.jsonl');
    const remover: Sink = { name: 'remover', write: ({ event, step }) => { if (event === 'step' && step === 3) rmSync(path, { force: true }); } };
    const { result, memory } = await train([fileSink({ path }), remover]);
    expect(result).toMatchObject({ reason: 'completed', steps: 6 });
    expect(dataOf(memory, 'sink-error')).toEqual([]);
    await train([fileSink({ path })]);
    expect(JSON.parse(readFileSync(path, 'utf8').split('\n')[0] ?? '')).toMatchObject({ event: 'run-start', seq: 1 });
  });
});
