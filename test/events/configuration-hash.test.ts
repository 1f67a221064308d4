import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, hashConfiguration, type JsonRecord, type JsonValue } from '../../src/events/index.js';

/** The same value with the keys of every object the other way round. */
const reversed = (value: JsonValue): JsonValue => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(reversed);
  return Object.fromEntries(Object.entries(value).reverse().map(([key, child]) => [key, reversed(child)]));
};

test('the hash of a configuration is the sha256 of its JSON with sorted keys', () => {
  const text = '{"epochs":5,"optimizer":{"clip":"Infinity","name":"adam"}}';
  expect(canonicalJson({ optimizer: { name: 'adam', clip: Infinity }, epochs: 5 })).toBe(text);
  expect(hashConfiguration({ optimizer: { name: 'adam', clip: Infinity }, epochs: 5 })).toBe(createHash('sha256').update(text).digest('hex'));
});

test('the order of keys does not change the hash, at any depth', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (configuration) => {
      const record = configuration as JsonRecord;
      expect(hashConfiguration(reversed(record) as JsonRecord)).toBe(hashConfiguration(record));
    }),
  );
});

test('another value, another place in a list or a missing key change the hash', () => {
  const hashes = [{ a: 1 }, { a: 2 }, { a: '1' }, { a: [1, 2] }, { a: [2, 1] }, { a: 1, b: null }, {}].map((each) => hashConfiguration(each));
  expect(new Set(hashes).size).toBe(7);
});
