import { definePlugin, type SteererContext } from 'trainscope/plugin';
import { z } from 'zod';
import { stepRead } from './shared/step-read.js';
import { batchLogs, epochLogs, type Logs } from './tf-callbacks/logs.js';
import { callbacksSchema, standardize, type Standing } from './tf-callbacks/standardize.js';
import { stopFlag } from './tf-callbacks/stop-flag.js';

export type { TfCallback } from './tf-callbacks/standardize.js';

const options = z.strictObject({
  callbacks: callbacksSchema.describe('Callbacks as model.fit takes them, in any mixture: instances of tf.Callback, tf.callbacks.earlyStopping(), tfvis.show.fitCallbacks(), plain objects of functions. Code alone can give them.'),
  yieldEvery: z
    .union([z.enum(['auto', 'batch', 'epoch', 'never']), z.number().positive()])
    .default('auto')
    .describe("For plain objects, when onYield is called: as TensorFlow.js takes it, in ms or by name. Its default, 'auto', is 125 ms."),
}).refine(({ callbacks, yieldEvery }) => yieldEvery !== 'never' || !callbacks.some((each) => 'onYield' in each && !('setParams' in each)), { path: ['yieldEvery'], error: "found 'never' beside a callback with onYield, which would never be called; give it a time, or leave onYield out" });

const state = z.strictObject({
  /** Epochs before this fit: TensorFlow.js counts those of each fit from 0. */
  epochsBefore: z.int().min(0).default(0),
  /** Names of the metrics, which the start of the run tells and a resumed one does not tell again. */
  metrics: z.array(z.string()).default([]),
});
type Context = SteererContext<object, z.output<typeof state>>;

/**
 * Calls callbacks that were written for `model.fit`, with what tfjs-layers would give them: numbers in logs, epochs and
 * batches from 0, the model, and parameters.
 *
 * - `model.stopTraining = true` ends the fit, as the plugin's own wish.
 * - A batch's logs are read in every step where one of the callbacks has something to do at the end of batches; else no
 *   step is read for them.
 * - A callback that throws fails the run, unless the plugin is attached with another `onError`.
 *
 * @throws ConfigError OPTIONS_INVALID for what is no callback, and for a plain object with a function that TensorFlow.js never calls
 *
 * @example
 * new Trainer({ model, loss, plugins: [tfCallbacks({ callbacks: [tf.callbacks.earlyStopping({ patience: 3 }), { onEpochEnd: (epoch, logs) => console.log(epoch, logs) }] })] });
 */
export const tfCallbacks = definePlugin({
  name: 'tfCallbacks',
  summary: 'Calls callbacks written for model.fit of tfjs-layers: tf.Callback, earlyStopping, fitCallbacks of tfjs-vis, plain objects.',
  role: 'steer',
  options,
  state,
  codeOnly: ['callbacks'],
  needs: ({ callbacks, yieldEvery }) => (standardize(callbacks, yieldEvery).some(({ hearsBatchEnds }) => hearsBatchEnds) ? { every: 1, of: { stepRead: stepRead() } } : undefined),
  hooks: ({ callbacks, yieldEvery }) => {
    const all = standardize(callbacks, yieldEvery);
    const ends = all.filter(({ hearsBatchEnds }) => hearsBatchEnds);
    const begins = all.filter(({ hearsBatchBegins }) => hearsBatchBegins);
    let flag = stopFlag(undefined);
    let size = 0;
    let trained = false;
    let begun = 0;

    /** One after the other, as model.fit does; all of one call share the logs. */
    const call = async (some: readonly Standing[], context: Context, one: (callback: Standing['callback']) => unknown): Promise<void> => {
      for (const { callback, label } of some) {
        await one(callback);
        if (flag.isSet()) context.stop(`${label} set model.stopTraining`);
      }
    };
    const epochOf = ({ epoch, state: { epochsBefore } }: Context): number => epoch - 1 - epochsBefore;

    return {
      setup(_info, context: Context) {
        context.listen(({ event, data }) => {
          if (event === 'run-start') context.state = { ...context.state, metrics: ['loss', ...(data['metrics'] as readonly string[])] };
        });
      },
      async fitStart({ epochs, stepsPerEpoch, hasValidation, resumed }, context: Context) {
        if (!resumed) context.state = { ...context.state, epochsBefore: context.epoch };
        flag = stopFlag(context.model);
        flag.clear();
        const initialEpoch = context.epoch - context.state.epochsBefore;
        const metrics = Object.keys(epochLogs(Object.fromEntries(context.state.metrics.map((name) => [name, 0])), null));
        const params = {
          epochs,
          initialEpoch,
          samples: null,
          steps: stepsPerEpoch ?? null,
          batchSize: null,
          verbose: 0,
          doValidation: hasValidation,
          metrics: hasValidation ? [...metrics, ...metrics.map((name) => `val_${name}`)] : metrics,
        };
        for (const { callback } of all) {
          callback.setParams(params as never);
          flag.give(callback);
        }
        trained = true;
        await call(all, context, (callback) => callback.onTrainBegin());
      },
      async epochStart(_info, context: Context) {
        await call(all, context, (callback) => callback.onEpochBegin(epochOf(context), {}));
      },
      ...(begins.length === 0
        ? {}
        : {
            async batch(batch: { readonly size: number }, context: Context) {
              // Of the batches that are gathered into one step, the first.
              if (begun === context.step) return;
              begun = context.step;
              await call(begins, context, (callback) => callback.onBatchBegin(context.stepInEpoch, { batch: context.stepInEpoch, size: batch.size }));
            },
          }),
      ...(ends.length === 0
        ? {}
        : {
            stepEnd({ batchSize }: { readonly batchSize: number }) {
              size = batchSize;
            },
            async measured(_values: unknown, context: Context) {
              const batch = context.stepInEpoch - 1;
              const logs: Logs = batchLogs(context.metrics, batch, size);
              await call(ends, context, (callback) => callback.onBatchEnd(batch, logs));
            },
          }),
      async epochEnd({ metrics, validation }, context: Context) {
        const logs = epochLogs(metrics, validation);
        await call(all, context, (callback) => callback.onEpochEnd(epochOf(context), logs));
      },
      async fitEnd(_info, context: Context) {
        trained = false;
        await call(all, context, (callback) => callback.onTrainEnd({}));
      },
      async teardown() {
        // model.fit leaves it out where the training fails; what a callback holds open is closed here all the same.
        if (trained) for (const { callback } of all) await callback.onTrainEnd({});
        trained = false;
      },
    };
  },
});
