import { createRequire } from 'node:module';

/**
 * tfjs-node 4.22 calls util.isNullOrUndefined, which Node 23 took away: it loads, and throws at the first tensor.
 * Supplies that one function where it is gone, on the CommonJS exports that tfjs-node reads.
 * Returns a note that says so, or undefined when nothing had to be done.
 */
export function supplyNullCheck(util: object = createRequire(import.meta.url)('node:util') as object): string | undefined {
  if ('isNullOrUndefined' in util && typeof util.isNullOrUndefined === 'function') return undefined;
  Object.defineProperty(util, 'isNullOrUndefined', {
    value: (value: unknown): boolean => value === null || value === undefined,
    configurable: true,
    writable: true,
    enumerable: false,
  });
  return 'util.isNullOrUndefined, which tfjs-node 4.22 calls and Node 23 took away, was supplied for this process';
}
