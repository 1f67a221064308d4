import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { TrainscopeError } from '../../src/errors.js';
import { coreCatalogue, defineEvents, memorySink, parseEventLine, readEventLine, real, toEventLine, type CoreEvent } from '../../src/events/index.js';
import { busWith, emitExample, emitStep, exampleNames, newYear } from './examples.js';

const lineOf = (changes: Record<string, unknown>): string =>
  JSON.stringify({ v: 1, runId: 'r', seq: 1, time: newYear, event: 'epoch-start', plugin: null, epoch: 1, step: 0, level: 'info', data: { epochs: 5, learningRate: 0.1 }, ...changes });

const codeOf = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (error instanceof TrainscopeError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
};

describe('an event as a line', () => {
  test.each(exampleNames)('of %s reads back equal to the event that was emitted', (name) => {
    const sink = memorySink();
    emitExample(busWith([sink]), name, { epoch: 2, step: 7, plugin: 'some-plugin' });
    const [event] = sink.events;
    expect(parseEventLine(toEventLine(event!))).toEqual(event);
  });

  test('is one line of JSON with the keys of the envelope in their order', () => {
    const sink = memorySink();
    emitStep(busWith([sink]), 3);
    expect(toEventLine(sink.events[0]!)).toBe(
      '{"v":1,"runId":"run-1","seq":1,"time":1704067200000,"event":"step","plugin":null,"epoch":1,"step":3,"level":"debug",' +
        '"data":{"loss":3,"metrics":{"accuracy":0.5,"perplexity":"Infinity"},"learningRate":0.001,"batchSize":32,"samples":96,"updated":true}}',
    );
  });

  test("of pino's making, with a number for the level, ISO time and keys beside the envelope's, reads as the same event", () => {
    const expected = parseEventLine(lineOf({}));
    expect(parseEventLine(lineOf({ level: 30, time: '2024-01-01T00:00:00.000Z', pid: 1, hostname: 'here', msg: 'epoch 1/5' }))).toEqual(expected);
  });

  test('keeps a text that reads NaN where the event has text', () => {
    const line = lineOf({ event: 'error', data: { name: 'Infinity', message: 'NaN', code: null } });
    expect(parseEventLine(line).data).toEqual({ name: 'Infinity', message: 'NaN', code: null });
  });

  test.each([
    ['a torn line', lineOf({}).slice(0, 60)],
    ['no object', '[1]'],
    ['a line of another logger', '{"level":30,"time":1,"msg":"hello"}'],
    ['a version that is not known', lineOf({ v: 2 })],
    ['seq 0', lineOf({ seq: 0 })],
    ['half an epoch', lineOf({ epoch: 0.5 })],
    ['a level of no name', lineOf({ level: 35 })],
    ['data that is a list', lineOf({ data: [] })],
    ['data with a field too many', lineOf({ data: { epochs: 5, learningRate: 0.1, learnRate: 0.1 } })],
    ['data with text for a number', lineOf({ data: { epochs: 5, learningRate: 'high' } })],
  ])('is refused as EVENT_INVALID when it is %s', (_, line) => {
    expect(codeOf(() => parseEventLine(line))).toBe('EVENT_INVALID');
  });

  test("of a plugin needs the plugin's catalogue to be typed, and can be read without", () => {
    const line = lineOf({ event: 'dead-units', plugin: 'dead', data: { share: 'NaN' } });
    expect(codeOf(() => parseEventLine(line))).toBe('EVENT_UNKNOWN');
    expect(readEventLine(line)).toMatchObject({ known: false, event: { event: 'dead-units', plugin: 'dead', data: { share: NaN } } });
    const catalogue = coreCatalogue.with(defineEvents({ 'dead-units': z.strictObject({ share: real }) }));
    const event = parseEventLine(line, catalogue);
    expect(event.data).toEqual({ share: NaN });
  });

  test('is typed by its name', () => {
    const event = parseEventLine(lineOf({}));
    expectTypeOf(event).toEqualTypeOf<CoreEvent>();
    if (event.event === 'step') expectTypeOf(event.data.loss).toEqualTypeOf<number>();
    expect(Object.isFrozen(event)).toBe(true);
  });
});
