/**
 * Trains in a worker thread, while the main thread answers HTTP requests about the training.
 *
 *     npm run example:worker -- [--epochs 20] [--stop-after 0] [--seed 1]
 *
 * With `--stop-after 5` the training is stopped when the 5th epoch has ended.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { formatSummary } from 'trainscope';
import { trainInWorker } from 'trainscope/worker';
import type experiment from './experiment.js';

const { values: args } = parseArgs({
  options: { epochs: { type: 'string', default: '20' }, 'stop-after': { type: 'string', default: '0' }, seed: { type: 'string', default: '1' } },
});

const training = trainInWorker<typeof experiment>(new URL('./experiment.js', import.meta.url), { data: { epochs: Number(args.epochs), seed: Number(args.seed) } });

let progress = 'epoch 0';
training.on('epoch-end', ({ epoch, data }) => {
  progress = `epoch ${String(epoch)}, validation accuracy ${String(data.validation?.['accuracy']?.toFixed(2))}`;
  if (epoch === Number(args['stop-after'])) training.stop(`stopped after epoch ${String(epoch)}`);
});

const server = createServer((_request, response) => response.end(progress)).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

// A client asks again and again, and gets its answers during the training.
const answers = new Set<string>();
const client = setInterval(() => {
  void fetch(url).then(async (response) => answers.add(await response.text()), () => undefined);
}, 5);

const result = await training.result;
clearInterval(client);
answers.add(await (await fetch(url)).text());
server.close();
server.closeAllConnections();

console.log(formatSummary({ ...result, history: result.history.slice(-5) }));
console.log(`answers: ${[...answers].join('; ')}`);
