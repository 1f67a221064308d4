import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { gradientNorm } from '../../plugins/index.js';
import { memorySink, type TrainscopeEvent } from '../../src/index.js';
import { trainInWorker } from '../../src/worker/index.js';
import type clouds from './trainings/clouds.js';
import type { CloudsData, CloudsResult } from './trainings/clouds.js';
import type events from './trainings/events.js';
import type ticks from './trainings/waits-for-ticks.js';
import { rejectionOf, training } from './training.js';

describe('a training in a worker thread', () => {
  for (const backend of ['cpu', 'wasm'] as const) {
    it(`sends all its events as they were, in their order, and its result, on ${backend}`, async () => {
      const memory = memorySink();
      const run = trainInWorker<typeof clouds>(training('clouds.ts'), { data: { backend }, sinks: [memory] });
      const result = await run.result;
      expectTypeOf(result).toEqualTypeOf<CloudsResult>();
      expect(result.backend).toBe(backend);
      // 64 samples in batches of 16, twice.
      expect([result.fit.reason, result.fit.steps, result.fit.history.length]).toEqual(['completed', 8, 2]);
      expect(result.kernel).toBeInstanceOf(Float32Array);
      expect(result.kernel).toHaveLength(32);
      expect(memory.events).toEqual(result.events);
      expect(memory.events.map(({ seq }) => seq)).toEqual(memory.events.map((_, i) => i + 1));
      const steps = memory.events.filter(({ event }) => event === 'step');
      expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(memory.events.at(-1)?.event).toBe('run-end');
      expect([run.lost, run.troubles]).toEqual([0, []]);
    });
  }

  it('is heard by name, a plugin of it as well, with filters: every 2nd of 8 steps, and 4 measurements of every 2nd step', async () => {
    const run = trainInWorker<typeof clouds, [typeof gradientNorm]>(training('clouds.ts'), { data: {}, plugins: [gradientNorm] });
    const [steps, norms, all]: [number[], number[], TrainscopeEvent[]] = [[], [], []];
    run.on('step', ({ step }) => steps.push(step), { every: 2 });
    run.on('gradient-norm', ({ data }) => norms.push(data.norm));
    run.onAny((event) => all.push(event));
    const { events } = await run.result;
    expect(steps).toEqual([2, 4, 6, 8]);
    expect(norms).toHaveLength(4);
    expect(norms.every((norm) => norm > 0)).toBe(true);
    expect(all).toEqual(events);
  });

  it('has events that are frozen on arrival, at any depth', async () => {
    const memory = memorySink();
    await trainInWorker<typeof clouds>(training('clouds.ts'), { data: { epochs: 1 }, sinks: [memory] }).result;
    const end = memory.events.find(({ event }) => event === 'epoch-end');
    expect([end, end?.data, end?.data['metrics']].map(Object.isFrozen)).toEqual([true, true, true]);
  });

  it('loses neither NaN nor an infinity nor the sign of a zero on the way', async () => {
    const run = trainInWorker<typeof events>(training('events.ts'), { data: { losses: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0] } });
    const losses: number[] = [];
    run.on('step', ({ data }) => losses.push(data.loss));
    expect(await run.result).toBe(4);
    expect(losses).toEqual([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]);
  });

  it('leaves the main thread free: it ticks at least once in each of 8 steps that never yield', async () => {
    const shared = new Int32Array(new SharedArrayBuffer(4));
    let stepsHeard = 0;
    const timer = setInterval(() => Atomics.add(shared, 0, 1), 10);
    const run = trainInWorker<typeof ticks>(training('waits-for-ticks.ts'), { data: shared });
    run.on('epoch-end', () => (stepsHeard += 4));
    const result = await run.result;
    clearInterval(timer);
    expect([result.reason, result.steps, stepsHeard]).toEqual(['completed', 8, 8]);
    expect(Atomics.load(shared, 0)).toBeGreaterThanOrEqual(8);
  });

  it('may run beside another one, each with its own backend, numbers and events', async () => {
    const start = (data: CloudsData) => {
      const memory = memorySink();
      return { memory, run: trainInWorker<typeof clouds>(training('clouds.ts'), { data, sinks: [memory] }) };
    };
    const [first, second, third] = [start({ seed: 1 }), start({ seed: 2, backend: 'wasm' }), start({ seed: 1 })];
    const [a, b, c] = [await first.run.result, await second.run.result, await third.run.result];
    expect([a.backend, b.backend]).toEqual(['cpu', 'wasm']);
    expect(a.kernel).toEqual(c.kernel);
    expect(a.kernel).not.toEqual(b.kernel);
    expect(new Set(first.memory.events.map(({ runId }) => runId))).toEqual(new Set([a.fit.runId]));
    expect(new Set(second.memory.events.map(({ runId }) => runId))).toEqual(new Set([b.fit.runId]));
  });

  it('is logged by a pino logger of the main thread, a line an event', async () => {
    const lines: string[] = [];
    const stream = new Writable({
      write(line: Buffer, _encoding, done) {
        lines.push(String(line));
        done();
      },
    });
    const logger = pino({ level: 'debug' }, stream);
    await trainInWorker<typeof events>(training('events.ts'), { data: { losses: [1, Number.NaN] }, logger }).result;
    expect(lines.map((line) => (JSON.parse(line) as { data: { loss: unknown } }).data.loss)).toEqual([1, 'NaN']);
  });

  it('may be JavaScript without trainscope, or CommonJS; buffers are transferred and gone here', async () => {
    const values = Float32Array.of(1, 2.5);
    const buffer = new ArrayBuffer(8);
    const run = trainInWorker<(room: { readonly data: object }) => unknown>(training('plain.mjs'), { data: { values, buffer }, transfer: [buffer] });
    expect(await run.result).toEqual({ doubled: Float32Array.of(2, 5), buffer: new ArrayBuffer(8), nan: Number.NaN });
    expect(buffer.byteLength).toBe(0);
    expect(await trainInWorker(training('common.cjs'), { data: 7 }).result).toBe('common 7');
  });

  it('is found as experiment.ts where experiment.js is named, and by a path', async () => {
    const run = trainInWorker<typeof events>('test/worker/trainings/events.js', { data: { losses: [1] } });
    expect(await run.result).toBe(1);
  });
});

