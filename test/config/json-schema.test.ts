import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { schemaFiles, schemaFolder } from '../../scripts/write-schemas.js';
import { configJsonSchema } from '../../src/config/json-schema.js';
import { parseConfig } from '../../src/config/load-config.js';
import { coreCatalogue } from '../../src/events/index.js';
import { registry } from './small-registry.js';
import { temporaryFolder } from './temporary-folder.js';

// strictTypes off: zod writes a union's type in its branches.
const compile = (schema: object): ValidateFunction => new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, validateFormats: false }).compile(schema);

const folder = temporaryFolder();

describe('the schema of a config', () => {
  const accepts = compile(configJsonSchema(registry));

  test.each([
    '{}',
    '$schema: x\nseed: 1\nbackend: wasm\nclip: { norm: 1 }\nweightDecay: { rate: 0.1 }\nlogEvery: 3\nprogress: auto\naccumulateSteps: 2\n',
    'optimizer: adam\nloss: meanSquaredError\nmetrics: [accuracy, { name: f1Score, classId: 1 }]\nlossWeights: [1, 2]\n',
    'optimizer: { name: adamw, learningRate: 0.01, weightDecay: 0.1 }\nloss: { digit: { name: huber, delta: 2 }, size: mae }\nmetrics: { digit: accuracy, size: [mae, r2] }\n',
    'fit: { epochs: 2, batchSize: 8, validationEvery: { steps: 3 }, classWeights: { 0: 1 } }\n',
    'plugins:\n  - printer\n  - counter:\n  - use: counter\n    options: { every: 2, rate: { relative: 1 } }\n    name: b\n    enforce: post\n    onError: stop\n  - seed: { seed: 1 }\n',
    'sinks:\n  - file: a.ndjson\n  - pino: { level: debug, base: null, transport: { targets: [{ target: pino/file, options: { destination: b } }] } }\n  - stdout: true\n',
  ])('takes what is loaded: %j', async (text) => {
    const { sinks = [] } = await parseConfig(text, { registry, outDir: folder });
    await Promise.all(sinks.map(async (sink) => sink.close?.()));
    expect([accepts(parse(text)), accepts.errors]).toEqual([true, null]);
  });

  test.each([
    'sed: 1',
    'seed: 0.5',
    'clip: { value: 1, norm: 2 }',
    'optimizer: adm',
    'optimizer: { name: sgd, beta1: 0.9 }',
    'loss: meanSquareError',
    'metrics: [recal]',
    'fit: { epochs: 0 }',
    'plugins: [contr]',
    'plugins: [seed]',
    'plugins: [{ counter: { evry: 1 } }]',
    'plugins: [{ counter: {}, every: 1 }]',
    'plugins: [{ use: counter, options: { evry: 1 } }]',
    'plugins: [{ use: counter, optoins: {} }]',
    'sinks: [{ fil: a }]',
    'sinks: [{ pino: { transport: { target: a, worker: {} } } }]',
  ])('refuses what is not: %s', async (text) => {
    await expect(parseConfig(text, { registry })).rejects.toThrow();
    expect(accepts(parse(text))).toBe(false);
  });

  test('takes a plugin from a package with any options, since it cannot know them', () => {
    expect(accepts({ plugins: [{ use: 'some-plugin', export: 'x', options: { any: [1] } }] })).toBe(true);
  });

  test("has each plugin's options under its name, with their descriptions and defaults", () => {
    const { properties } = configJsonSchema(registry) as { properties: { plugins: { items: { anyOf: { description?: string; properties?: Record<string, { anyOf?: unknown[] }> }[] } } } };
    const form = properties.plugins.items.anyOf.find((each) => each.properties?.['counter'] !== undefined);
    expect(form?.description).toBe('Counts.');
    expect(form?.properties?.['counter']?.anyOf?.[0]).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: { every: { type: 'integer', minimum: 1, default: 1, description: 'Steps between two counts.' } },
    });
  });
});

describe('the files in schema/', () => {
  test.each(Object.entries(schemaFiles()))('%s is what npm run schemas writes now', (name, text) => {
    expect(readFileSync(join(schemaFolder, name), 'utf8')).toBe(text);
  });

  test('config.schema.json takes the config of the example', () => {
    const accepts = compile(JSON.parse(schemaFiles()['config.schema.json'] ?? '') as object);
    const example = parse(readFileSync(new URL('../../examples/config/run.yaml', import.meta.url), 'utf8')) as unknown;
    expect([accepts(example), accepts.errors]).toEqual([true, null]);
    expect(accepts({ plugins: [{ lrScheduler: { schedule: { kind: 'cosin', tMax: 3 } } }] })).toBe(false);
  });

  test('events.schema.json takes a line of the core and of a plugin, and no other data', () => {
    const accepts = compile(JSON.parse(schemaFiles()['events.schema.json'] ?? '') as object);
    const line = { v: 1, runId: 'r', seq: 1, time: 0, event: 'sink-loss', plugin: null, epoch: 0, step: 0, level: 'warn', data: { sink: 'x', lost: 3, since: 3 } };
    expect(coreCatalogue.parse('sink-loss', line.data)).toEqual(line.data);
    expect([accepts(line), accepts.errors]).toEqual([true, null]);
    expect(accepts({ ...line, data: { sink: 'x' } })).toBe(false);
    expect(accepts({ ...line, event: 'sink-los' })).toBe(false);
    expect(accepts({ ...line, event: 'seed-verification', plugin: 'seed', data: { steps: 3, identical: true, firstDifference: null } })).toBe(true);
  });
});
