import fc from 'fast-check';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, TrainscopeError } from 'trainscope';
import { Broken, target } from './target.js';

/** Numbers from 0 to 9, in that order and again. */
const digits = fc.nat({ max: 9 });
const at3 = (name: string, fault: (folder: string) => unknown) => target({ name, share: 0, values: digits, sound: () => [0], attempt: (digit, { folder }) => (digit === 3 ? fault(folder) : undefined) });

/** Faults of every kind that the fuzzing is to see, each at the number 3 alone: they tell whether it sees them. */
export const plantedTargets = [
  at3('planted: nothing', () => undefined),
  at3('planted: refusal', () => { throw new ConfigError('OPTIONS_INVALID', { found: 'a 3' }); }),
  at3('planted: TypeError', () => (undefined as unknown as { a: string }).a),
  at3('planted: text thrown', () => { throw 'text'; }), // eslint-disable-line @typescript-eslint/only-throw-error
  at3('planted: rejection', () => Promise.reject(new RangeError('x'))),
  at3('planted: nobody awaits', () => void Promise.reject(new Error('x'))),
  at3('planted: callback', () => void setImmediate(() => { throw new Error('x'); })),
  at3('planted: unknown code', () => { throw new TrainscopeError('NO_SUCH_CODE' as 'OPTIONS_INVALID', { found: 'a 3' }); }),
  at3('planted: no message', () => { throw new TrainscopeError('OPTIONS_INVALID', { found: ' ' }); }),
  at3('planted: wrong result', () => { throw new Broken('4'); }),
  at3('planted: pollution', () => void Object.defineProperty(Object.prototype, 'polluted', { value: 1, configurable: true })),
  at3('planted: written outside', (folder) => writeFileSync(join(folder, '..', 'new'), 'x')),
  at3('planted: changed outside', (folder) => writeFileSync(join(folder, 'out', 'x'), 'y')),
  at3('planted: removed outside', (folder) => { const file = join(folder, '..', '..', 'x'); if (existsSync(file)) rmSync(file); }),
  at3('planted: written inside', (folder) => writeFileSync(join(folder, 'new'), 'x')),
  at3('planted: hang', () => { for (;;); }),
  at3('planted: never settles', () => new Promise(() => undefined)),
  at3('planted: exit', () => process.exit(0)),
  at3('planted: memory', () => { const all: unknown[] = []; for (;;) all.push(Array.from({ length: 10_000 }, () => ({}))); }),
  at3('planted: buffers', () => { held.push(Buffer.alloc(700 * 2 ** 20, 1)); }),
];

/** Two of them, if all goes as it should. */
const held: Buffer[] = [];
