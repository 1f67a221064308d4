import { definePlugin, type SteererContext } from 'trainscope/plugin';
import { z } from 'zod';
import { events } from './model-summary/contract.js';
import { printSummary } from './model-summary/print.js';
import { summarize } from './model-summary/summarize.js';

const options = z.strictObject({
  print: z.union([z.boolean(), z.literal('auto')]).default('auto').describe("Whether a table is written to stderr when the fit begins. 'auto': where stderr is a terminal, as with the progress bar."),
});

/**
 * Tells once, when a fit begins, what the model consists of: layers with their class, output shape, parameters, bytes
 * and multiply-adds, and what weights, gradients and optimizer take of memory. As the event `model-summary`, and as a
 * table on stderr.
 *
 * It changes nothing. Its role is `steer`, since the model is handed to no other; a fault of its own ends no training.
 *
 * @example
 * new Trainer({ model, loss, plugins: [modelSummary({ print: true })] });
 */
export const modelSummary = definePlugin({
  name: 'modelSummary',
  summary: 'Tells what the model consists of: layers, shapes, parameters, memory, multiply-adds.',
  role: 'steer',
  options,
  events,
  onError: 'disable',
  hooks: ({ print }) => {
    let optimizer: Readonly<Record<string, unknown>> = {};
    return {
      setup(_info, context) {
        context.listen(({ event, data }) => {
          if (event === 'run-start') optimizer = data['optimizer'] as Readonly<Record<string, unknown>>;
        });
      },
      fitStart({ resumed }, context: SteererContext<{ readonly [K in keyof typeof events]: z.input<(typeof events)[K]> }>) {
        // It stands in the log already, and the terminal has scrolled on.
        if (resumed) return;
        const dtypes = new Map([...context.weightTensors()].map(([name, { dtype }]) => [name, dtype] as const));
        const summary = summarize(context.model, context.weights, dtypes, optimizer);
        context.emit('model-summary', summary);
        if (print === true || (print === 'auto' && process.stderr.isTTY)) process.stderr.write(`${printSummary(summary)}\n`);
      },
    };
  },
});
