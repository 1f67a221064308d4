/**
 * Trains for long with every plugin, a log and checkpoints, and says whether memory stays where it is.
 *
 *     npm run soak:memory -- [--steps N] [--backend cpu|wasm] [--json FILE]
 *
 * `tensor_counts` is 1 when the number of tensors is the same at the end of every epoch. `rss_growth_mib` and `heap_growth_mib` are
 * of the last quarter over the one before it; `bounded` is 1 when the first is below 8 MiB: in the 25,000 steps of a
 * quarter of 100,000 that is a third of a KiB a step, less than a single event that were kept.
 */
import { parseArgs } from 'node:util';
import { writeFigures } from '../../bench/figures.js';
import { useBackend } from '../support/backends.js';
import { countsOfTensors, growthOf, trainWatched } from './memory.js';

const { values: args } = parseArgs({ options: { steps: { type: 'string', default: '100000' }, backend: { type: 'string', default: 'wasm' }, json: { type: 'string' } } });
const bound = 8;
await useBackend(args.backend === 'cpu' ? 'cpu' : 'wasm');
const course = await trainWatched({ steps: Number(args.steps), stepsPerEpoch: 250, samples: 400 });
const growth = growthOf(course.rss);
const figures = {
  steps: course.steps,
  tensor_counts: countsOfTensors(course),
  tensors: course.tensors.at(-1) ?? Number.NaN,
  rss_growth_mib: growth,
  heap_growth_mib: growthOf(course.heap),
  rss_most_mib: Math.max(...course.rss),
  bounded: growth < bound ? 1 : 0,
  checkpoints: course.checkpoints,
  seconds: course.seconds,
};
console.table(figures);
if (args.json !== undefined) writeFigures(args.json, { figures, tables: { backend: args.backend, bound_mib: bound, tensors: course.tensors, rss_mib: course.rss, heap_mib: course.heap } });
