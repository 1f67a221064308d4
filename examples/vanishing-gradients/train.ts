/**
 * A network that does not learn, and the finding that says why: six hidden layers on MNIST, sigmoid or ReLU.
 *
 *     npx tsx examples/vanishing-gradients/train.ts [--activation sigmoid|relu] [--epochs 2]
 */
import { parseArgs } from 'node:util';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { formatSummary, Trainer } from 'trainscope';
import { gradientNorm, seed } from 'trainscope/plugins';
import { loadDigits } from '../mnist/data.js';

const { values: args } = parseArgs({ options: { activation: { type: 'string', default: 'sigmoid' }, epochs: { type: 'string', default: '2' } } });
const { activation } = args;
if (activation !== 'sigmoid' && activation !== 'relu') throw new Error(`--activation ${activation}: there are sigmoid and relu`);

/** 784-64-64-64-64-64-64-10. */
const build = (): Sequential => {
  const kernelInitializer = activation === 'relu' ? 'heNormal' : 'glorotNormal';
  const hidden = Array.from({ length: 6 }, (_, i) =>
    layers.dense({ units: 64, activation, kernelInitializer, name: `hidden${String(i + 1)}`, ...(i === 0 ? { inputShape: [784] } : {}) }),
  );
  return sequential({ layers: [...hidden, layers.dense({ units: 10, activation: 'softmax', name: 'digit' })] });
};

const trainer = new Trainer({
  model: build,
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
  optimizer: { name: 'sgd', learningRate: 0.1 },
  plugins: [seed({ seed: 1 }), gradientNorm()],
});
const result = await trainer.fit(loadDigits('train', [784], 0, 12_000), {
  epochs: Number(args.epochs),
  batchSize: 64,
  validation: loadDigits('train', [784], 55_000),
});
await trainer.dispose();
console.log(formatSummary(result));
