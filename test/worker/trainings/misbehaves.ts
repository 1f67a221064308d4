import { BackendError, ConfigError, DataError, PluginError } from '../../../src/errors.js';
import type { TrainingRoom } from '../../../src/worker/index.js';

/** Every way to end without a result, by its name. */
const ways = {
  'plugin error': () => {
    throw new PluginError('PLUGIN_FAILED', { found: 'it fell', expected: 'it stands', remedy: 'Hold it.', plugin: 'p', hook: 'stepEnd', step: 7, cause: new RangeError('too far') });
  },
  'config error': () => {
    throw new ConfigError('OPTIONS_INVALID', { found: 'two are wrong', problems: [{ path: ['a', 0], message: 'is 1' }, { path: ['b'], message: 'is 2', suggestion: 'c' }], file: 'run.yaml' });
  },
  'data error': () => {
    throw new DataError('DATA_SHAPE', { found: 'labels have shape [32]' });
  },
  'backend error': () => {
    throw new BackendError('BACKEND_UNAVAILABLE', { found: 'none', refusals: [{ backend: 'wasm', reason: 'no file' }] });
  },
  'plain error': () => {
    throw Object.assign(new TypeError('x is not a function', { cause: 'an odd one' }), { errno: -2, helper: () => 1 });
  },
  'no error at all': () => {
    throw { status: 404 } as unknown as Error;
  },
  'no error, and not sendable': () => {
    throw (() => 1) as unknown as Error;
  },
  exit: () => process.exit(3),
  'exit with 0': () => process.exit(0),
  uncaught: () => {
    setTimeout(() => {
      throw new Error('nobody caught me');
    }, 0);
    return new Promise(() => undefined);
  },
  'unhandled rejection': () => {
    void Promise.reject(new Error('nobody awaited me'));
    return new Promise(() => undefined);
  },
  'never settles': () => new Promise(() => undefined),
  'out of memory': () => {
    const kept: number[][] = [];
    for (;;) kept.push(Array.from({ length: 100_000 }, (_, i) => i + 0.5));
  },
  'result of functions': () => ({ predict: () => 1 }),
  'leaves a timer': () => {
    setInterval(() => undefined, 10);
    return 'done';
  },
  'never yields': () => {
    for (;;);
  },
} satisfies Record<string, () => unknown>;

export type Way = keyof typeof ways;

export default ({ data }: TrainingRoom<Way>): unknown => ways[data]();
