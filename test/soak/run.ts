/**
 * Kills trainings at random moments by SIGKILL, resumes them, and compares what they come to with the same training that
 * nobody killed: the bytes of the weights, the optimizer's slots, the history, and every event of the log.
 *
 *     npm run soak -- [--kills N] [--variations N] [--kills-per-run N] [--workers N] [--seed N] [--json FILE]
 *
 * Everything but the moments follows from the seed; what differs is left in the folder that is named.
 */
import { parseArgs } from 'node:util';
import { writeFigures } from '../../bench/figures.js';
import { failuresOf, figuresOf, rowsOf } from './figures.js';
import { soak } from './soak.js';
import { describeVariation, listVariations } from './variation.js';

const { values: args } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    variations: { type: 'string', default: '24' },
    'kills-per-run': { type: 'string', default: '6' },
    workers: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
});

const began = performance.now();
const trials = await soak({
  variations: listVariations(Number(args.variations), Number(args.seed)),
  kills: Number(args.kills),
  killsPerRun: Number(args['kills-per-run']),
  workers: Number(args.workers),
  seed: Number(args.seed),
  tell({ variation, kills, lost, different }, all) {
    const came = lost.length > 0 ? `LOST: ${lost.join('; ')}` : different.length > 0 ? `DIFFERENT: ${different.join('; ')}` : 'identical';
    console.error(`${String(all)}/${args.kills} kills; ${String(kills.length)} of variation ${String(variation.number)} (${describeVariation(variation)}): ${came}`);
  },
});
const figures = { ...figuresOf(trials), seconds: (performance.now() - began) / 1000 };
console.table(rowsOf(trials));
console.table(figures);
for (const failure of failuresOf(trials)) console.log(JSON.stringify(failure, null, 2));
if (args.json !== undefined) writeFigures(args.json, { figures, tables: { seed: Number(args.seed), variations: rowsOf(trials), failures: failuresOf(trials) } });