describe('stopping', () => {
  it('ends the training after the step that is under way, with the message as the reason', async () => {
    const run = trainInWorker(training('endless.ts'));
    run.on('step', () => run.stop('enough'), { once: 3 });
    const result = await run.result;
    expect([result.reason, result.message]).toEqual(['aborted', 'enough']);
    expect(result.steps).toBeGreaterThanOrEqual(3);
    run.stop(); // it is over: nothing happens
  });

  it('works by an AbortSignal, which is let go of at the end', async () => {
    const controller = new AbortController();
    const run = trainInWorker(training('endless.ts'), { signal: controller.signal });
    run.on('step', () => controller.abort(new Error('the user left')), { once: 1 });
    expect(await run.result).toMatchObject({ reason: 'aborted', message: 'the user left' });
  });

  it('before the start leaves 0 steps', async () => {
    const run = trainInWorker(training('endless.ts'), { signal: AbortSignal.abort(new Error('never mind')) });
    expect(await run.result).toMatchObject({ reason: 'aborted', message: 'never mind', steps: 0 });
  });

  it('at once is terminate(): a thread that never yields is gone, and the result rejects', async () => {
    const run = trainInWorker<(room: { readonly data: string }) => never>(training('misbehaves.ts'), { data: 'never yields' });
    run.stop('which it does not hear');
    const rejection = rejectionOf(run.result);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await run.terminate();
    expect(await rejection).toMatchObject({ name: 'TrainscopeError', code: 'WORKER_TERMINATED' });
    await run.terminate(); // again: nothing happens
  });

  it('at once after the end changes nothing', async () => {
    const run = trainInWorker<typeof events>(training('events.ts'), { data: { losses: [1, 2] } });
    expect(await run.result).toBe(2);
    await run.terminate();
    expect(await run.result).toBe(2);
  });
});

describe('a main thread that is slow', () => {
  it('costs events and not memory: of 5000 steps without a turn 2048 arrive, and sink-loss tells of the other 2952', async () => {
    const memory = memorySink();
    const run = trainInWorker<typeof events>(training('events.ts'), { data: { losses: Array.from({ length: 5000 }, (_, i) => i) }, sinks: [memory] });
    await run.result;
    const losses = memory.events.filter(({ event }) => event === 'sink-loss').map(({ data }) => data['lost'] as number);
    // Half of the 4096 that may wait are kept for what weighs more than a step.
    expect(memory.events.filter(({ event }) => event === 'step').map(({ data }) => data['loss'])).toEqual(Array.from({ length: 2048 }, (_, i) => i));
    expect(losses.reduce((sum, lost) => sum + lost, 0)).toBe(2952);
    expect(run.lost).toBe(2952);
  });

  it('is waited for by a flush until its own sinks have written', async () => {
    const order: string[] = [];
    const sink = {
      name: 'slow',
      write: () => void order.push('write'),
      flush: async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        order.push('flush');
      },
      close: async () => void order.push('close'),
    };
    await trainInWorker<typeof events>(training('events.ts'), { data: { losses: [1, 2] }, sinks: [sink] }).result;
    // The training's own flush, and that of the end.
    expect(order).toEqual(['write', 'write', 'flush', 'flush', 'close']);
  });
});

describe('what goes wrong on the main thread', () => {
  it('is contained: a listener and a sink that throw are told once each and not called again, and the others hear all', async () => {
    let calls = 0;
    const memory = memorySink();
    const bad = {
      name: 'bad',
      write: () => {
        throw new Error('disk full');
      },
    };
    const run = trainInWorker<typeof events>(training('events.ts'), { data: { losses: [1, 2, 3] }, sinks: [bad, memory] });
    const subscription = run.on('step', function broken() {
      calls += 1;
      throw new Error('oh');
    });
    await run.result;
    expect([calls, subscription.active, memory.events.length]).toEqual([1, false, 3]);
    expect(run.troubles).toEqual(['the sink "bad" failed and was detached: disk full', 'the listener broken failed at the event "step" and was removed: oh']);
  });

  it('tells of an event that cannot be sent, once of three, and counts three as lost', async () => {
    const run = trainInWorker<typeof events>(training('events.ts'), { data: { losses: [1], unsendable: true }, sinks: [memorySink()] });
    await run.result;
    expect(run.lost).toBe(3);
    expect(run.troubles).toHaveLength(1);
    expect(run.troubles[0]).toMatch(/an event "step" cannot be sent/);
  });

  it('tells when nothing came at all, because the training does not use its sink', async () => {
    const run = trainInWorker<(room: { readonly data: string }) => unknown>(training('common.cjs'), { data: 'x', sinks: [memorySink()] });
    await run.result;
    expect(run.troubles).toEqual(['no event came from the worker: give its sink to the trainer there, new Trainer({ sinks: [sink] })']);
  });
});
