/**
 * How much of a slow source the loader hides behind the computation: digits that are decoded and warped in plain
 * JavaScript, for a network on wasm, with the source half as slow as the computation, as slow, and twice as slow. Source
 * alone, computation alone, one thread that does both, one worker thread beside the training, and a thread that makes the
 * same batches beside the training and hands nothing over, by turns.
 *
 *   npm run bench:data -- [--quick] [--rounds 3] [--patience 60] [--rows FILE] [--json FILE] [--results FOLDER]
 *
 * --quick: a few batches each: that it runs, not how fast it is. --patience: seconds in all that it waits, and measures
 * again, while something else keeps a core busy. --rows: nothing is measured, and what an earlier run on the same machine
 * measured, from its --json FILE, is told again. --results: writes DATA.md there.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { chooseBackend } from '../src/backend/index.js';
import { calibrate, computeAlone, measureCase, type Case } from './data/cases.js';
import { enoughCores, Quiet } from './data/free-cores.js';
import { figuresOf, writeResults } from './data/results.js';
import type { Work } from './data/ways.js';
import { writeFigures } from './figures.js';

const { values: given } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string' }, patience: { type: 'string' }, rows: { type: 'string' }, json: { type: 'string' }, results: { type: 'string' } },
});
const rounds = Number(given.rounds ?? (given.quick ? 1 : 3));
const quiet = new Quiet(1000 * Number(given.patience ?? (given.quick ? 0 : 60)));
const batchSize = given.quick ? 16 : 64;
const batches = given.quick ? 25 : 150;
const work: Work = { options: { count: batchSize * batches, warps: 0 }, batchSize, units: given.quick ? 32 : 512 };
const parts = [
  ['half as long', 0.5],
  ['as long', 1],
  ['twice as long', 2],
] as const;

async function measured(): Promise<readonly Case[]> {
  await chooseBackend('wasm');
  await computeAlone(work); // compiles
  const compute = await quiet.measure(() => computeAlone(work));
  const warpsFor = await quiet.measure(() => calibrate(work));
  const all: Case[] = [];
  for (const [name, part] of parts) {
    const warps = warpsFor(compute * part);
    all.push(await measureCase(name, part, { ...work, options: { ...work.options, warps } }, rounds, quiet));
  }
  return all;
}

const cases = given.rows === undefined ? await measured() : (JSON.parse(readFileSync(given.rows, 'utf8')) as { readonly tables: { readonly cases: readonly Case[] } }).tables.cases;
if (Math.min(...cases.map(({ cores }) => cores.median)) < enoughCores) console.log('Something else kept a core busy, so that what follows tells nothing: on less than two cores nothing can be hidden.');

const table = new Table({ head: ['source takes', 'source', 'compute', 'one\nthread', 'loader', 'ideal', 'throughput', 'to ideal', 'overlap', 'speedup', 'waited', 'cores', 'one thread', 'loader'], style: { head: [], border: [] } });
for (const { name, ms, throughput, toIdeal, overlap, speedup, waited, cores, before, after } of cases) {
  table.push([
    name,
    ...[ms.source, ms.compute, ms.oneThread, ms.loader, ms.ideal].map(({ median }) => `${median.toFixed(2)} ms`),
    ...[throughput, toIdeal, overlap, speedup].map(({ median, low, high }) => `${median.toFixed(3)}${low === high ? '' : `\n${low.toFixed(2)} to ${high.toFixed(2)}`}`),
    `${String(Math.round(100 * waited))} %`,
    cores.median.toFixed(2),
    ...[before, after].map(({ verdict, data, findings }) => [verdict, `${String(Math.round(100 * (data ?? Number.NaN)))} % data`, ...findings].join('\n')),
  ]);
}
console.log(table.toString());
const figures = figuresOf(cases);
for (const [name, value] of Object.entries(figures)) console.log(`${name}: ${value.toFixed(3)}`);
if (given.json !== undefined) writeFigures(given.json, { figures, tables: { cases } });
if (given.results !== undefined) writeResults(given.results, { cases, rounds });
