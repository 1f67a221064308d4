import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { ConfigProblem } from '../src/errors.js';
import { listProblems, pathText, problemsOf, problemText, showValue, unknownKeyProblem, valueAt } from '../src/problems.js';

/** The problems as lines of text; of values that the schema refuses. */
function linesFor(schema: z.ZodType, value: unknown): readonly string[] {
  const result = schema.safeParse(value);
  if (result.success) throw new Error('the value was taken');
  return problemsOf(result.error, schema, value).map(problemText);
}

describe('a problem as text', () => {
  test.each<[ConfigProblem, string]>([
    [{ path: [], message: 'missing' }, 'missing'],
    [{ path: ['fit', 'epochs'], message: 'found 0' }, 'fit.epochs: found 0'],
    [{ path: ['plugins', 1, 'every'], message: 'found 0' }, 'plugins[1].every: found 0'],
    [{ path: ['events', 'val-loss'], message: 'found 0' }, 'events.val-loss: found 0'],
    [{ path: ['outputs', 'two words'], message: 'found 0' }, 'outputs["two words"]: found 0'],
    [{ path: ['fit', 'epocs'], message: 'unknown key "epocs"', suggestion: 'epochs' }, 'fit: unknown key "epocs" (did you mean "epochs"?)'],
    [{ path: ['etaMin'], message: 'etaMin 0.2 is above 0.1' }, 'etaMin 0.2 is above 0.1'],
    [{ path: ['seed'], message: 'found 0.5', file: 'run.yaml' }, 'run.yaml seed: found 0.5'],
    [{ path: ['seed'], message: 'found 0.5', file: 'run.yaml', line: 3, column: 7 }, 'run.yaml:3:7 seed: found 0.5'],
  ])('%j', (problem, text) => {
    expect(problemText(problem)).toBe(text);
  });

  test('several are joined by semicolons', () => {
    expect(listProblems([{ path: ['a'], message: 'missing' }, { path: ['b', 0], message: 'found 1' }])).toBe('a: missing; b[0]: found 1');
  });

  test('the path of the root is nothing', () => {
    expect(pathText([])).toBe('');
  });
});

describe('what was found and what was expected', () => {
  test.each<[z.ZodType, unknown, string]>([
    [z.number(), 'x', 'found "x", expected a number'],
    [z.number(), NaN, 'found NaN, expected a finite number'],
    [z.int(), '3', 'found "3", expected a whole number'],
    [z.int(), 0.5, 'found 0.5, expected a whole number'],
    [z.int().min(1), 0, 'found 0, expected a whole number of at least 1'],
    [z.number().positive(), 0, 'found 0, expected a number above 0'],
    [z.number().lt(1), 1, 'found 1, expected a number below 1'],
    [z.number().max(1), 2, 'found 2, expected a number of at most 1'],
    [z.string(), null, 'found nothing (null), expected text'],
    [z.string().min(1), '', 'found "", expected text of at least 1 character'],
    [z.string().regex(/^a/), 'b', 'found "b", expected text of the form /^a/'],
    [z.boolean(), 'yes', 'found "yes", expected true or false'],
    [z.array(z.number()), {}, 'found an object, expected an array'],
    [z.array(z.number()).min(2), [1], 'found an array of 1, expected an array of at least 2'],
    [z.strictObject({}), [], 'found an array of 0, expected an object'],
    [z.record(z.string(), z.number()), undefined, 'missing, expected an object'],
    [z.number().multipleOf(8), 7, 'found 7, expected a multiple of 8'],
    [z.literal(true), false, 'found false, expected true'],
    [z.enum(['min', 'max']), 'banana', 'found "banana", expected one of min, max'],
    [z.enum(['min', 'max']), 'maxx', 'found "maxx", expected one of min, max (did you mean "max"?)'],
  ])('%#', (schema, value, text) => {
    expect(linesFor(schema, value)).toEqual([text]);
  });

  test("a message of the schema's author is left as it is", () => {
    const schema = z.strictObject({ a: z.unknown().refine(() => false, { error: 'expected a number (NaN and infinities included)' }) });
    expect(linesFor(schema, { a: 'x' })).toEqual(['a: expected a number (NaN and infinities included)']);
  });

  test('a long text is cut after 60 characters', () => {
    expect(showValue('x'.repeat(61))).toBe(`"${'x'.repeat(60)}…"`);
  });
});

