/**
 * Plants faults in trainings that are well, and counts how often the diagnosis names the true cause; and how often it
 * raises an alarm at trainings that are well.
 *
 *     npm run faults -- [--json FILE] [--lines FILE] [--tune] [--kinds a,b] [--setups x,y] [--healthy-only] [--faults-only]
 *                       [--seeds N] [--setups-per-fault N] [--workers N] [--no-training] [--quick]
 *
 * Rules are tuned on the seeds from 1 on (`--tune`); what is reported comes from those from 101 on. A seed decides the
 * samples, the initial weights, their order, and what is random in the fault.
 *
 * --lines writes a line of JSON for each run. --quick takes one set-up and seed of each fault, and trains none.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { writeFigures } from '../../bench/figures.js';
import { faults } from './faults/index.js';
import { healthyVariants } from './healthy.js';
import { listJobs } from './jobs.js';
import { figuresOf, print, rowsOf } from './report.js';
import { setupNames } from './setups/index.js';
import type { Verdict } from './verdict.js';
import { judgeAll } from './workers.js';

const { values: args } = parseArgs({
  options: {
    json: { type: 'string' },
    lines: { type: 'string' },
    tune: { type: 'boolean', default: false },
    kinds: { type: 'string' },
    setups: { type: 'string' },
    'healthy-only': { type: 'boolean', default: false },
    'faults-only': { type: 'boolean', default: false },
    seeds: { type: 'string', default: '1' },
    'setups-per-fault': { type: 'string', default: '3' },
    workers: { type: 'string', default: '2' },
    'no-training': { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});

const firstSeed = args.tune ? 1 : 101;
/** A training with a fault may be one that does not end. */
const milliseconds = 10_000;

/** Names out of a list with commas, each of which there has to be. */
function namesFrom(text: string | undefined, known: readonly string[]): readonly string[] | undefined {
  const names = text?.split(',').map((each) => each.trim());
  for (const name of names ?? []) if (!known.includes(name)) throw new Error(`there is no "${name}"; there are ${known.join(', ')}`);
  return names;
}

const jobs = listJobs({
  kinds: namesFrom(args.kinds, [...faults, ...healthyVariants].map(({ kind }) => kind)),
  setups: namesFrom(args.setups, setupNames),
  faults: !args['healthy-only'],
  healthy: !args['faults-only'],
  seeds: args.quick ? 1 : Number(args.seeds),
  firstSeed,
  setupsPerFault: args.quick ? 1 : Number(args['setups-per-fault']),
});

if (args.lines !== undefined) writeFileSync(args.lines, '');
const began = performance.now();
const verdicts: Verdict[] = [];
await judgeAll(jobs, Number(args.workers), { milliseconds, train: !args['no-training'] && !args.quick }, (verdict) => {
  verdicts.push(verdict);
  const { job, topRule, top, score, seconds } = verdict;
  if (args.lines !== undefined) appendFileSync(args.lines, `${JSON.stringify(verdict)}\n`);
  console.error(`${String(verdicts.length)}/${String(jobs.length)} ${job.kind} on ${job.setup}, seed ${String(job.seed)}: ${topRule ?? 'nothing'}${top === false ? ' (wrong)' : ''}; score ${score.toFixed(3)}; ${(seconds.preflight + seconds.training).toFixed(1)} s`);
});
const seconds = (performance.now() - began) / 1000;
print(verdicts, seconds);

if (args.json !== undefined) {
  writeFigures(args.json, { figures: { ...figuresOf(verdicts), seconds }, tables: { seeds: { first: firstSeed, each: Number(args.seeds) }, kinds: rowsOf(verdicts), runs: verdicts } });
}
