/**
 * Trains a network on the MNIST digits with seven plugins on, and says what happened.
 *
 *     npm run mnist -- [--model mlp|cnn] [--epochs N] [--out out/mnist] [--seed 1]
 *
 * With `--log stdout` the events go to stdout as JSON, a line each, and all else to stderr. For reading along:
 *
 *     npm run --silent mnist -- --log stdout | npx pino-pretty --hideObject --ignore pid,hostname
 */
import type { Sequential } from '@tensorflow/tfjs-layers';
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fileSink, formatSummary, Trainer } from 'trainscope';
import { earlyStopping, gpuProfiler, gradientNorm, lrScheduler, predictionDynamics, seed, weightNorm } from 'trainscope/plugins';
import { loadDigits } from './data.js';
import { models } from './models.js';

const { values: args } = parseArgs({
  options: {
    model: { type: 'string', default: 'mlp' },
    epochs: { type: 'string' },
    'batch-size': { type: 'string', default: '64' },
    samples: { type: 'string', default: '55000' },
    out: { type: 'string', default: 'out/mnist' },
    seed: { type: 'string', default: '1' },
    backend: { type: 'string', default: 'auto' },
    log: { type: 'string', default: 'file' },
  },
});
const kind = args.model;
if (kind !== 'mlp' && kind !== 'cnn') throw new Error(`--model ${kind}: there are mlp and cnn`);
if (args.log !== 'file' && args.log !== 'stdout') throw new Error(`--log ${args.log}: there are file and stdout`);

const { build, imageShape, learningRate } = models[kind];
const epochs = Number(args.epochs ?? models[kind].epochs);
const batchSize = Number(args['batch-size']);
const samples = Math.min(Number(args.samples), 55_000);
const log = join(resolve(args.out), 'events.ndjson');
mkdirSync(args.out, { recursive: true });
rmSync(log, { force: true });

// The last 5,000 training digits validate; the 10,000 test digits are seen once, at the end.
const training = loadDigits('train', imageShape, 0, samples);
const validation = loadDigits('train', imageShape, 55_000);
const test = loadDigits('test', imageShape);

let network: Sequential | undefined;
const trainer = new Trainer({
  // A function, so that the seed covers the initial weights as well.
  model: () => (network = build()),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
  optimizer: { name: 'adam', learningRate },
  backend: args.backend as 'auto',
  plugins: [
    seed({ seed: Number(args.seed), verify: true }),
    gradientNorm({ every: 10 }),
    weightNorm({ every: 10 }),
    predictionDynamics({ samples: 16 }),
    lrScheduler({ schedule: { kind: 'cosine', learningRate, tMax: epochs * Math.ceil(samples / batchSize) }, per: 'step' }),
    earlyStopping({ monitor: 'val_loss', patience: 2, restoreBestWeights: true }),
    gpuProfiler(),
  ],
  sinks: [fileSink({ path: log })],
  // Two writers in one terminal would overwrite each other.
  ...(args.log === 'stdout' ? { logger: { level: 'debug' }, progress: false } : {}),
});

// Ctrl-C ends the training after the step that is under way: weights, log and summary are whole.
const controller = new AbortController();
process.once('SIGINT', () => {
  controller.abort(new Error('Ctrl-C'));
});
const result = await trainer.fit(training, { epochs, batchSize, validation, signal: controller.signal });
const { accuracy, loss } = await trainer.evaluate(test, { batchSize: 1000 });
await trainer.dispose();

/** One number for all bits of all weights: equal for equal seeds, on one kind of machine. */
const hash = createHash('sha256');
for (const weight of network?.getWeights() ?? []) hash.update(new Uint8Array((await weight.data()).slice().buffer));

// With the events on stdout, everything else goes to stderr.
const print = args.log === 'stdout' ? console.error : console.log;
print(formatSummary(result));
print(`test accuracy ${String(accuracy?.toFixed(4))}, test loss ${String(loss?.toFixed(4))}`);
print(`final weights sha256 ${hash.digest('hex')}`);
print(`events: ${log}`);
