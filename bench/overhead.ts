/**
 * What it costs to know: a training step by trainscope, by the loop that one writes by hand, and by tfjs-layers' own.
 * All in one process, by turns in an order drawn by chance, so that a busy machine slows all alike; medians of the ratios
 * within a round, with their 95 % confidence intervals. Then how the time of a step grows with weights, parameters,
 * plugins, events and steps.
 *
 * On cpu and wasm, and on the native backends where they are installed, unless --backends says otherwise.
 *
 *   npm run bench -- [--quick] [--backends cpu,wasm] [--models tiny,small] [--rounds 7] [--optimizer adam]
 *                    [--no-scaling] [--rows FILE [--growth 'parameters;plugins']] [--json FILE] [--results FOLDER]
 *
 * --rows: what an earlier run on the same machine measured, from its --json FILE: growth alone is measured anew, or of it
 * the tables that --growth names, with ; between them.
 * --quick: a few steps each: that it runs, not how fast it is. --results: writes RESULTS.md and a picture there.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { backendNames, chooseBackend, type BackendName } from '../src/backend/index.js';
import { compare, warmUp } from './overhead/compare.js';
import { models } from './overhead/models.js';
import { writeResults } from './overhead/results.js';
import { figuresOf, rowsOf, type Row } from './overhead/rows.js';
import { beyondExpected, scalingTables, type Growth } from './overhead/scaling.js';
import { writeFigures } from './figures.js';

const { values: given } = parseArgs({
  allowNegative: true,
  options: {
    quick: { type: 'boolean', default: false },
    backends: { type: 'string' },
    models: { type: 'string', default: '' },
    rounds: { type: 'string' },
    turn: { type: 'string' },
    optimizer: { type: 'string', default: 'adam' },
    scaling: { type: 'boolean', default: true },
    rows: { type: 'string' },
    growth: { type: 'string' },
    json: { type: 'string' },
    results: { type: 'string' },
  },
});
const rounds = Number(given.rounds ?? (given.quick ? 1 : 7));
/** ms that a turn of the bare loop takes. */
const turnMs = Number(given.turn ?? (given.quick ? 1 : 600));
const { optimizer } = given;
if (optimizer !== 'adam' && optimizer !== 'sgd') throw new Error('--optimizer takes adam or sgd');
const isBackend = (name: string): name is BackendName => (backendNames as readonly string[]).includes(name);
const isInstalled = (name: string): boolean => {
  try {
    import.meta.resolve(`@tensorflow/${name}`);
    return true;
  } catch {
    return false;
  }
};
const backends = given.backends?.split(',').filter(isBackend) ?? ['cpu', 'wasm', ...(['tfjs-node-gpu', 'tfjs-node'] as const).filter(isInstalled)];
const wanted = given.models.split(',').filter((each) => each !== '');
const chosen = models.filter(({ name }) => wanted.length === 0 || wanted.some((each) => name.startsWith(each))).slice(0, given.quick && wanted.length === 0 ? 1 : undefined);

const rows: Row[] = [];
const raw: unknown[] = [];
const known: Growth[] = [];
if (given.rows !== undefined) {
  const { tables } = JSON.parse(readFileSync(given.rows, 'utf8')) as { readonly tables: { readonly rows: readonly Row[]; readonly comparisons: readonly unknown[]; readonly growths: readonly Growth[] } };
  rows.push(...tables.rows);
  raw.push(...tables.comparisons);
  known.push(...tables.growths);
}
for (const backend of given.rows === undefined ? backends : []) {
  await chooseBackend(backend);
  const [smallest] = models;
  if (!given.quick && smallest !== undefined) await warmUp(smallest, optimizer);
  for (const model of chosen) {
    if (model.tooSlowOn?.includes(backend) === true) continue;
    const comparison = await compare(model, { backend, rounds, turnMs, optimizer });
    raw.push(comparison);
    const own = rowsOf(comparison);
    rows.push(...own);
    const table = new Table({ head: [`${model.name}, ${backend}, ${String(comparison.steps)} steps`, 'ms a step', 'of the processor', 'to the bare loop', '95 %', 'to model.fit'], style: { head: [], border: [] } });
    for (const { name, ms, cpuMs, toBare, toFit } of own) table.push([name, ms.median.toFixed(4), cpuMs.median.toFixed(4), toBare.median.toFixed(3), `${toBare.low.toFixed(3)} to ${toBare.high.toFixed(3)}`, toFit.median.toFixed(3)]);
    console.log(table.toString());
  }
}
let growths: readonly Growth[] = [];
if (given.scaling) {
  await chooseBackend('wasm');
  growths = await scalingTables({ quick: given.quick, names: given.growth?.split(';'), known });
  for (const { name, points, exponent, ended, unit } of growths) console.log(`${name}: ${points.map(({ size, value }) => `${String(size)} ${value.toPrecision(3)} ${unit}`).join(', ')}; exponent ${exponent.toFixed(2)}${ended === null ? '' : `; ended at ${ended}`}`);
}
const exponents = growths.filter(({ isReference }) => isReference !== true).map(beyondExpected).filter((each) => Number.isFinite(each));
const figures = { ...figuresOf(rows), ...(exponents.length === 0 ? {} : { max_growth_exponent: Math.max(...exponents) }) };
for (const [name, value] of Object.entries(figures)) console.log(`${name}: ${value.toFixed(3)}`);
if (given.json !== undefined) writeFigures(given.json, { figures, tables: { rows, growths, comparisons: raw } });
if (given.results !== undefined) await writeResults(given.results, { rows, growths, figures, rounds });
