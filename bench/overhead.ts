/**
 * What it costs to know: a training step by trainscope, by the loop that one writes by hand, and by tfjs-layers' own.
 * All in one process, by turns in an order drawn by chance, so that a busy machine slows all alike; medians of the ratios
 * within a round, with their 95 % confidence intervals.
 *
 *   npm run bench -- [--quick] [--backends cpu,wasm] [--models tiny,small] [--rounds 15] [--json FILE] [--results FOLDER]
 */
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { chooseBackend } from 'trainscope';
import { compare, type Comparison } from './overhead/compare.js';
import { contenderNames, type ContenderName } from './overhead/contenders.js';
import { models } from './overhead/models.js';
import { pairedRatio, estimate } from './overhead/statistics.js';
import { writeFigures } from './figures.js';

const { values: given } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, backends: { type: 'string', default: 'cpu,wasm' }, models: { type: 'string', default: '' }, rounds: { type: 'string' }, turn: { type: 'string' }, optimizer: { type: 'string', default: 'adam' }, json: { type: 'string' } },
});
const rounds = Number(given.rounds ?? (given.quick ? 1 : 15));
const turnMs = Number(given.turn ?? (given.quick ? 1 : 200));
const wanted = given.models.split(',').filter((each) => each !== '');
const comparisons: Comparison[] = [];
for (const backend of given.backends.split(',')) {
  await chooseBackend(backend as 'cpu');
  for (const model of models) {
    if (model.tooSlowOn?.includes(backend) === true || (wanted.length > 0 && !wanted.some((name) => model.name.startsWith(name)))) continue;
    const comparison = await compare(model, { backend, rounds, turnMs, optimizer: given.optimizer as 'adam' });
    comparisons.push(comparison);
    const table = new Table({ head: [`${model.name}, ${backend}, ${String(comparison.steps)} steps`, 'ms a step', 'of the processor', 'to the bare loop', '95 %', 'by processor'], style: { head: [], border: [] } });
    for (const name of contenderNames) {
      const of = (kind: 'wall' | 'cpu', who: ContenderName): number[] => comparison.times[who].map((each) => each[kind]);
      const ratio = pairedRatio(of('wall', name), of('wall', 'bare loop'));
      table.push([name, estimate(of('wall', name)).median.toFixed(4), estimate(of('cpu', name)).median.toFixed(4), ratio.median.toFixed(3), `${ratio.low.toFixed(3)} to ${ratio.high.toFixed(3)}`, pairedRatio(of('cpu', name), of('cpu', 'bare loop')).median.toFixed(3)]);
    }
    console.log(table.toString());
  }
}
if (given.json !== undefined) writeFigures(given.json, { figures: {}, tables: { comparisons } });
