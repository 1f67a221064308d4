import { describe, expectTypeOf, it } from 'vitest';
import type { DataSource } from '../../src/data/index.js';
import { defineLoader, loadInWorkers, type LoaderOptionsOf, type RandomStream, type WorkerLoader } from '../../src/loader/index.js';

// The types are what is tested: `npx tsc` fails where an assertion or an expected error does not hold.

const digits = defineLoader(({ folder }: { readonly folder: string }) => ({ count: folder.length, sample: (index) => ({ inputs: [index], labels: 0 }) }));
const plain = defineLoader(() => ({ count: 3, batch: (indices) => ({ inputs: Float32Array.from(indices), labels: indices }) }));
// Never called: what counts is whether it compiles.
const calls = (): unknown[] => [
  loadInWorkers<typeof digits>({ module: 'digits.js', options: { folder: 'digits' }, workers: 2 }),
  // @ts-expect-error the module takes options
  loadInWorkers<typeof digits>({ module: 'digits.js' }),
  // @ts-expect-error its options have a folder that is a string
  loadInWorkers<typeof digits>({ module: 'digits.js', options: { folder: 3 } }),
  // @ts-expect-error there is no such option
  loadInWorkers<typeof plain>({ module: 'plain.js', num_workers: 2 }),
  loadInWorkers<typeof plain>({ module: 'plain.js', order: (epoch, { count, random }) => (epoch === 0 ? [0, count - 1] : random.permutation(count)) }),
  loadInWorkers({ module: 'unknown.js', options: [1, 2] }),
];

describe('the types of a loader', () => {
  it('carry the options from the module to the training', () => {
    expectTypeOf<LoaderOptionsOf<typeof digits>>().toEqualTypeOf<{ readonly folder: string }>();
    expectTypeOf(calls).returns.toEqualTypeOf<unknown[]>();
    expectTypeOf(digits).parameter(0).toEqualTypeOf<{ readonly folder: string }>();
    expectTypeOf(plain).parameter(0).toEqualTypeOf<unknown>();
  });

  it('hold the module to one way of giving samples, with their forms', () => {
    // @ts-expect-error there are both ways
    defineLoader(() => ({ count: 1, sample: () => ({ inputs: 1 }), batch: () => ({ inputs: [[1]] }) }));
    // @ts-expect-error there is neither way
    defineLoader(() => ({ count: 1 }));
    // @ts-expect-error a sample has inputs
    defineLoader(() => ({ count: 1, sample: () => ({ labels: 1 }) }));
    defineLoader(() => ({
      count: 1,
      sample: async (index, { random, epoch, batch }) => {
        expectTypeOf(index).toEqualTypeOf<number>();
        expectTypeOf(random).toEqualTypeOf<RandomStream>();
        expectTypeOf([epoch, batch]).toEqualTypeOf<number[]>();
        return Promise.resolve({ inputs: { left: 1, right: { values: [1, 2], shape: [2, 1] } }, labels: [Float32Array.of(1), Float32Array.of(2)] });
      },
    }));
  });

  it('make it data for a trainer', () => {
    expectTypeOf<WorkerLoader>().toExtend<DataSource>();
  });
});
