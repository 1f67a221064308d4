import { z } from 'zod';
import { jsonRecord } from './json-value.js';
import { real } from './numbers.js';

const count = z.int().min(0);

/** What can be told of anything that was thrown. */
const thrown = {
  message: z.string(),
  code: z.string().nullable().describe("the error's code, trainscope's or Node's; null when it has none"),
  stack: z.string().optional(),
};

const where = z
  .strictObject({
    layer: z.string().optional(),
    weight: z.string().optional().describe('name of a weight: dense_1/kernel'),
    feature: z.union([z.string(), count]).optional().describe('name of an input feature, or its index'),
    sample: count.optional().describe('index of an example'),
    plugin: z.string().optional(),
    steps: z.strictObject({ from: count, to: count }).optional().describe('first and last step, both included'),
  })
  .describe('the place; a key that does not apply is left out');

/** The events that tell what went wrong: in the training (findings), in plugins, and in the events' own delivery. */
export const troubleEvents = {
  finding: z
    .strictObject({
      rule: z.string().describe('name of the rule that found it'),
      severity: z.enum(['info', 'warning', 'error']),
      where,
      message: z.string().describe('what was found, in a sentence with its numbers'),
      evidence: jsonRecord.describe('the numbers that it rests on'),
      remedy: z.string().describe('what to do about it'),
      docs: z.string().nullable().describe('page of the documentation, relative to its root'),
    })
    .describe('The diagnosis found something wrong with the training.'),

  'plugin-error': z
    .strictObject({
      hook: z.string().describe('the hook that threw'),
      ...thrown,
      policy: z.enum(['isolate', 'disable', 'stop']).describe('isolate: called again next time; disable: not called any more; stop: the run ends'),
    })
    .describe('A plugin threw.'),

  'plugin-slow': z
    .strictObject({
      share: real.describe('of the time of the training, 0 to 1'),
      ms: z.number().min(0).describe('in all its hooks, ms'),
      hooks: z.record(z.string(), z.number().min(0)).describe('hook -> ms in it'),
    })
    .describe('A plugin takes a large share of the time.'),

  'listener-error': z
    .strictObject({
      event: z.string().describe('the event that it was hearing'),
      listener: z.string().nullable().describe('name of the function; null when it has none'),
      ...thrown,
    })
    .describe('A listener threw, and is not called any more.'),

  'sink-error': z
    .strictObject({
      sink: z.string(),
      ...thrown,
      detached: z.boolean().describe('true when nothing more is written to it'),
    })
    .describe('A sink failed.'),

  'sink-loss': z
    .strictObject({
      sink: z.string(),
      lost: count.describe('events that were not written, since the last event of this kind'),
      since: count.describe('they all have a higher seq than this'),
    })
    .describe('A sink could not keep up, and left events out to keep its memory bounded.'),

  error: z
    .strictObject({ name: z.string().describe('class of the error'), ...thrown })
    .describe('The run fails with an error.'),
};
