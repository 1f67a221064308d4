import { z } from 'zod';
import { ConfigError } from '../../src/errors.js';
import { definePlugin } from '../../src/plugin/index.js';

/** Options at two depths, in an array and in a union. */
export const counter = definePlugin({
  name: 'counter',
  summary: 'Counts.',
  role: 'observe',
  options: z.strictObject({
    every: z.int().min(1).default(1).describe('Steps between two counts.'),
    where: z.strictObject({ layer: z.string(), from: z.number().optional() }).optional(),
    tags: z.array(z.strictObject({ name: z.string() })).optional(),
    rate: z.union([z.number().positive(), z.strictObject({ relative: z.number() })]).optional(),
  }),
  hooks: () => ({}),
});

export const printer = definePlugin({ name: 'printer', summary: 'Prints.', role: 'steer', hooks: () => ({}) });

/** Of the built-in plugin's name and kind. */
export const seed = definePlugin({
  name: 'seed',
  summary: 'Seeds.',
  role: 'steer',
  options: z.strictObject({ seed: z.int(), verify: z.boolean().default(false) }),
  hooks: () => ({}),
});

export const registry = { counter, printer, seed };

/** The ConfigError that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<ConfigError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
