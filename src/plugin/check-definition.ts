import { z } from 'zod';
import { ConfigError, PluginError } from '../errors.js';
import { listProblems, problemsOf } from '../problems.js';

const enforce = z.enum(['pre', 'post']).optional();
const onError = z.enum(['isolate', 'disable', 'stop']).optional();

const attachSchema = z.strictObject({ name: z.string().optional(), enforce, onError });

/** @throws ConfigError OPTIONS_INVALID with every problem, a mistyped key's nearest among them. */
export function checkAttachOptions(plugin: string, attach: unknown): void {
  const result = attachSchema.safeParse(attach);
  if (result.success) return;
  const problems = problemsOf(result.error, attachSchema, attach);
  throw new ConfigError('OPTIONS_INVALID', { found: `what the plugin "${plugin}" is attached with is not valid: ${listProblems(problems)}`, expected: 'it takes name, enforce and onError', problems });
}

const isSchema = (value: unknown): boolean => typeof value === 'object' && value !== null && 'safeParse' in value && typeof value.safeParse === 'function';
const schema = z.custom(isSchema, 'it takes a zod schema');
const aFunction = z.custom((value) => typeof value === 'function', 'it takes a function of the options');

const definitionSchema = z.strictObject({
  name: z.string(),
  summary: z.string(),
  role: z.enum(['observe', 'steer']),
  options: schema.optional(),
  events: z.record(z.string(), schema).optional(),
  state: schema.optional(),
  codeOnly: z.array(z.string()).optional(),
  paths: z.array(z.string()).optional(),
  enforce,
  onError,
  needs: aFunction.optional(),
  requires: aFunction.optional(),
  hooks: aFunction,
});

/** @throws PluginError PLUGIN_INVALID with every problem. */
export function checkDefinition(definition: unknown): void {
  const result = definitionSchema.safeParse(definition);
  if (result.success) return;
  const { name } = (definition ?? {}) as { name?: unknown };
  const plugin = typeof name === 'string' ? name : '';
  throw new PluginError('PLUGIN_INVALID', {
    plugin,
    found: `the definition of ${plugin === '' ? 'a plugin' : `the plugin "${plugin}"`} is not valid: ${listProblems(problemsOf(result.error, definitionSchema, definition))}`,
    remedy: 'Give definePlugin at least { name, summary, role, hooks: (options) => ({ ... }) }.',
  });
}
