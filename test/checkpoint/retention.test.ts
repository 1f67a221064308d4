import { describe, expect, test } from 'vitest';
import { expendable, type CheckpointEntry, type CheckpointFacts } from '../../src/checkpoint/index.js';
import { factsOf } from './samples.js';

const entry = (name: string, seq: number, facts: Partial<CheckpointFacts> = {}): CheckpointEntry => ({ name, path: `/${name}`, facts: factsOf(seq, facts) });
const loss = (value: number, name = 'val_loss'): Partial<CheckpointFacts> => ({ metric: { name, value } });

/** a is the oldest; they are given in any order. */
const five = [entry('d', 40, loss(0.4)), entry('a', 10, loss(0.3)), entry('c', 30, loss(0.9)), entry('e', 50, loss(0.8)), entry('b', 20, loss(0.5))];

describe('of five checkpoints, a to e, with losses 0.3, 0.5, 0.9, 0.4, 0.8', () => {
  test.each<[string, Parameters<typeof expendable>[1], readonly string[]]>([
    ['the last two stay', { keepLast: 2, keepBest: 0, mode: 'min' }, ['a', 'b', 'c']],
    ['the last and the two with the lowest loss stay: e, a, d', { keepLast: 1, keepBest: 2, mode: 'min' }, ['b', 'c']],
    ['the best is also the last', { keepLast: 2, keepBest: 1, mode: 'max' }, ['a', 'b']],
    ['the two with the highest value stay: c, e', { keepLast: 0, keepBest: 2, mode: 'max' }, ['a', 'b', 'd']],
    ['none stays', { keepLast: 0, keepBest: 0, mode: 'min' }, ['a', 'b', 'c', 'd', 'e']],
    ['more are kept than there are', { keepLast: 6, keepBest: 6, mode: 'min' }, []],
    ['all are kept', { keepLast: 'all', keepBest: 0, mode: 'min' }, []],
  ])('%s', (_, policy, gone) => {
    expect(expendable(five, policy)).toEqual(gone);
  });
});

test('a lasting one always stays, and takes no place of another', () => {
  const entries = [entry('a', 10, { lasting: true }), entry('b', 20), entry('c', 30, { lasting: true }), entry('d', 40)];
  expect(expendable(entries, { keepLast: 1, keepBest: 0, mode: 'min' })).toEqual(['b']);
});

test('a later attempt is newer, whatever its seq', () => {
  expect(expendable([entry('a', 90), entry('b', 20, { attempt: 2 })], { keepLast: 1, keepBest: 0, mode: 'min' })).toEqual(['a']);
});

test.each(['min', 'max'] as const)('NaN is worse than any infinity, for %s', (mode) => {
  const entries = [entry('a', 10, loss(NaN)), entry('b', 20, loss(Infinity)), entry('c', 30, loss(-Infinity))];
  expect(expendable(entries, { keepLast: 0, keepBest: 2, mode })).toEqual(['a']);
});

test('of equal values the older one stays', () => {
  const entries = [entry('b', 20, loss(0.5)), entry('a', 10, loss(0.5)), entry('c', 30, loss(0.5))];
  expect(expendable(entries, { keepLast: 0, keepBest: 1, mode: 'min' })).toEqual(['b', 'c']);
});

test('one without a value is none of the best, nor is one with a value of another metric than the latest', () => {
  const entries = [entry('a', 10, loss(0.1, 'loss')), entry('b', 20, loss(0.7)), entry('c', 30, loss(0.6)), entry('d', 40)];
  expect(expendable(entries, { keepLast: 0, keepBest: 1, mode: 'min' })).toEqual(['a', 'b', 'd']);
});
