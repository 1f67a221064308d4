/**
 * Trains a network written by hand, without a LayersModel, on Fisher's irises.
 *
 *     npm run example:custom-loop -- [--epochs 60] [--seed 1]
 */
import { parseArgs } from 'node:util';
import { formatSummary, Trainer } from 'trainscope';
import { earlyStopping, gradientNorm, seed } from 'trainscope/plugins';
import { deadUnits } from '../custom-plugin/dead-units.js';
import { loadIris } from '../iris.js';
import { ResidualMlp } from './residual-mlp.js';

const { values: args } = parseArgs({ options: { epochs: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } } });
const { training, validation } = loadIris();

const trainer = new Trainer({
  // A function, so that the seed covers the initial weights as well.
  model: () => new ResidualMlp({ features: 4, width: 16, blocks: 2, classes: 3 }),
  // The network ends in logits: the loss takes the softmax in.
  loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true },
  metrics: ['accuracy'],
  optimizer: { name: 'adam', learningRate: 0.01 },
  clip: { globalNorm: 1 },
  plugins: [
    seed({ seed: Number(args.seed) }),
    gradientNorm({ every: 5, clipped: true }),
    deadUnits({ layers: ['block1', 'block2'], every: 5 }),
    earlyStopping({ monitor: 'val_loss', patience: 10, restoreBestWeights: true }),
  ],
});

// Two plugins side by side: what one event says of the clipping, the other says of the taps.
let clipped = 0;
let measured = 0;
trainer.on('gradient-norm', ({ data }) => {
  measured += 1;
  if (data.clippedNorm !== undefined && data.clippedNorm < data.norm) clipped += 1;
});
let silent: Readonly<Record<string, number>> = {};
trainer.on('dead-units', ({ data }) => {
  silent = data.layers;
});

const result = await trainer.fit(training, { epochs: Number(args.epochs), batchSize: 16, validation });
const { accuracy, loss } = await trainer.evaluate(validation);
await trainer.dispose();

// The table has a line an epoch: of many, the last five.
console.log(formatSummary({ ...result, history: result.history.slice(-5) }));
console.log(`clipped in ${String(clipped)} of ${String(measured)} measured steps`);
console.log(`silent units at the end: ${Object.entries(silent).map(([tap, share]) => `${tap} ${(100 * share).toFixed(0)} %`).join(', ')}`);
console.log(`with the best weights: validation accuracy ${String(accuracy?.toFixed(4))}, loss ${String(loss?.toFixed(4))}`);
