import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BackendError, ConfigError, DataError, PluginError, TrainscopeError } from '../../src/errors.js';
import { trainInWorker, type TrainingRoom } from '../../src/worker/index.js';
import { temporaryFolder } from '../config/temporary-folder.js';
import { rejectionOf, training } from './training.js';
import type { Way } from './trainings/misbehaves.js';

type Misbehaving = (room: TrainingRoom<Way>) => unknown;
const run = (data: Way) => trainInWorker<Misbehaving>(training('misbehaves.ts'), { data, ...(data === 'out of memory' ? { resourceLimits: { maxOldGenerationSizeMb: 64 } } : {}) });
const failureOf = (data: Way): Promise<unknown> => rejectionOf(run(data).result);

describe('an error of the training', () => {
  it('arrives with its class, code, parts, fields, cause and the stack of the worker', async () => {
    const error = await failureOf('plugin error');
    expect(error).toBeInstanceOf(PluginError);
    expect(error).toMatchObject({ name: 'PluginError', code: 'PLUGIN_FAILED', found: 'it fell', expected: 'it stands', remedy: 'Hold it.', message: 'it fell; it stands. Hold it.', plugin: 'p', hook: 'stepEnd', step: 7 });
    expect((error as Error).cause).toBeInstanceOf(RangeError);
    expect(((error as Error).cause as Error).message).toBe('too far');
    expect((error as Error).stack).toContain('misbehaves.ts');
  });

  it('of options has all its problems, of data its class, of a backend its refusals', async () => {
    const config = await failureOf('config error');
    expect(config).toBeInstanceOf(ConfigError);
    expect(config).toMatchObject({ problems: [{ path: ['a', 0], message: 'is 1' }, { path: ['b'], message: 'is 2', suggestion: 'c' }], file: 'run.yaml' });
    expect(await failureOf('data error')).toBeInstanceOf(DataError);
    const backend = await failureOf('backend error');
    expect(backend).toBeInstanceOf(BackendError);
    expect(backend).toMatchObject({ refusals: [{ backend: 'wasm', reason: 'no file' }] });
  });

  it("that is not trainscope's stays what it is, without what cannot be sent; what is no error at all as well", async () => {
    const error = await failureOf('plain error');
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: 'x is not a function', cause: 'an odd one', errno: -2 });
    expect(error).not.toHaveProperty('helper');
    expect(await failureOf('no error at all')).toEqual({ status: 404 });
    expect(await failureOf('no error, and not sendable')).toContain('=>');
  });
});

describe('WORKER_FAILED, and no hang, is what comes of', () => {
  const cases: readonly (readonly [Way, RegExp])[] = [
    ['exit', /ended with exit code 3 before the training had a result/],
    ['exit with 0', /ended with exit code 0 before the training had a result/],
    ['uncaught', /nobody caught me/],
    ['unhandled rejection', /nobody awaited me/],
    ['never settles', /has nothing left to do, and its promise is not settled/],
    ['out of memory', /ran out of memory/],
    ['result of functions', /its result cannot be sent to the main thread/],
  ];
  it.each(cases)('%s', async (way, message) => {
    const error = await failureOf(way);
    expect(error).toBeInstanceOf(TrainscopeError);
    expect((error as TrainscopeError).code).toBe('WORKER_FAILED');
    expect((error as TrainscopeError).message).toMatch(message);
  });

  it('a module without a default export, one that imports what is not there, one that exits while it loads, and one that never has loaded', async () => {
    const codes = async (name: string): Promise<TrainscopeError> => (await rejectionOf(trainInWorker(training(name)).result)) as TrainscopeError;
    const [none, broken, exits, hangs] = [await codes('no-default.ts'), await codes('broken-import.mjs'), await codes('exits-on-load.ts'), await codes('never-loads.mjs')];
    expect([none, broken, exits, hangs].map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => 'WORKER_FAILED'));
    expect(none.message).toMatch(/default export of .*no-default\.ts is missing \(it exports helper, train\)/);
    expect(broken.message).toMatch(/cannot be loaded: .*no-such-file/);
    expect(broken.cause).toMatchObject({ code: 'ERR_MODULE_NOT_FOUND' });
    expect(exits.message).toMatch(/exit code 5/);
    expect(hangs.message).toMatch(/nothing left to do/);
  });
});

describe('the end', () => {
  it('comes though the training left a timer running: the worker is ended a second later, with the result', async () => {
    expect(await run('leaves a timer').result).toBe('done');
  });

  it('lets the process end by itself, which has loaded no TensorFlow.js: with a result, a failure, and after terminate()', () => {
    const script = `
      import { trainInWorker } from ${JSON.stringify(new URL('../../src/worker/index.ts', import.meta.url).href)};
      const start = (data) => trainInWorker(${JSON.stringify(training('misbehaves.ts').href)}, { data });
      console.log(await start('leaves a timer').result);
      await start('exit').result.catch((error) => console.log(error.code));
      const run = start('never yields');
      await run.terminate();
      // TensorFlow.js leaves this behind where it is loaded: the worker's is the worker's.
      console.log('over ' + String(globalThis._tfengine === undefined));`;
    const path = join(temporaryFolder({ 'main.mjs': script }), 'main.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', path], { encoding: 'utf8', timeout: 60_000 });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'done\nWORKER_FAILED\nover true\n', stderr: '' });
  });
});

describe('the module and the options', () => {
  it('are refused at once: code as text, the net, what is no module at all', () => {
    for (const module of ['data:text/javascript,export default () => 1', 'https://example.com/a.js', 'node:fs', new URL('blob:nodedata:1'), '', 7 as unknown as string]) {
      expect(() => trainInWorker(module)).toThrow(ConfigError);
      expect(() => trainInWorker(module)).toThrow(/it is a file: URL, or the path of a file/);
    }
    expect(() => trainInWorker('no/such/experiment.js')).toThrow(/there is no module .*no\/such\/experiment\.js/);
  });

  it('are refused with all their problems, a mistyped key with the nearest right one', () => {
    const options = { dat: 1, signal: {}, sinks: [{}], resourceLimits: { maxOldGenerationSizeMb: 0 } } as unknown as object;
    const error = (() => {
      try {
        trainInWorker(training('plain.mjs'), options);
      } catch (thrown) {
        return thrown as ConfigError;
      }
      return undefined;
    })();
    expect(error).toBeInstanceOf(ConfigError);
    expect(error?.problems).toHaveLength(4);
    expect(error?.message).toMatch(/did you mean "data"/);
  });

  it('are refused where data cannot be copied', () => {
    expect(() => trainInWorker<(room: TrainingRoom<() => number>) => unknown>(training('plain.mjs'), { data: () => 1 })).toThrow(/the worker cannot be started: .*could not be cloned/);
  });

  it('know the events: a mistyped name, which would never be heard, is refused with the nearest one', async () => {
    const started = run('leaves a timer');
    // @ts-expect-error there is no such event
    expect(() => started.on('epoch-endd', () => undefined)).toThrow(/epoch-end/);
    expect(() => started.onAny(() => undefined, { every: 0 })).toThrow(/every/);
    await started.terminate();
  });
});
