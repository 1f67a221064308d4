import { expect, test } from 'vitest';
import { renamed } from '../../../plugins/shared/renamed.js';

const before = ['dense_Dense1/kernel', 'dense_Dense1', 'out'];
const now = ['dense_Dense3/kernel', 'dense_Dense3', 'out'];

test('keys, values and words of texts get the names of now, at any depth; all else stays', () => {
  const value = { norms: { 'dense_Dense1/kernel': [1, 2], out: [3] }, told: ['dense_Dense1'], 'dead-units dense_Dense1': null, message: 'the layer dense_Dense1 is dead', count: 2 };
  expect(renamed(value, before, now)).toEqual({ norms: { 'dense_Dense3/kernel': [1, 2], out: [3] }, told: ['dense_Dense3'], 'dead-units dense_Dense3': null, message: 'the layer dense_Dense3 is dead', count: 2 });
});

test('two names that change places are not taken for one', () => {
  expect(renamed({ a: 1, b: 2 }, ['a', 'b'], ['b', 'a'])).toEqual({ b: 1, a: 2 });
});

test('beside a comma, a colon and a full stop, and not as a part of a longer name', () => {
  const text = 'dense_Dense1, dense_Dense1/kernel: dense_Dense12 and my_dense_Dense1 follow dense_Dense1.';
  expect(renamed(text, before, now)).toBe('dense_Dense3, dense_Dense3/kernel: dense_Dense12 and my_dense_Dense1 follow dense_Dense3.');
});

test('a name with signs that patterns have a meaning for is taken as it is', () => {
  expect(renamed('see a+b(1) here', ['a+b(1)'], ['c'])).toBe('see c here');
});

test('the name 12 is changed where it stands alone, and not as a number in a text', () => {
  expect(renamed({ 12: 'after 12 steps', where: '12' }, ['12'], ['57'])).toEqual({ 57: 'after 12 steps', where: '57' });
});

test('the value itself comes back under the same names, and for a model with more of them', () => {
  const value = { 'dense_Dense1/kernel': 1 };
  expect(renamed(value, before, before)).toBe(value);
  expect(renamed(value, before, [...now, 'more'])).toBe(value);
});
