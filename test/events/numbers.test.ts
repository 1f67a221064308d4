import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { decodeInto, decodeNumbers, encodeNumbers, jsonValue, real } from '../../src/events/index.js';

const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(encodeNumbers(value)));

/** Any JSON with any numbers; -0 is left out, since JSON writes it as 0. */
const withNumbers = (texts: fc.Arbitrary<string>): fc.Arbitrary<unknown> =>
  fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.double().map((number) => (Object.is(number, -0) ? 0 : number)),
      texts,
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('any'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).any;

describe('numbers on the wire', () => {
  test('NaN and the infinities are the strings "NaN", "Infinity" and "-Infinity" in JSON', () => {
    expect(JSON.stringify(encodeNumbers({ loss: NaN, norms: [1, Infinity, -Infinity] }))).toBe('{"loss":"NaN","norms":[1,"Infinity","-Infinity"]}');
  });

  test('what has no such number is handed back as the same object, and an object that has is not changed', () => {
    const finite = { loss: 1, norms: [1, 2], name: 'NaN' };
    expect(encodeNumbers(finite)).toBe(finite);
    const inner = { a: [1, 2] };
    const broken = { loss: NaN, inner };
    const encoded = encodeNumbers(broken) as typeof broken;
    expect(broken.loss).toBeNaN();
    expect(encoded.inner).toBe(inner);
  });

  test('any JSON value with any numbers survives the wire', () => {
    const noName = fc.string().filter((text) => !['NaN', 'Infinity', '-Infinity'].includes(text));
    fc.assert(
      fc.property(withNumbers(noName), (value) => {
        expect(decodeNumbers(overTheWire(value))).toEqual(value);
      }),
    );
  });

  test('a key named "__proto__" stays a key and changes no prototype', () => {
    const value: unknown = JSON.parse('{"__proto__":"NaN","a":1}');
    const decoded = decodeNumbers(value) as object;
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(decoded, '__proto__')?.value).toBeNaN();
  });

  test('a text that reads "NaN" survives where the schema wants text, whatever stands around it', () => {
    const schema = z.strictObject({
      name: z.string(),
      note: z.string().nullable(),
      labels: z.array(z.string()),
      either: z.union([z.string(), z.boolean()]),
      nested: z.union([z.strictObject({ kind: z.literal('a'), text: z.string() }), z.strictObject({ kind: z.literal('b'), value: real })]),
      loss: real,
      norms: z.record(z.string(), real),
    });
    const names = fc.constantFrom('NaN', 'Infinity', '-Infinity', 'x');
    const numbers = fc.constantFrom(NaN, Infinity, -Infinity, 0.5);
    const data = fc.record({
      name: names,
      note: fc.option(names),
      labels: fc.array(names, { maxLength: 3 }),
      either: fc.oneof(names, fc.boolean()),
      nested: fc.oneof(fc.record({ kind: fc.constant('a' as const), text: names }), fc.record({ kind: fc.constant('b' as const), value: numbers })),
      loss: numbers,
      norms: fc.dictionary(fc.constantFrom('a', 'NaN'), numbers, { noNullPrototype: true }),
    }, { noNullPrototype: true });
    fc.assert(
      fc.property(data, (value) => {
        expect(decodeInto(schema, overTheWire(value))).toEqual({ success: true, data: value });
      }),
    );
  });

  test('data that does not fit is refused with its own complaint and not with one about a put back text', () => {
    const result = decodeInto(z.strictObject({ name: z.string(), count: z.int() }), { name: 'NaN', count: 'many' });
    expect(result.error?.issues.map(({ path }) => path)).toEqual([['count']]);
  });

  test('where any JSON goes, the text "NaN" reads as the number: both readings fit', () => {
    expect(decodeInto(z.strictObject({ any: jsonValue }), { any: 'NaN' }).data).toEqual({ any: NaN });
  });
});

describe('the schema of a number', () => {
  test('takes every number and the three names, and nothing else', () => {
    for (const good of [0, -1.5, NaN, Infinity, -Infinity, 'NaN', 'Infinity', '-Infinity']) expect(real.safeParse(good).success).toBe(true);
    for (const bad of ['nan', '1', '', null, undefined, true, {}, [1], 1n]) expect(real.safeParse(bad).success).toBe(false);
  });

  test('is inferred as number', () => {
    expectTypeOf<z.output<typeof real>>().toEqualTypeOf<number>();
    expectTypeOf<z.input<typeof real>>().toEqualTypeOf<number>();
  });

  test('is a number or one of the names in JSON Schema, also when described, optional or null', () => {
    const number = { anyOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }] };
    const schema = z.strictObject({ plain: real, described: real.describe('of this batch'), optional: real.optional(), nullable: real.nullable() });
    expect(z.toJSONSchema(schema)).toMatchObject({
      properties: {
        plain: number,
        described: { ...number, description: 'of this batch' },
        optional: number,
        nullable: { anyOf: [number, { type: 'null' }] },
      },
      required: ['plain', 'described', 'nullable'],
    });
  });
});
