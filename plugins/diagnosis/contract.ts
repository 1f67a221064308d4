import { z } from 'zod';
import { real } from 'trainscope/plugin';
import { emptyWatch, ruleNames, trainingStatistics, watchSchema, type Finding } from 'trainscope/diagnosis';

export const options = z.strictObject({
  every: z.int().min(1).default(10).describe('Steps from one measurement to the next; steps 1, 2 and 5 are measured as well. 10: statistics of every layer cost a part of a step, and a tenth of that is little.'),
  rules: z.strictObject({ skip: z.array(z.enum(ruleNames)).default([]).describe('Rules that are not asked.') }).prefault({}),
  autoFix: z
    .enum(['off', 'suggest', 'apply'])
    .default('suggest')
    .describe("What is done about a cause that has a safe repair: 'suggest' emits the event repair, 'apply' does it, and undoes it when it has not helped. Repairs are a lower learning rate from an earlier copy of the weights, and clipping by global norm."),
  probation: z.int().min(1).default(10).describe('Measurements after which a repair is judged: it is kept when the loss is lower than before it.'),
  irreducible: z.number().min(0).default(0).describe('Loss that no model can go below, for the parts of the error.'),
  test: z.number().optional().describe('Loss on test data, where it is known, for the parts of the error.'),
});
export type Options = z.output<typeof options>;

const fixes = ['lower-learning-rate', 'clip-gradients'] as const;

export const events = {
  'training-statistics': trainingStatistics,
  repair: z
    .strictObject({
      fix: z.enum(fixes),
      rule: z.string().describe('the finding that it is for'),
      before: real.nullable().describe('learning rate, or clipping norm; null without clipping'),
      after: real.nullable(),
      step: z.int().min(0),
      restoredFrom: z.int().min(0).nullable().describe('step of the weights that were put back; null when none were'),
      lossBefore: real.nullable(),
      lossAfter: real.nullable().describe('after the probation; null before'),
      status: z.enum(['suggested', 'applied', 'kept', 'undone']),
    })
    .describe('A repair is suggested, made, or judged.'),
  diagnosis: z
    .strictObject({
      findings: z
        .array(z.strictObject({ rule: z.string(), severity: z.enum(['error', 'warning', 'info']), message: z.string(), remedy: z.string(), where: z.record(z.string(), z.unknown()), symptoms: z.array(z.string()).describe('rules of what it brought about') }))
        .describe('one for each cause, the gravest first'),
      steps: z.int().min(0),
    })
    .describe('What was found in the whole run, root causes first.'),
  'error-decomposition': z
    .strictObject({
      total: real,
      irreducible: real,
      bias: real.describe('training - irreducible'),
      variance: real.nullable().describe('validation - training'),
      selection: real.nullable().describe('test - validation'),
      next: z.enum(['bias', 'variance', 'selection']).nullable().describe('the part to work on'),
      advice: z.string(),
    })
    .describe('The parts of the loss of the last epoch.'),
};

const repair = z.strictObject({
  fix: z.enum(fixes),
  rule: z.string(),
  before: z.number().nullable(),
  after: z.number(),
  step: z.int(),
  /** Whether the weights are to be those that the fit began with: later copies may be spoilt. */
  fromStart: z.boolean(),
  restoredFrom: z.int().nullable(),
  lossBefore: z.number().nullable(),
  losses: z.array(z.number()),
  measurements: z.int(),
});
export type Repair = z.output<typeof repair>;

export const state = z.strictObject({
  watch: watchSchema.prefault(() => emptyWatch()),
  /** Of all weights and layers, in the model's order: what is remembered goes by name. */
  names: z.array(z.string()).default([]),
  /** Epochs before this fit began. */
  epochsBefore: z.int().min(0).default(0),
  found: z.array(z.custom<Finding>((value) => typeof value === 'object' && value !== null)).default([]),
  repair: z
    .strictObject({
      /** The one on probation. */
      active: repair.nullable().default(null),
      done: z.int().default(0),
      /** Global norm at which gradients are clipped by now. */
      clip: z.number().nullable().default(null),
      /** Steps of the copies of the weights: of the start of the fit, and of the newest two, older first. */
      start: z.int().default(0),
      copies: z.array(z.int()).default([]),
      /** How many copies were made in this fit: they are kept under two keys in turn. */
      saved: z.int().min(0).default(0),
    })
    .prefault({}),
});
export type State = z.output<typeof state>;
