import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { PluginError, TrainscopeError } from '../../src/errors.js';
import { coreCatalogue, coreEvents, defineEvents, memorySink, real, toEventLine, type Catalogue, type CoreEvents, type EventSchemas } from '../../src/events/index.js';
import { busWith, emitExample, exampleNames, examples } from './examples.js';

const deadUnits = () => defineEvents({ 'dead-units': z.strictObject({ layer: z.string(), share: real.describe('0 to 1') }) });

const codeOf = (schemas: EventSchemas, to: Catalogue<CoreEvents> = coreCatalogue): string => {
  try {
    to.with(schemas, { owner: 'other' });
  } catch (error) {
    if (error instanceof TrainscopeError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
};

/** Fields without a description, of a JSON Schema and all objects in it, whose name does not say their unit or kind. */
const undescribedNumbers = (schema: unknown, path = ''): string[] => {
  if (typeof schema !== 'object' || schema === null) return [];
  const { type, description, properties } = schema as { type?: string; description?: string; properties?: Record<string, object> };
  const own = type === 'integer' && description === undefined && path !== '' ? [path] : [];
  return [...own, ...Object.entries(properties ?? {}).flatMap(([name, child]) => undescribedNumbers(child, `${path}.${name}`))];
};

describe('the core events', () => {
  test.each(exampleNames)('%s has an example that fits, and refuses a field too many and a missing one', (name) => {
    const schema = coreEvents[name];
    expect(schema.safeParse(examples[name]).error).toBeUndefined();
    expect(schema.safeParse({ ...examples[name], surplus: 1 }).success).toBe(false);
    const [first] = Object.keys(examples[name]);
    expect(schema.safeParse({ ...examples[name], [first!]: undefined }).success).toBe(false);
  });

  test('say of every count what it counts', () => {
    expect(Object.entries(coreEvents).flatMap(([name, schema]) => undescribedNumbers(z.toJSONSchema(schema), name))).toEqual([
      // the pair is described as a whole: first and last step
      'finding.where.steps.from',
      'finding.where.steps.to',
    ]);
  });

  test('have a closed list of reasons for the end of a run', () => {
    expect(coreEvents['run-end'].safeParse({ ...examples['run-end'], reason: 'bored' }).success).toBe(false);
  });
});

describe('a catalogue', () => {
  test('grows by the events of a plugin, and the one that it came of stays as it was', () => {
    const larger = coreCatalogue.with(deadUnits(), { owner: 'dead', levels: { 'dead-units': 'warn' } });
    expect(larger.has('dead-units')).toBe(true);
    expect(larger.level('dead-units')).toBe('warn');
    expect(larger.level('step')).toBe('debug');
    expect(larger.names).toHaveLength(exampleNames.length + 1);
    expect(coreCatalogue.has('dead-units')).toBe(false);
    const data = larger.parse('dead-units', { layer: 'dense_1', share: NaN });
    expectTypeOf(data).toEqualTypeOf<{ readonly layer: string; readonly share: number }>();
  });

  test('of plugins that are not known when it is written is one of the core events still', () => {
    const plugins: readonly EventSchemas[] = [deadUnits(), {}];
    let catalogue: Catalogue<CoreEvents> = coreCatalogue;
    for (const events of plugins) catalogue = catalogue.with(events);
    expect(catalogue.names.at(-1)).toBe('dead-units');
  });

  test('takes the same events twice, and refuses a name that stands for something else', () => {
    const larger = coreCatalogue.with(deadUnits());
    expect(codeOf(deadUnits(), larger)).toBe('nothing was thrown');
    expect(codeOf({ 'dead-units': z.strictObject({ layer: z.int() }) }, larger)).toBe('EVENT_DUPLICATE');
    expect(codeOf({ step: z.strictObject({ loss: real }) })).toBe('EVENT_DUPLICATE');
  });

  test.each([
    ['a name in capitals', { DeadUnits: z.strictObject({}) }],
    ['the name of the wildcard', { '*': z.strictObject({}) }],
    ['a transform', { a: z.strictObject({ b: z.string().transform(Number) }) }],
    ['a Date', { a: z.strictObject({ b: z.date() }) }],
    ['data that is a number', { a: z.number() }],
    ['data that is anything', { a: z.unknown() }],
  ])('refuses %s as EVENT_INVALID', (_, schemas) => {
    expect(codeOf(schemas)).toBe('EVENT_INVALID');
  });

  test('names the event, the place and the plugin of data that does not fit', () => {
    const parse = (): unknown => coreCatalogue.parse('step', { ...examples.step, metrics: { accuracy: 'high' } }, 'my-plugin');
    expect(parse).toThrow(PluginError);
    expect(parse).toThrow(/"step" of the plugin "my-plugin".*metrics\.accuracy: expected a number/);
    expect(() => coreCatalogue.parse('epoch-ends' as 'epoch-end', {})).toThrow(/Did you mean "epoch-end"\?/);
  });
});

describe('the JSON Schema of a line', () => {
  const json = coreCatalogue.jsonSchema();
  // zod's own reader of JSON Schema stands in for a validator of another maker.
  const schema = z.fromJSONSchema(json);
  const sink = memorySink();
  const bus = busWith([sink]);
  for (const name of exampleNames) emitExample(bus, name);
  const lines = sink.events.map((event) => JSON.parse(toEventLine(event)) as Record<string, unknown>);

  test('names every event once, each with the schema of its data', () => {
    expect(Object.keys(json['$defs'] as object)).toEqual(exampleNames);
    expect(json['oneOf']).toHaveLength(exampleNames.length);
  });

  test.each(lines.map((line) => [line['event'], line] as const))('takes the line of %s, and refuses it with data of another event', (_, line) => {
    expect(schema.safeParse(line).error).toBeUndefined();
    expect(schema.safeParse({ ...line, level: 30, msg: 'hello' }).success).toBe(true);
    expect(schema.safeParse({ ...line, data: { nothing: 'of the kind' } }).success).toBe(false);
    expect(schema.safeParse({ ...line, seq: '1' }).success).toBe(false);
  });
});
