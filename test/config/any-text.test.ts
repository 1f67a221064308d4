import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load-config.js';
import { ConfigError } from '../../src/errors.js';
import { registry } from './small-registry.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();

/** A config, or a ConfigError whose problems all have a place in the text; anything else is a fault. */
async function parseOrTell(text: string, name: string): Promise<void> {
  const file = join(folder, name);
  try {
    const { sinks = [] } = await parseConfig(text, { registry, file });
    await Promise.all(sinks.map(async (sink) => sink.close?.()));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.code).toMatch(/^CONFIG_/);
    expect(error.problems.length).toBeGreaterThan(0);
    const lines = text.split('\n').length;
    for (const { line = 0, column = 0, file: of } of error.problems) {
      expect([line >= 1 && line <= lines, column >= 1, of]).toEqual([true, true, file]);
    }
  }
}

const word = fc.oneof(fc.constantFrom('seed', 'fit', 'epochs', 'plugins', 'counter', 'use', 'options', 'every', 'sinks', 'file', 'pino', 'stdout', 'transport', 'target', 'targets', 'optimizer', 'name', 'adam', 'loss', 'mse', 'metrics', 'clip', 'value', '__proto__', 'constructor', '..', './x', 'node:fs'), fc.string({ maxLength: 4 }));
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, word, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(word, tie('value'), { maxKeys: 4 })),
}));
/** Values under the keys that a config has. */
const nearConfig = fc.record(
  Object.fromEntries(['seed', 'fit', 'clip', 'weightDecay', 'optimizer', 'loss', 'metrics', 'lossWeights', 'plugins', 'sinks', 'backend', 'progress'].map((key) => [key, key === 'plugins' || key === 'sinks' || key === 'metrics' ? fc.oneof(fc.array(anyValue, { maxLength: 3 }), anyValue) : anyValue])),
  { requiredKeys: [] },
);
/** Signs that mean something in YAML, beside words. */
const yamlText = fc.array(fc.oneof(word, fc.constantFrom(': ', '\n', '\n  ', '\n- ', '- ', '[', ']', '{', '}', ', ', '"', "'", '&a ', '*a', '!!js/function ', '! ', '|', '>', '#', '? ', '%YAML 1.1\n', '---\n', '...\n', '\t', '<<: ', '~', '.nan', '\u0000', '\ud800')), { maxLength: 30 }).map((parts) => parts.join(''));

describe('whatever stands in the file, it is loaded or refused with a ConfigError', () => {
  test('any JSON', async () => {
    await fc.assert(fc.asyncProperty(anyValue, (value) => parseOrTell(JSON.stringify(value), 'run.json')), { numRuns: 300 });
  });

  test('any values under the keys of a config', async () => {
    await fc.assert(fc.asyncProperty(nearConfig, (value) => parseOrTell(JSON.stringify(value, undefined, 1), 'run.yaml')), { numRuns: 1000 });
  });

  test('any text, as YAML and as JSON', async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(yamlText, fc.string({ unit: 'binary' })), async (text) => {
      await parseOrTell(text, 'run.yaml');
      await parseOrTell(text, 'run.json');
    }), { numRuns: 1000 });
  });
});
