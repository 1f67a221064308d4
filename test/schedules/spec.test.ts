import { expect, test } from 'vitest';
import { z } from 'zod';
import { scheduleKinds, scheduleSpec, type ScheduleSpec } from '../../src/schedules/index.js';

const all = [
  'constant',
  'constantFactor',
  'step',
  'multiStep',
  'exponential',
  'polynomial',
  'linear',
  'cosine',
  'cosineWithWarmRestarts',
  'oneCycle',
  'cyclic',
  'inverseSquareRoot',
  'warmup',
  'sequential',
  'chained',
];

interface Branch {
  properties: Record<string, Record<string, unknown>>;
  required: string[];
  additionalProperties: boolean;
}
/** The JSON Schema's branches by their kind. */
function branches(io: 'input' | 'output'): Map<unknown, Branch> {
  const json = JSON.parse(JSON.stringify(z.toJSONSchema(z.strictObject({ schedule: scheduleSpec }), { io }))) as {
    properties: { schedule: { $ref: string } };
    $defs: Record<string, { oneOf: (Branch & { $ref?: string })[] }>;
  };
  expect(json.properties.schedule.$ref).toBe('#/$defs/Schedule');
  // A branch that holds schedules is put aside under a name of its own.
  const resolve = (branch: Branch & { $ref?: string }): Branch =>
    branch.$ref === undefined ? branch : (json.$defs[branch.$ref.replace('#/$defs/', '')] as unknown as Branch);
  return new Map(json.$defs.Schedule!.oneOf.map(resolve).map((branch) => [branch.properties.kind!.const, branch]));
}

test('there are fifteen kinds', () => {
  expect(scheduleKinds).toEqual(all);
});

test('the JSON Schema has a closed branch for each kind', () => {
  const found = branches('input');
  expect([...found.keys()]).toEqual(all);
  for (const branch of found.values()) expect(branch.additionalProperties).toBe(false);
});

test('in the JSON Schema of what one writes a default is no duty; each option says what it is', () => {
  const cosine = branches('input').get('cosine')!;
  expect(cosine.required.sort()).toEqual(['kind', 'learningRate', 'tMax']);
  const description = 'The learning rate at 0, the top of the cosine.';
  expect(cosine.properties.learningRate).toMatchObject({ type: 'number', exclusiveMinimum: 0, description });
  expect(cosine.properties.etaMin).toMatchObject({ type: 'number', minimum: 0, default: 0 });
  expect(branches('output').get('cosine')!.required).toContain('etaMin');
  for (const [kind, { properties }] of branches('input'))
    for (const [name, property] of Object.entries(properties))
      if (name !== 'kind' && property.$ref === undefined) expect(property.description, `${String(kind)}.${name}`).toEqual(expect.any(String));
});

test('the JSON Schema of the kinds that hold schedules points back to the whole', () => {
  const found = branches('input');
  const whole = { $ref: '#/$defs/Schedule' };
  expect(found.get('warmup')!.properties.schedule).toMatchObject(whole);
  expect(found.get('sequential')!.properties.schedules!.items).toMatchObject(whole);
  expect(found.get('chained')!.properties.factors!.items).toMatchObject(whole);
});

test('the defaults are filled in at every depth', () => {
  const given: ScheduleSpec = {
    kind: 'warmup',
    steps: 10,
    schedule: { kind: 'sequential', milestones: [], schedules: [{ kind: 'step', learningRate: 1, stepSize: 3 }] },
  };
  expect(scheduleSpec.parse(given)).toEqual({
    kind: 'warmup',
    steps: 10,
    from: 0,
    mode: 'linear',
    schedule: { kind: 'sequential', milestones: [], schedules: [{ kind: 'step', learningRate: 1, stepSize: 3, gamma: 0.1 }] },
  });
});

test('the type refuses what the schema refuses', () => {
  // @ts-expect-error tMax is missing
  const missing: ScheduleSpec = { kind: 'cosine', learningRate: 0.1 };
  // @ts-expect-error there is no such kind
  const unknown: ScheduleSpec = { kind: 'cosin', learningRate: 0.1, tMax: 10 };
  // @ts-expect-error a lambda needs a function, and JSON has none
  const lambda: ScheduleSpec = { kind: 'lambda', learningRate: 0.1, factor: () => 1 };
  for (const spec of [missing, unknown, lambda]) expect(scheduleSpec.safeParse(spec).success).toBe(false);
});
