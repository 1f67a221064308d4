/**
 * Gives the library what nobody should give it, and counts what it does not bear: values at random and by design, for
 * everything that reads what others wrote. A run goes well when the call gives a sound result or throws a TrainscopeError
 * that says what was wrong. All else is a crash: another error, a promise that is rejected beside the call, a hang, an end
 * of the process, a changed prototype, a file outside of the folder that was given, memory without bound.
 *
 *     npm run fuzz -- [--runs N] [--seed S] [--json FILE] [--targets a,b] [--workers N]
 *     npm run fuzz -- --replay TARGET --seed S --path P
 *
 * The same seed makes the same values. Every crash is printed with the smallest value that was found, and how to replay it.
 */
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import fc from 'fast-check';
import { writeFigures } from '../../bench/figures.js';
import { describeRun, type CrashReport } from './batch.js';
import { judge, Strays } from './judge.js';
import { guardedPlace } from './place.js';
import { batchesOf } from './plan.js';
import type { Target } from './target.js';
import { targets } from './targets/index.js';
import { useCpu } from './targets/small.js';
import { runAll, usualLimits } from './workers.js';

const { values: args } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    seed: { type: 'string' },
    json: { type: 'string' },
    targets: { type: 'string' },
    workers: { type: 'string', default: '2' },
    replay: { type: 'string' },
    path: { type: 'string' },
  },
});

/** A number of the command line, of which there has to be one. */
function whole(name: 'runs' | 'seed' | 'workers', least: number): number {
  const value = Number(args[name]);
  if (!Number.isSafeInteger(value) || value < least) throw new Error(`--${name} takes a whole number of at least ${String(least)}`);
  return value;
}

function targetNamed(name: string): Target {
  const found = targets.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no target "${name}"; there are ${targets.map((each) => each.name).join(', ')}`);
  return found;
}

async function replay(name: string): Promise<void> {
  const target = targetNamed(name);
  await useCpu();
  const [value] = fc.sample(target.values, { seed: whole('seed', -(2 ** 31)), path: args.path ?? '', numRuns: 1 });
  console.log(fc.stringify(value));
  const strays = new Strays();
  strays.listen();
  const place = guardedPlace();
  try {
    console.log(await judge(target, value, place, strays));
  } finally {
    place.remove();
    strays.leave();
  }
}

interface Row {
  runs: number;
  crashes: number;
  slowestMs: number;
  outcomes: Record<string, number>;
}

function print({ target, seed, path, reason, value }: CrashReport): void {
  console.log(`\ncrash of "${target}": ${reason}\n  value: ${value}\n  replay: npm run fuzz -- --replay "${target}" --seed ${String(seed)} --path ${path}`);
}

async function fuzz(): Promise<void> {
  const runs = whole('runs', 1);
  const seed = args.seed === undefined ? Math.floor(Date.now() % 2 ** 31) : whole('seed', -(2 ** 31));
  const chosen = args.targets === undefined ? targets : args.targets.split(',').map((each) => targetNamed(each.trim()));
  console.log(`seed ${String(seed)}, ${String(runs)} runs`);
  const rows = new Map<string, Row>(chosen.map(({ name }) => [name, { runs: 0, crashes: 0, slowestMs: 0, outcomes: {} }]));
  const crashes: CrashReport[] = [];
  const began = performance.now();
  await runAll(batchesOf(chosen, runs, seed), whole('workers', 1), usualLimits, (outcome) => {
    const { batch } = outcome;
    const row = rows.get(batch.target);
    if (row === undefined) return;
    if ('fatal' in outcome) {
      const { run, reason } = outcome.fatal;
      const report = describeRun(targetNamed(batch.target), batch.seed, run, reason);
      crashes.push(report);
      print(report);
      row.runs += run + 1 - batch.from;
      row.crashes += 1;
      return;
    }
    const { result } = outcome;
    row.runs += result.runs;
    row.crashes += result.crashes.length;
    row.slowestMs = Math.max(row.slowestMs, result.slowest);
    for (const [name, count] of Object.entries(result.outcomes)) row.outcomes[name] = (row.outcomes[name] ?? 0) + count;
    for (const report of result.crashes) if (!crashes.some(({ reason }) => reason === report.reason)) print(report);
    crashes.push(...result.crashes);
  });
  const seconds = (performance.now() - began) / 1000;
  const table = new Table({ head: ['target', 'runs', 'crashes', 'accepted', 'refused', 'codes', 'slowest ms'], style: { head: [], border: [], compact: true } });
  for (const [name, { runs: done, crashes: own, outcomes, slowestMs }] of rows) {
    const { accepted = 0, ...codes } = outcomes;
    table.push([name, done, own, accepted, Object.values(codes).reduce((sum, each) => sum + each, 0), Object.keys(codes).length, slowestMs.toFixed(0)]);
  }
  console.log(table.toString());
  const done = [...rows.values()].reduce((sum, row) => sum + row.runs, 0);
  console.log(`${String(done)} runs, ${String(crashes.length)} crashes, ${seconds.toFixed(0)} s`);
  if (args.json !== undefined) writeFigures(args.json, { figures: { runs: done, crashes: crashes.length, seconds }, tables: { seed, targets: Object.fromEntries(rows), crashes } });
}

await (args.replay === undefined ? fuzz() : replay(args.replay));
