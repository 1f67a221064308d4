import { expect, test } from 'vitest';
import { repeatedKeys } from './json-keys.js';

test('the reader of keys finds one that stands twice, at any depth, and not one that stands in two objects or in a text', () => {
  expect(repeatedKeys('{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}],"d":"{\\"a\\":1,\\"a\\":2}"}')).toEqual([]);
  expect(repeatedKeys('{"time":1,"level":30,"time":2}')).toEqual(['time']);
  expect(repeatedKeys('{"data":{"x":1,"\\u0078":2}}')).toEqual(['data.x']);
});
