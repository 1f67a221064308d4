import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { coreCatalogue, fileSink, memorySink, pinoSink } from '../../src/events/index.js';

describe('sinks refuse what is no option of theirs', () => {
  test.each([
    ['fileSink()', () => fileSink(undefined as never), 'missing, expected an object'],
    ['fileSink({})', () => fileSink({} as never), 'path: missing, expected text'],
    ['an empty path', () => fileSink({ path: '' }), 'path: found "", expected text of at least 1 character'],
    ['a mistyped option', () => fileSink({ path: 'x', maxByte: 1 } as never), 'unknown key "maxByte" (did you mean "maxBytes"?)'],
    ['memorySink(null)', () => memorySink(null as never), 'found nothing (null), expected an object'],
    ['a limit below nothing', () => memorySink({ limit: -1 }), 'limit: found -1'],
    ['pinoSink(null)', () => pinoSink(null as never), 'target: it takes a pino logger, or the options of one'],
    ['options that are null', () => pinoSink({ level: 'silent' }, null as never), 'options: found nothing (null), expected an object'],
  ])('%s', (_, make, says) => {
    expect(make).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID', message: expect.stringContaining(says) as string }));
  });

  test('a memory without limit is one', () => {
    expect(memorySink({ limit: Infinity }).events).toEqual([]);
  });
});

test('an event may have the name of something that every object has', () => {
  const known = coreCatalogue.with({ constructor: z.strictObject({}) });
  expect(known.level('constructor')).toBe('info');
});
