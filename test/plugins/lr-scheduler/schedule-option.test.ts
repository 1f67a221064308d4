import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { lrScheduler } from '../../../plugins/lr-scheduler.js';
import { ConfigError } from '../../../src/errors.js';
import { scheduleKinds } from '../../../src/schedules/index.js';

/** The error for options that a config file might hold: TypeScript would refuse them in code. */
function errorFor(options: unknown): ConfigError {
  try {
    lrScheduler(options as Parameters<typeof lrScheduler>[0]);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('these options were taken');
}

describe('options that are refused', () => {
  test('an option of the plugin has its nearest name beside it', () => {
    expect(errorFor({ shedule: { kind: 'cosine' } }).problems).toContainEqual(expect.objectContaining({ path: ['shedule'], suggestion: 'schedule' }));
  });

  test.each<[string, unknown, readonly (string | number)[], string, string?]>([
    ['a kind', { kind: 'cosin', tMax: 3 }, ['kind'], 'found "cosin", expected one of constant, ', 'cosine'],
    ['the kind that is no plain schedule', { kind: 'reduceOnPlateu' }, ['kind'], 'found "reduceOnPlateu"', 'reduceOnPlateau'],
    ['a kind that is near none', { kind: 'banana' }, ['kind'], `found "banana", expected one of ${[...scheduleKinds, 'reduceOnPlateau'].join(', ')}`],
    ['an option of a kind', { kind: 'step', stepSize: 3, gama: 0.5 }, ['gama'], 'unknown key "gama"', 'gamma'],
    ['an option deep inside', { kind: 'warmup', steps: 2, schedule: { kind: 'cosine', tMax: 3, etamin: 0 } }, ['schedule', 'etamin'], 'unknown key "etamin"', 'etaMin'],
    ['a kind deep inside', { kind: 'warmup', steps: 2, schedule: { kind: 'cosin', tMax: 3 } }, ['schedule', 'kind'], 'found "cosin"', 'cosine'],
    ['an option of a plateau', { kind: 'reduceOnPlateau', patence: 3 }, ['patence'], 'unknown key "patence"', 'patience'],
    ['the option monitor of a plateau', { kind: 'reduceOnPlateau', monitr: 'loss' }, ['monitr'], 'unknown key "monitr"', 'monitor'],
    ['a value', { kind: 'step', stepSize: 0 }, ['stepSize'], 'found 0, expected a whole number of at least 1'],
    ['a value of a plateau', { kind: 'reduceOnPlateau', factor: 2 }, ['factor'], 'found 2, expected a number below 1'],
    ['a monitor that is no name', { kind: 'reduceOnPlateau', monitor: 3 }, ['monitor'], 'found 3, expected text'],
    ['a factor of a chain with a rate', { kind: 'chained', schedule: { kind: 'cosine', tMax: 3 }, factors: [{ kind: 'constant', learningRate: 0.1 }] }, ['factors', 0, 'learningRate'], 'that of a factor must be 1'],
    ['a bottom above a rate that is given', { kind: 'cosine', learningRate: 0.1, tMax: 3, etaMin: 0.5 }, ['etaMin'], 'etaMin 0.5 is above the learningRate 0.1'],
  ])('%s', (_, schedule, path, message, suggestion) => {
    const { problems } = errorFor({ schedule });
    const near = suggestion === undefined ? {} : { suggestion };
    expect(problems).toEqual([{ path: ['schedule', ...path], message: expect.stringContaining(message) as unknown, ...near }]);
  });

  test('TypeScript refuses a misspelt option of a kind as well', () => {
    // @ts-expect-error etamin is no option of cosine
    expect(() => lrScheduler({ schedule: { kind: 'cosine', tMax: 3, etamin: 0 } })).toThrow('(did you mean "etaMin"?)');
  });

  test('all of them at once', () => {
    const { problems } = errorFor({ schedule: { kind: 'step', stepSize: 0, gama: 1 }, per: 'steps', logEvery: 0 });
    expect(problems.map(({ path }) => path.join('.')).sort()).toEqual(['logEvery', 'per', 'schedule.gama', 'schedule.stepSize']);
  });

  test.each([
    [undefined, 'schedule: missing, expected an object whose kind is one of constant, '],
    [{ schedule: 'cosine' }, 'schedule: found "cosine", expected an object'],
    [{ schedule: null }, 'schedule: found nothing (null), expected an object'],
    [{ schedule: [] }, 'schedule: found an array of 0, expected an object'],
    [{ schedule: {} }, 'schedule.kind: missing, expected one of constant, '],
  ])('no schedule: %j', (options, message) => {
    expect(errorFor(options).message).toContain(message);
  });
});

test('defaults are in the options of the record, at every depth', () => {
  expect(lrScheduler({ schedule: { kind: 'warmup', steps: 2, schedule: { kind: 'cosine', tMax: 3 } } }).options).toEqual({
    schedule: { kind: 'warmup', steps: 2, from: 0, mode: 'linear', schedule: { kind: 'cosine', tMax: 3, etaMin: 0 } },
    logEvery: 10,
  });
  expect(lrScheduler({ schedule: { kind: 'reduceOnPlateau' } }).options).toMatchObject({ schedule: { monitor: 'val_loss', patience: 10, factor: 0.1 } });
});

describe('the JSON Schema of what one writes', () => {
  interface Branch {
    readonly $ref?: string;
    readonly properties: Record<string, { readonly const?: string; readonly $ref?: string; readonly items?: unknown; readonly description?: string }>;
    readonly required: readonly string[];
    readonly additionalProperties: boolean;
  }
  const schema = JSON.parse(JSON.stringify(z.toJSONSchema(lrScheduler.options, { io: 'input' }))) as {
    readonly properties: { readonly schedule: { readonly anyOf: readonly [{ readonly $ref: string }, Branch, { readonly not: object }] } };
    readonly required: readonly string[];
    readonly $defs: Record<string, { readonly oneOf: readonly Branch[] }>;
  };
  const whole = { $ref: '#/$defs/LearningRateSchedule' };
  const resolve = (branch: Branch): Branch => (branch.$ref === undefined ? branch : (schema.$defs[branch.$ref.replace('#/$defs/', '')] as unknown as Branch));
  const branches = new Map(schema.$defs['LearningRateSchedule']!.oneOf.map(resolve).map((branch) => [branch.properties['kind']?.const, branch]));

  test('it has a closed branch for each kind, one for the plateau, and nothing for a function', () => {
    expect(schema.required).toEqual(['schedule']);
    expect([...branches.keys()]).toEqual(scheduleKinds);
    for (const branch of branches.values()) expect(branch.additionalProperties).toBe(false);
    const [plain, plateau, code] = schema.properties.schedule.anyOf;
    expect(plain).toEqual(whole);
    expect(plateau).toMatchObject({ properties: { kind: { const: 'reduceOnPlateau' } }, required: ['kind'], additionalProperties: false });
    expect(code.not).toEqual({});
  });

  test('a learning rate is no duty in any of them, and says where it comes from', () => {
    for (const { properties, required } of branches.values()) {
      expect(required).not.toContain('learningRate');
      if (properties['learningRate'] !== undefined) expect(properties['learningRate'].description).toContain("the optimizer's own");
    }
    expect([...branches.get('cosine')!.required].sort()).toEqual(['kind', 'tMax']);
  });

  test('the kinds that hold schedules point back to the whole', () => {
    expect(branches.get('warmup')!.properties['schedule']).toMatchObject(whole);
    expect(branches.get('sequential')!.properties['schedules']!.items).toMatchObject(whole);
    expect(branches.get('chained')!.properties['schedule']).toMatchObject(whole);
    expect(branches.get('chained')!.properties['factors']!.items).toMatchObject(whole);
  });
});
