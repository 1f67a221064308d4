import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { real } from '../../src/events/index.js';
import { fieldsOf, jsonSchemaOf, typeText } from '../../scripts/docs/schema-text.js';
import { optionTable } from '../../scripts/docs/tables.js';

const typeOf = (schema: z.ZodType): string => typeText(jsonSchemaOf(schema));

describe('the type of a value in words', () => {
  it.each([
    [z.int(), 'integer'],
    [z.int().min(1), 'integer ≥ 1'],
    [z.number().gt(0).lt(1), 'number > 0, < 1'],
    [z.number().min(0).max(1), 'number ≥ 0, ≤ 1'],
    [real, 'real'],
    [real.nullable(), 'real or null'],
    [z.union([z.number(), z.strictObject({ rate: z.number() })]), 'number or `{ rate }`'],
    [z.enum(['min', 'max']), "`'min'`, `'max'`"],
    [z.literal(1), '`1`'],
    [z.array(z.int().nullable()), 'list of (integer or null)'],
    [z.record(z.string(), real), 'record of real'],
    [z.union([z.boolean(), z.literal('auto')]), "boolean or `'auto'`"],
  ])('%#: %s', (schema, text) => {
    expect(typeOf(schema)).toBe(text);
  });
});

describe('the fields of an object', () => {
  it('have those of described objects below them, by their paths', () => {
    const schema = z.strictObject({
      where: z.strictObject({ layer: z.string().optional().describe('its name') }),
      weights: z.record(z.string(), z.strictObject({ norm: real.describe('L2') })).optional(),
      parts: z.array(z.strictObject({ name: z.string().describe('of the part') })),
      pair: z.strictObject({ from: z.int(), to: z.int() }),
    });
    expect(fieldsOf(jsonSchemaOf(schema)).map(({ name, required }) => [name, required])).toEqual([
      ['where', true],
      ['where.layer', false],
      ['weights', false],
      ['weights.*.norm', true],
      ['parts', true],
      ['parts[].name', true],
      // Its type says all there is to say: `{ from, to }`.
      ['pair', true],
    ]);
  });
});

describe('a table of options', () => {
  it('has the default, and escapes what would end a cell or begin a tag', () => {
    const schema = z.strictObject({ ratio: z.number().default(1 / 3).describe('a | b\n<c>'), mode: z.string(), rest: z.string().optional().describe('') });
    expect(optionTable(schema)).toBe(
      [
        '| option | takes | default | what it does |',
        '| --- | --- | --- | --- |',
        '| `ratio` | number | `1/3` | a \\| b &lt;c> |',
        '| `mode` | string | required |  |',
        '| `rest` | string | — |  |',
      ].join('\n'),
    );
  });
});
