import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { compileCheckedCopy, refused } from '../../src/events/checked-copy.js';
import { frozenCopy } from '../../src/events/frozen-copy.js';
import { jsonRecord, real } from '../../src/events/index.js';
import { jsonValue } from '../../src/events/json-value.js';

enum Phase {
  Warm,
  Train,
}
class Reals extends Array<number> {}

/** One after the other each kind of schema that events are made of, and some that none of the built-in ones has. */
const schemas: Readonly<Record<string, z.ZodType>> = {
  number: z.number(),
  count: z.int().min(0),
  bounded: z.number().gt(0).lte(1),
  multiple: z.number().multipleOf(3),
  twice: z.number().min(0).min(1),
  text: z.string(),
  short: z.string().max(3),
  datetime: z.iso.datetime(),
  flag: z.boolean(),
  nothing: z.null(),
  kind: z.enum(['a', 'b']),
  literal: z.literal([1, 'x']),
  real,
  described: real.describe('a number'),
  maybe: real.nullable(),
  list: z.array(z.number()),
  reals: z.array(real),
  bounded2: z.array(z.number()).max(2),
  record: z.record(z.string(), real),
  named: z.record(z.enum(['a', 'b']), z.number()),
  object: z.strictObject({ a: z.number(), b: real.optional(), c: z.string().nullable() }),
  nested: z.strictObject({ weights: z.record(z.string(), z.strictObject({ norm: real, clipped: real.optional() })).optional(), rest: z.array(z.strictObject({ a: z.int() })) }),
  loose: z.looseObject({ a: z.number() }),
  stripping: z.object({ a: z.number() }),
  defaulted: z.strictObject({ a: z.number().default(7) }),
  odd: z.strictObject({ constructor: z.number().optional() }),
  union: z.union([z.number(), z.string(), z.null()]),
  objects: z.union([z.object({ a: z.number() }), z.strictObject({ a: z.number(), b: z.number() })]),
  refined: z.array(real).refine((values) => values.length !== 1),
  phase: z.enum(Phase),
  lateDefault: z.strictObject({ a: z.number().default(1).optional(), c: z.null().optional() }),
  partial: z.strictObject({ a: z.number().default(3) }).partial(),
  gaps: z.record(z.string(), z.number().optional()),
  anyRecord: z.record(z.string(), z.unknown()),
  either: z.xor([z.string(), z.literal('a')]),
  anything: z.unknown(),
  json: jsonValue,
  jsonObject: jsonRecord,
};

class Instance {
  a = 1;
}
const inherited = Object.create({ a: 1, c: null }) as object;

const values: readonly unknown[] = [
  0, -0, 1, 0.5, 3, -2, 2 ** 53, NaN, Infinity, -Infinity, 'NaN', 'Infinity', 'a', 'b', 'x', '', 'long text', '2026-01-01T00:00:00Z', true, false, null, undefined,
  [], [1], [1, 2, 3], [NaN], ['NaN', 1], [undefined], ['x'], [[1]], new Array<number>(2), new Float32Array(2),
  Reals.from([1, 2]), { x: undefined }, { x: undefined, y: 1 }, { [Symbol('s')]: 1, a: 2 }, 'Warm',
  {}, { a: 1 }, { a: 1, b: 2 }, { a: 1, b: undefined, c: null }, { a: 1, b: NaN, c: 'x' }, { c: null, a: 1 }, { a: '1', c: null }, { a: 1, c: null, d: 4 }, { a: undefined }, { b: 'NaN' },
  { weights: { 'dense/kernel': { norm: 1 }, 'dense/bias': { norm: NaN, clipped: 2 } }, rest: [{ a: 1 }] }, { weights: { x: { norm: 1, more: 2 } }, rest: [] }, { weights: undefined, rest: [] }, { rest: [{ a: 1.5 }] },
  JSON.parse('{"__proto__": 1}'), JSON.parse('{"a": 1, "__proto__": 2}'), { constructor: 3 }, inherited, new Instance(), new Map(), Object.assign(Object.create(null) as object, { a: 1, c: null }), 7n, Symbol('x'), (): void => undefined,
];

/** What an emitted event held before: the schema's own word, then a copy. */
const slowly = (schema: z.ZodType, value: unknown): unknown => {
  const result = schema.safeParse(value);
  return result.success ? frozenCopy(result.data) : refused;
};

const isFrozen = (value: unknown): boolean => typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));

describe.each(Object.entries(schemas))('the compiled copy of %s', (_, schema) => {
  const copy = compileCheckedCopy(schema);

  test.each(values.map((value, i) => [i, value] as const))('takes nothing that the schema does not take as it is: value %i', (_index, value) => {
    const made = copy(value);
    // What it refuses is asked of the schema afterwards, so that it may refuse more, and never less.
    if (made === refused) return;
    expect(made).toStrictEqual(slowly(schema, value));
    if (typeof value === 'object' && value !== null) expect(made).not.toBe(value);
    expect(isFrozen(made)).toBe(true);
  });
});

test('what a program emits is taken at once: no value is left to the schema', () => {
  const taken = (name: string, value: unknown): void => expect(compileCheckedCopy(schemas[name] ?? z.never())(value)).toStrictEqual(value);
  taken('object', { a: 1, b: NaN, c: null });
  taken('nested', { weights: { 'dense/kernel': { norm: 1 }, bias: { norm: Infinity, clipped: 2 } }, rest: [{ a: 1 }] });
  taken('reals', [1, NaN, -0]);
  taken('count', 3);
  taken('literal', 'x');
  taken('bounded', 1);
});

test('keys come in the order of the schema, as zod has them', () => {
  expect(JSON.stringify(compileCheckedCopy(schemas['object'] ?? z.never())({ c: 'x', b: 2, a: 1 }))).toBe('{"a":1,"b":2,"c":"x"}');
});
