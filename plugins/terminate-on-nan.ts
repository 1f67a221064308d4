import { definePlugin, real, type SteererContext } from 'trainscope/plugin';
import { z } from 'zod';
import { stepRead } from './shared/step-read.js';

const options = z.strictObject({
  raiseError: z.boolean().default(false).describe("Whether fit() fails with an error, where it else ends as any fit that a plugin stops. Keras' raise_error and its default."),
  every: z.int().min(1).default(1).describe('Look at every so many-th step. 1, as Keras: the loss of each step is read. On a device whose reads wait, as a GPU, a larger number costs less and sees it later.'),
});

const events = {
  'terminate-on-nan': z
    .strictObject({ loss: real.describe('of this step'), lastFinite: z.int().min(0).nullable().describe('the latest step before it whose loss was seen to be finite; null when none was') })
    .describe('The loss of a step is NaN or infinite, and the fit is ended.'),
};

const state = z.strictObject({ lastFinite: z.int().min(0).nullable().default(null) });
type Context = SteererContext<{ readonly [K in keyof typeof events]: z.input<(typeof events)[K]> }, z.output<typeof state>>;

/**
 * Ends the fit when the loss of a step is NaN or infinite: Keras' TerminateOnNaN.
 *
 * - It looks at a loss after its step, as Keras does: the update with the gradients of that loss is done, and the weights
 *   are most likely NaN by then. The plugin `nonFinite` looks before the update, and keeps the weights sound.
 * - It looks at the training loss alone. For that of the validation there is `earlyStopping`, whose checkFinite is on.
 *
 * @throws with raiseError: PluginError PLUGIN_FAILED, from fit(), with the step and the loss in its message
 *
 * @example new Trainer({ model, loss, plugins: [terminateOnNaN()] });
 */
export const terminateOnNaN = definePlugin({
  name: 'terminateOnNaN',
  summary: 'Ends the fit when the loss of a step is NaN or infinite.',
  role: 'steer',
  options,
  events,
  state,
  needs: ({ every }) => ({ every, of: { stepRead: stepRead() } }),
  hooks: ({ raiseError }) => ({
    measured(_values, context: Context) {
      const { step } = context;
      const { loss } = context.metrics;
      if (loss === undefined) return;
      if (Number.isFinite(loss)) {
        context.state.lastFinite = step;
        return;
      }
      context.emit('terminate-on-nan', { loss, lastFinite: context.state.lastFinite }, { level: 'error' });
      const message = `the loss of step ${String(step)} is ${String(loss)}`;
      if (raiseError) throw new Error(message);
      context.stop(message);
    },
  }),
});
