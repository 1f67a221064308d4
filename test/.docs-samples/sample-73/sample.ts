import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { definePlugin, real } from 'trainscope/plugin';
import { z } from 'zod';

/** Tells when the loss of an epoch is worse than that of the one before. */
const lossWatch = definePlugin({
  name: 'lossWatch',
  summary: 'Tells when the loss of an epoch has risen.',
  role: 'observe',
  options: z.strictObject({
    tolerance: z.number().min(0).default(0.1).describe('By which share it may rise. 0.1: noise of small data is about that.'),
  }),
  events: {
    'loss-watch': z.strictObject({ loss: real, change: real.nullable().describe('over the loss before, 0.1 is 10 % more') }).describe('The loss of an epoch, beside the one before.'),
  },
  // Each field has a default, which is what it starts with.
  state: z.strictObject({ last: real.nullable().default(null) }),
  hooks: ({ tolerance }) => ({
    epochEnd({ metrics: { loss = NaN } }, ctx) {
      const { last } = ctx.state;
      const change = last === null ? null : loss / last - 1;
      ctx.state = { last: loss };
      ctx.emit('loss-watch', { loss, change });
      if (change === null || change <= tolerance) return;
      ctx.finding({
        rule: 'loss-rises',
        severity: 'warning',
        message: `the loss rose by ${(100 * change).toFixed(0)} % in epoch ${ctx.epoch}`,
        evidence: { loss, last },
        remedy: 'Lower the learning rate.',
      });
    },
  }),
});

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }),
  loss: 'meanSquaredError',
  optimizer: { name: 'sgd', learningRate: 1 }, // far too high
  plugins: [lossWatch({ tolerance: 0.05 })],
});
// The event is typed by its schema.
trainer.on('loss-watch', ({ data }) => console.log(data.loss, data.change));
const { findings } = await trainer.fit({ inputs: [[1], [2]], labels: [[2], [4]] }, { epochs: 3 });
if (findings.length === 0) throw new Error('nothing was found');
await trainer.dispose();

export {};