describe('keys', () => {
  const schema = z.strictObject({ every: z.int().optional(), layers: z.array(z.strictObject({ name: z.string() })).optional(), tags: z.record(z.string(), z.strictObject({ color: z.string() })).optional() });

  test('a mistyped key is one problem, at its path, with the nearest right one: it is not told as missing too', () => {
    const value = { layers: [{ name: 'a' }, { nam: 'b' }] };
    expect(problemsOf(schema.safeParse(value).error ?? { issues: [] }, schema, value)).toEqual([{ path: ['layers', 1, 'nam'], message: 'unknown key "nam"', suggestion: 'name' }]);
  });

  test('all of them are told, in arrays and records as well', () => {
    expect(linesFor(schema, { evry: 1, layers: [{ name: 'a', nmae: 'b' }], tags: { x: { color: 'red', colour: 'red' } } }).toSorted()).toEqual([
      'layers[0]: unknown key "nmae" (did you mean "name"?)',
      'tags.x: unknown key "colour" (did you mean "color"?)',
      'unknown key "evry" (did you mean "every"?)',
    ]);
  });

  test('one that is near none is told with all that are known', () => {
    expect(linesFor(schema, { banana: 1 })).toEqual(['unknown key "banana"; known are every, layers, tags']);
    expect(unknownKeyProblem([], 'x', [])).toEqual({ path: ['x'], message: 'unknown key "x"' });
  });

  test('keys are known through optional, default, preprocess, lazy and intersection', () => {
    const inner = z.strictObject({ every: z.int().optional() });
    for (const wrapped of [inner.optional(), inner.default({}), inner.nullable(), z.preprocess((value) => value, inner), z.lazy(() => inner), inner.readonly(), inner.transform((value) => value)]) {
      expect(linesFor(z.strictObject({ a: wrapped }), { a: { evry: 1 } })).toEqual(['a: unknown key "evry" (did you mean "every"?)']);
    }
  });

  test('what is inherited stands under no key', () => {
    expect(valueAt({}, 'constructor')).toBeUndefined();
    expect(valueAt([7], 0)).toBe(7);
    expect(valueAt('text', 'length')).toBeUndefined();
  });

  test('a schema that cannot be looked into is no obstacle', () => {
    const issues = [{ code: 'unrecognized_keys' as const, keys: ['x'], path: [], message: '', input: {} }];
    expect(problemsOf({ issues }, {} as z.ZodType, { x: 1 })).toEqual([{ path: ['x'], message: 'unknown key "x"' }]);
  });
});

describe('of a union the branch that was meant', () => {
  const clip = z.union([z.strictObject({ value: z.number().positive() }), z.strictObject({ norm: z.number().positive() }), z.strictObject({ globalNorm: z.number().positive() })]);
  const decay = z.union([z.number().min(0), z.strictObject({ rate: z.number().min(0), mode: z.enum(['decoupled', 'l2']).default('l2') })]);
  const shape = z.discriminatedUnion('kind', [z.strictObject({ kind: z.literal('circle'), radius: z.number() }), z.strictObject({ kind: z.literal('square'), side: z.number() })]);
  const either = z.union([shape, z.strictObject({ kind: z.literal('point') }), z.literal('none')]);

  test.each<[z.ZodType, unknown, readonly string[]]>([
    // told by its keys
    [clip, { globlNorm: 1 }, ['unknown key "globlNorm" (did you mean "globalNorm"?)']],
    [clip, { norm: -1 }, ['norm: found -1, expected a number above 0']],
    [clip, { norm: 1, evry: 2 }, ['unknown key "evry"; known are norm']],
    [clip, { value: 1, norm: 2 }, ['value and norm do not go together, expected { value } or { norm } or { globalNorm }']],
    [clip, {}, ['found {}, expected { value } or { norm } or { globalNorm }']],
    [clip, { banana: 1 }, ['found { banana }, expected { value } or { norm } or { globalNorm }']],
    // told by the kind of the value
    [clip, 5, ['found 5, expected { value } or { norm } or { globalNorm }']],
    [decay, -1, ['found -1, expected a number of at least 0']],
    [decay, 'x', ['found "x", expected a number or { rate, mode? }']],
    [decay, { rate: -1 }, ['rate: found -1, expected a number of at least 0']],
    [decay, { rate: 1, mode: 'l1' }, ['mode: found "l1", expected one of decoupled, l2 (did you mean "l2"?)']],
    // told by a key with fixed values
    [shape, { kind: 'circle', radus: 1 }, ['unknown key "radus" (did you mean "radius"?)']],
    [shape, { kind: 'cirlce', radius: 1 }, ['kind: found "cirlce", expected one of circle, square (did you mean "circle"?)']],
    [shape, { radius: 1 }, ['kind: missing, expected one of circle, square']],
    [shape, { knd: 'circle', radius: 1 }, ['unknown key "knd" (did you mean "kind"?)']],
    [either, { kind: 'square', side: '1' }, ['side: found "1", expected a number']],
    [either, { kind: 'squre' }, ['kind: found "squre", expected one of circle, square, point (did you mean "square"?)']],
    [either, 'nonee', ['found "nonee", expected none or an object whose kind is one of circle, square, point (did you mean "none"?)']],
    [z.strictObject({ a: z.array(either) }), { a: [{ kind: 'point' }, { kind: 'circle', radius: true }] }, ['a[1].radius: found true, expected a number']],
  ])('%#', (schema, value, lines) => {
    expect(linesFor(schema, value)).toEqual(lines);
  });

  test('what a check of the whole finds again is told once', () => {
    const schema = z.strictObject({ a: z.number().min(1) }).superRefine((_, context) => {
      context.addIssue({ code: 'custom', path: ['a'], message: 'found 0, expected a number of at least 1' });
    });
    expect(linesFor(schema, { a: 0 })).toEqual(['a: found 0, expected a number of at least 1']);
  });
});
