/**
 * Trains with a plugin from outside of trainscope, and hears its typed event.
 *
 *     npm run example:custom-plugin -- [--below 0] [--epochs 10] [--seed 1]
 *
 * With `--below 4` the biases of the hidden units start at -4, so that most units never fire, and the plugin says so.
 */
import { initializers, layers, sequential } from '@tensorflow/tfjs-layers';
import { parseArgs } from 'node:util';
import { Trainer } from 'trainscope';
import { seed } from 'trainscope/plugins';
import { loadIris } from '../iris.js';
import { deadUnits } from './dead-units.js';

const { values: args } = parseArgs({
  options: {
    below: { type: 'string', default: '0' },
    epochs: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
  },
});
const { training, validation } = loadIris();

const trainer = new Trainer({
  model: () =>
    sequential({
      layers: [
        layers.dense({ name: 'hidden', units: 32, activation: 'relu', inputShape: [4], kernelInitializer: 'heNormal', biasInitializer: initializers.constant({ value: -Number(args.below) }) }),
        layers.dense({ name: 'species', units: 3, activation: 'softmax' }),
      ],
    }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
  optimizer: { name: 'adam', learningRate: 0.01 },
  plugins: [seed({ seed: Number(args.seed) }), deadUnits({ layers: ['hidden'], every: 5 })],
});

// The event has the types of the plugin's schema: `data.layers` is a record of numbers. A filter says which ones to hear.
trainer.on(
  'dead-units',
  ({ step, data }) => {
    console.log(`step ${String(step)}: ${(100 * (data.layers[data.worst] ?? 0)).toFixed(0)} % of the units of ${data.worst} are silent`);
  },
  { every: 5 },
);

const { findings, metrics } = await trainer.fit(training, { epochs: Number(args.epochs), batchSize: 16, validation });
await trainer.dispose();

for (const { severity, rule, message, remedy } of findings) console.log(`${severity} ${rule}: ${message}\n  ${remedy}`);
if (findings.length === 0) console.log('no findings');
console.log(`validation accuracy ${String(metrics['val_accuracy']?.toFixed(4))}`);
