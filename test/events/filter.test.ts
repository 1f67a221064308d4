import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { compileFilter, type Filter } from '../../src/events/index.js';

/** The steps that a filter lets pass, of occurrences 1 to 30 at steps 1 to 30. */
const passed = (filter: Filter): number[] => {
  const passes = compileFilter(filter);
  return Array.from({ length: 30 }, (_, index) => index + 1).filter((n) => passes({ count: n, step: n, epoch: 1 }));
};

const errorOf = (filter: unknown): ConfigError => {
  try {
    compileFilter(filter as Filter);
  } catch (error) {
    if (error instanceof ConfigError) return error;
  }
  throw new Error('no ConfigError was thrown');
};

describe('a filter', () => {
  test('lets the 10th, 20th and 30th pass with every: 10', () => {
    expect(passed({ every: 10 })).toEqual([10, 20, 30]);
  });

  test('lets the 4th alone pass with once: 4', () => {
    expect(passed({ once: 4 })).toEqual([4]);
  });

  test('excludes both bounds: after 3 and before 7 are the steps 4, 5 and 6', () => {
    expect(passed({ after: 3, before: 7 })).toEqual([4, 5, 6]);
  });

  test('asks for all its conditions: every 5, after 10, and an even number, is 20 and 30', () => {
    expect(passed({ every: 5, after: 10, when: ({ step }) => step % 2 === 0 })).toEqual([20, 30]);
  });

  test('lets all 30 pass when it says nothing', () => {
    expect(passed({})).toHaveLength(30);
  });

  test('with a misspelt key is refused with the right one', () => {
    const error = errorOf({ evry: 10 });
    expect(error.code).toBe('OPTION_UNKNOWN');
    expect(error.problems).toEqual([{ path: ['evry'], message: 'is not known. Did you mean "every"?', suggestion: 'every' }]);
    expect(errorOf({ evry: undefined }).code).toBe('OPTION_UNKNOWN');
    expect(errorOf({ banana: 1 }).problems).toEqual([{ path: ['banana'], message: 'is not known.' }]);
  });

  test('with several wrong values is refused with all of them', () => {
    const error = errorOf({ every: 0, before: -1, after: 1.5, when: true, until: 3 });
    expect(error.code).toBe('OPTIONS_INVALID');
    expect(error.problems.map(({ path }) => path[0])).toEqual(['every', 'before', 'after', 'when', 'until']);
  });

  test.each([{ every: '10' }, { once: NaN }, { once: true }, { every: 2, once: 1 }, { after: 4, before: 5 }, 10, null])('is refused as %j', (filter) => {
    expect(errorOf(filter).code).toBe('OPTIONS_INVALID');
  });
});
