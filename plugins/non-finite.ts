import * as tf from '@tensorflow/tfjs-core';
import { definePlugin, real, type Gradients, type SteererContext } from 'trainscope/plugin';
import { z } from 'zod';
import { stepRead } from './shared/step-read.js';

const options = z.strictObject({
  action: z
    .enum(['stop', 'skip', 'rollBack'])
    .default('stop')
    .describe("What to do in a step whose loss or gradients are not finite. stop: end the fit, with the weights as they were before it. skip: leave the step out. rollBack: go back to the newest checkpoint without NaN, with a lower rate; needs the plugin checkpoint."),
  most: z.int().min(1).default(3).describe('With skip and rollBack: how often in a run; after that the fit is stopped. 3 tells a bad batch from a training that is past help.'),
  rateFactor: z.number().gt(0).max(1).default(0.5).describe('With rollBack: every learning rate from then on is multiplied with it. Half, as loss scaling for float16 backs off.'),
});

const events = {
  'non-finite': z
    .strictObject({
      what: z.enum(['loss', 'gradients']).describe('gradients: those of this step, before the update; loss: that of this step, with finite gradients'),
      weights: z.array(z.string()).describe('whose gradients are not finite, the first ten'),
      loss: real.nullable().describe('where it was read'),
      action: z.enum(['stop', 'skip', 'rollBack']).describe('what was done'),
      times: z.int().min(1).describe('how often in this run, this time included'),
      most: z.int().min(1),
      checkpoint: z.string().nullable().describe('where the roll-back led to'),
      toStep: z.int().min(0).nullable().describe('step of that checkpoint'),
      learningRate: real.describe('of the next update'),
    })
    .describe('A step was not finite, and something was done about it.'),
};

const state = z.strictObject({
  times: z.int().min(0).default(0),
  /** What all roll-backs together multiply a rate with. */
  scale: z.number().min(0).max(1).default(1),
});
type Context = SteererContext<{ readonly [K in keyof typeof events]: z.input<(typeof events)[K]> }, z.output<typeof state>>;

/** Weights named in an event: more say nothing new. */
const mostNamed = 10;

/** [gradients]: 0 for one that is finite throughout, else NaN, as 0 times an infinity is NaN and NaN stays in the sum. */
const marksOf = (gradients: Gradients): tf.Tensor => tf.tidy(() => tf.stack([...gradients.values()].map((gradient) => tf.sum(tf.mul(gradient, 0)))));

/**
 * Keeps a step that is not finite from spoiling the weights: the gradients of every step are looked at before they are
 * applied. It stops, leaves the step out, or goes back to the last good checkpoint with a lower learning rate.
 *
 * - A step that is left out leaves no trace: batch normalisation's averages and the epoch's means are without it.
 * - A roll-back puts weights and optimizer back; the data goes on, so what spoiled them is not met again, as in the
 *   training of PaLM (Chowdhery et al. 2022, section 5.1).
 * - Steps, epochs and schedules count on. The lower rate multiplies whatever a schedule sets.
 * - It reads one number a gradient and the loss at every step.
 *
 * @example new Trainer({ model, loss, plugins: [checkpoint({ every: { steps: 200 } }), nonFinite({ action: 'rollBack' })] });
 */
export const nonFinite = definePlugin({
  name: 'nonFinite',
  summary: 'Stops, skips the step or rolls back to the last good checkpoint when a loss or gradient is NaN or infinite.',
  role: 'steer',
  enforce: 'post',
  options,
  events,
  state,
  requires: ({ action }) => (action === 'rollBack' ? ['plugin:checkpoint'] : []),
  needs: () => ({ every: 1, of: { stepRead: stepRead() } }),
  hooks: ({ action, most, rateFactor }) => {
    /** Of the step under way: weights whose gradients are not finite. */
    let bad: readonly string[] = [];

    const act = async (context: Context, what: 'loss' | 'gradients'): Promise<void> => {
      const times = context.state.times + 1;
      context.state.times = times;
      const loss = context.metrics['loss'] ?? null;
      const rolled = action === 'rollBack' && times <= most ? await context.rollBack({ rateFactor }) : undefined;
      const done = action === 'skip' && times <= most ? 'skip' : rolled !== undefined ? 'rollBack' : 'stop';
      if (rolled !== undefined) context.state.scale *= rateFactor;
      const learningRate = rolled?.learningRate ?? context.learningRate * context.state.scale;
      context.emit(
        'non-finite',
        { what, weights: bad.slice(0, mostNamed), loss, action: done, times, most, checkpoint: rolled?.checkpoint ?? null, toStep: rolled?.step ?? null, learningRate },
        { level: done === 'stop' ? 'error' : 'warn' },
      );
      if (done !== 'stop') return;
      const why = action === 'stop' ? '' : times > most ? `, for the ${String(times)}th time` : ', and there is no checkpoint without NaN to go back to';
      context.stop(`the ${what} of step ${String(context.step)} ${what === 'loss' ? 'is' : 'are'} not finite${why}`);
    };

    return {
      async gradients(gradients, context) {
        if (gradients.size === 0) return;
        const marks = marksOf(gradients);
        try {
          const values = await marks.data();
          bad = [...gradients.keys()].filter((_, i) => values[i] !== 0);
        } finally {
          marks.dispose();
        }
        if (bad.length > 0) context.skipUpdate({ forgetBatch: true });
      },
      async measured(_values, context) {
        const what = bad.length > 0 ? 'gradients' : !Number.isFinite(context.metrics['loss']) ? 'loss' : undefined;
        if (what !== undefined) await act(context, what);
        bad = [];
      },
    };
  },
});
