import { z } from 'zod';
import { definePlugin, real, type FindingInput } from 'trainscope/plugin';
import { preflight as look, preflightSchema, stages, type Experiment } from 'trainscope/diagnosis';

const options = preflightSchema.omit({ contactSheet: true }).extend({
  stopOn: z.enum(['error', 'warning', 'never']).default('error').describe('The least severity of a finding that ends the fit before its first step. An error says that the training cannot succeed as it is.'),
});

const events = {
  'preflight-check': z
    .strictObject({
      check: z.string(),
      stage: z.enum(stages),
      ms: real.describe('time it took, ms'),
      measured: z.record(z.string(), z.unknown()).describe('the numbers that were looked at'),
      cannotTell: z.string().nullable().describe('why it could not tell; null when it could'),
      findings: z.int().min(0).describe('findings it led to, before those of one cause became one'),
    })
    .describe('One check before the training is done.'),
  preflight: z
    .strictObject({
      checks: z.int().min(0),
      findings: z.array(z.string()).describe('rules of the findings, the gravest first: one for each cause'),
      ms: real.describe('time all checks took, ms'),
    })
    .describe('All checks before the training are done.'),
};

const state = z.strictObject({ done: z.boolean().default(false) });

/**
 * Looks at data, model and loss before the first step, and trains on copies for a few seconds: the command
 * `trainscope check` as a plugin. It leaves weights, optimizer and random numbers as they were, so that the training is
 * the same with it and without it. Once a trainer: a fit that goes on, or is resumed, is not looked at again.
 *
 * @example
 * new Trainer({ model, optimizer, loss, plugins: [preflight({ stopOn: 'warning' })] });
 */
export const preflight = definePlugin({
  name: 'preflight',
  summary: 'Looks at data, model and loss before the first step, and ends a training that cannot succeed.',
  role: 'steer',
  options,
  events,
  state,
  hooks: ({ stopOn, ...asked }) => ({
    async fitStart({ resumed }, context) {
      if (resumed || context.state.done) return;
      context.state = { done: true };
      const { findings, checks, ms } = await look(context.experiment() as Experiment, asked);
      for (const { name, stage, ms: took, measured, cannotTell, findings: count } of checks) {
        context.emit('preflight-check', { check: name, stage, ms: took, measured, cannotTell, findings: count }, { level: 'debug' });
      }
      context.emit('preflight', { checks: checks.length, findings: findings.map(({ rule }) => rule), ms });
      for (const finding of findings) context.finding(finding as FindingInput);
      const grave = findings.filter(({ severity }) => (stopOn === 'never' ? false : severity === 'error' || severity === stopOn));
      const [first] = grave;
      if (first !== undefined) context.stop(`${first.rule}: ${first.message}`);
    },
  }),
});
