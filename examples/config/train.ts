/**
 * Trains on Fisher's irises as run.yaml says, and prints what happened.
 *
 *     npx tsx examples/config/train.ts [--out out/config]
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { formatSummary, Trainer } from 'trainscope';
import { loadConfig } from 'trainscope/config';
import { loadIris } from '../iris.js';

/** 4-16-3, ReLU and softmax: 131 parameters. */
const buildModel = (): Sequential =>
  sequential({
    layers: [
      layers.dense({ units: 16, activation: 'relu', kernelInitializer: 'heNormal', inputShape: [4], name: 'hidden' }),
      layers.dense({ units: 3, activation: 'softmax', name: 'species' }),
    ],
  });

const { values: args } = parseArgs({ options: { out: { type: 'string', default: 'out/config' } } });

const config = await loadConfig(fileURLToPath(new URL('run.yaml', import.meta.url)), { outDir: args.out });
const { training, validation } = loadIris();

// A function, so that the seed of the config covers the initial weights.
const trainer = new Trainer({ model: buildModel, ...config });
// Run again, it goes on where it was: interrupted, or through. Another --out begins anew.
await trainer.resume(join(args.out, 'checkpoints'), { missing: 'start' });
const result = await trainer.fit(training, { validation });
await trainer.dispose();

console.log(formatSummary(result));
console.log(`validation accuracy ${String(result.metrics['val_accuracy']?.toFixed(4))}`);
console.log(`events: ${join(args.out, 'events.ndjson')}`);
