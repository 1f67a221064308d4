import { real } from 'trainscope/plugin';
import { z } from 'zod';

export const events = {
  dashboard: z
    .strictObject({
      url: z.string().describe('where the page is, without the token'),
      port: z.int().min(1).max(65535),
      control: z.boolean().describe('whether the training can be controlled from it'),
    })
    .describe('The page is served.'),
  'dashboard-control': z
    .strictObject({
      action: z.enum(['pause', 'resume', 'stop', 'learning-rate']),
      value: real.nullable().describe('the learning rate that was set'),
      previous: real.nullable().describe('the learning rate before'),
      paused: z.number().min(0).nullable().describe('of resume, and of a stop during a pause: how long the training was paused, ms'),
    })
    .describe('Someone did something from the page, and it was done.'),
  'dashboard-lost': z.strictObject({ message: z.string() }).describe('The page ended before the training. The training goes on.'),
};

export type DashboardEvents = { readonly [Name in keyof typeof events]: z.input<(typeof events)[Name]> };
