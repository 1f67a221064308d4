/**
 * Digits that are turned and moved anew each epoch, by worker threads, while the step before computes.
 *
 *     npm run example:loader -- [--epochs 5] [--samples 4000] [--workers 1] [--seed 1]
 *
 * Any number of workers comes to the same losses to the bit.
 */
import { parseArgs } from 'node:util';
import { formatSummary, Trainer } from 'trainscope';
import { loadInWorkers } from 'trainscope/loader';
import { gpuProfiler, seed } from 'trainscope/plugins';
import { models } from '../mnist/models.js';
import type digits from './digits.loader.js';

const { values: args } = parseArgs({
  options: { epochs: { type: 'string', default: '5' }, samples: { type: 'string', default: '4000' }, workers: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' } },
});

const module = new URL('./digits.loader.js', import.meta.url);
const data = await loadInWorkers<typeof digits>({
  module,
  options: { part: 'train', count: Number(args.samples), turn: 0.2, shift: 2 },
  workers: Number(args.workers),
  batchSize: 64,
  seed: Number(args.seed),
});
// Digits to validate with stay as they are.
const validation = await loadInWorkers<typeof digits>({ module, options: { part: 'test', count: 1000, turn: 0, shift: 0 }, batchSize: 250, shuffle: false });

const trainer = new Trainer({
  model: models.mlp.build,
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
  optimizer: { name: 'adam', learningRate: models.mlp.learningRate },
  plugins: [seed({ seed: Number(args.seed) }), gpuProfiler({ gpu: false })],
});
let verdict = '';
trainer.on('gpu-profile', ({ data: profile }) => (verdict = `${profile.verdict.kind}, ${String(Math.round(100 * (profile.shares?.data ?? 0)))} % for data`));

const result = await trainer.fit(data, { epochs: Number(args.epochs), validation });
await trainer.dispose();
const { taken, waited } = data.stats;
await Promise.all([data.close(), validation.close()]);

console.log(formatSummary(result));
console.log(`the loop: ${verdict}; ${String(taken)} batches were taken, ${String(waited)} of them waited for`);
