/**
 * The measurement on which the thresholds of the plugins gradientNorm and weightNorm rest: trains every set-up of
 * setups.ts with the trainer and these plugins, counts what they tell, and shows how far the numbers that thresholds are
 * compared with go in healthy runs and in those with a planted fault.
 *
 *     npm run bench:calibration -- [--json FILE] [--seeds 1,2,3] [--quick]
 *
 * The thresholds were chosen on runs of these kinds. That no healthy one is warned of is how they were chosen, and is no
 * estimate of the false alarms on other trainings. Some faults leave the norms as those of a healthy run are (labels that
 * are learnt by heart): they are in the table all the same.
 *
 * Some five minutes of one core. Faulty runs can be chaotic, so that the last bit of a kernel decides: of two full runs,
 * on two versions of the wasm kernels, one warned of 24 faulty trainings and the other of 23; both of no healthy one.
 *
 * --quick trains one kind of each, briefly: whether the script works, nothing more.
 */
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { chooseBackend } from 'trainscope';
import { digits } from '../../plugins/shared/digits.js';
import { writeFigures } from '../figures.js';
import { defaults, quantities, quantitiesOf, quantityNames, together, type Quantities } from './quantities.js';
import { faultySetups, healthySetups, type Setup } from './setups.js';
import { cadences, trainSetup, type Cadence, type Run } from './train-setup.js';

const { values: args } = parseArgs({ options: { json: { type: 'string' }, seeds: { type: 'string', default: '1,2,3' }, quick: { type: 'boolean', default: false } } });

const quickKinds = ['line sgd', 'weights start tiny'];
const quickSteps = 200;
const caveat = 'The thresholds were chosen on runs of these kinds: that no healthy one is warned of is no estimate of the false alarms on other trainings.';

type Severity = Run['findings'][number]['severity'];
type Numbers = Readonly<Record<Cadence, Quantities>>;

interface RunRecord extends Omit<Run, 'setup' | 'series'> {
  readonly kind: string;
  /** null for a kind with a fault. */
  readonly reachedGoal: boolean | null;
  readonly quantities: Numbers;
}

const setups: readonly Setup[] = [...healthySetups, ...faultySetups].filter(({ name }) => !args.quick || quickKinds.includes(name));
const seeds = args.quick ? [1] : args.seeds.split(',').map(Number);

/** Of the series of a run only the numbers are kept. */
function recordOf({ setup, series, ...run }: Run): RunRecord {
  const reachedGoal = 'goal' in setup ? run.losses.last <= setup.goal : null;
  return { kind: setup.name, reachedGoal, ...run, quantities: { 10: quantitiesOf(series[10]), 5: quantitiesOf(series[5]) } };
}

const { backend } = await chooseBackend('wasm');
const began = performance.now();
const records: RunRecord[] = [];
for (const setup of setups) {
  for (const seed of seeds) {
    const record = recordOf(await trainSetup(setup, seed, args.quick ? quickSteps : setup.steps));
    records.push(record);
    console.error(`${setup.name}, seed ${seed}: loss ${digits(record.losses.first)} -> ${digits(record.losses.last)} in ${record.steps} steps, ${record.seconds.toFixed(1)} s`);
  }
}

const count = ({ findings }: RunRecord, ...severities: Severity[]): number => findings.filter(({ severity }) => severities.includes(severity)).length;
const isWarned = (record: RunRecord): boolean => count(record, 'warning', 'error') > 0;
const healthy = records.filter(({ reachedGoal }) => reachedGoal === true);
const missed = records.filter(({ reachedGoal }) => reachedGoal === false);
const faulty = records.filter(({ reachedGoal }) => reachedGoal === null);

/** 'gradient-spike warning 3, update-ratio info': findings of several runs, at both cadences. */
function listRules(of: readonly RunRecord[]): string {
  const counts = new Map<string, number>();
  for (const { rule, severity } of of.flatMap(({ findings }) => findings)) counts.set(`${rule} ${severity}`, (counts.get(`${rule} ${severity}`) ?? 0) + 1);
  return [...counts].map(([name, times]) => (times === 1 ? name : `${name} ${times}`)).join(', ');
}

const kinds = setups.map((setup) => {
  const runs = records.filter(({ kind }) => kind === setup.name);
  return {
    kind: setup.name,
    fault: 'fault' in setup ? setup.fault : null,
    runs: runs.length,
    reachedGoal: 'fault' in setup ? null : runs.filter(({ reachedGoal }) => reachedGoal).length,
    warnedRuns: runs.filter(isWarned).length,
    info: runs.reduce((all, run) => all + count(run, 'info'), 0),
    warning: runs.reduce((all, run) => all + count(run, 'warning'), 0),
    error: runs.reduce((all, run) => all + count(run, 'error'), 0),
    findings: listRules(runs),
  };
});

/** A quantity over all runs, and the kind that it comes from, where it is an extreme. */
function extreme(of: readonly RunRecord[], name: (typeof quantityNames)[number], cadence: Cadence): { readonly value: number; readonly kind: string } | null {
  const value = together(of.map((record) => record.quantities[cadence]))[name];
  if (value === undefined) return null;
  return { value, kind: quantities[name].over === 'sum' ? '' : (of.find((record) => record.quantities[cadence][name] === value)?.kind ?? '') };
}

const distributions = quantityNames.map((name) => ({
  name,
  ...quantities[name],
  healthy: Object.fromEntries(cadences.map((every) => [every, extreme(healthy, name, every)])),
  faulty: Object.fromEntries(cadences.map((every) => [every, extreme(faulty, name, every)])),
}));

// Without lines between rows: the table is long enough.
const tableStyle = { wordWrap: true, style: { head: [], border: [] }, chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' } };
const kindTable = new Table({ head: ['kind', 'runs', 'learnt', 'warned', 'info', 'warning', 'error', 'findings'], colWidths: [28, 6, 8, 8, 6, 9, 7, 70], ...tableStyle });
for (const { kind, fault, runs, reachedGoal, warnedRuns, info, warning, error, findings } of kinds) {
  kindTable.push([fault === null ? kind : `${kind} (${fault})`, runs, reachedGoal ?? '-', warnedRuns, info, warning, error, findings]);
}
const shown = (each: { readonly value: number; readonly kind: string } | null | undefined): string =>
  each === null || each === undefined ? '-' : each.kind === '' ? digits(each.value) : `${digits(each.value)} (${each.kind})`;
const quantityTable = new Table({ head: ['quantity', 'threshold', 'healthy, every 10', 'healthy, every 5', 'faulty, every 10'], colWidths: [44, 11, 30, 30, 36], ...tableStyle });
for (const each of distributions) {
  quantityTable.push([each.what, 'threshold' in each ? digits(each.threshold) : '', shown(each.healthy[10]), shown(each.healthy[5]), shown(each.faulty[10])]);
}

const figures = {
  healthy_runs: healthy.length,
  healthy_warnings: healthy.reduce((all, run) => all + count(run, 'warning', 'error'), 0),
  faulty_runs: faulty.length,
  faulty_warned: faulty.filter(isWarned).length,
};
console.log(kindTable.toString());
console.log(quantityTable.toString());
for (const { kind, seed, losses } of missed) console.log(`left out, as it did not reach its goal: ${kind}, seed ${seed}, loss ${digits(losses.last)}`);
console.log(`healthy: ${figures.healthy_runs} runs of ${new Set(healthy.map(({ kind }) => kind)).size} kinds, ${figures.healthy_warnings} warnings`);
console.log(`with a fault: ${figures.faulty_runs} runs of ${new Set(faulty.map(({ kind }) => kind)).size} kinds, ${figures.faulty_warned} of them warned of`);
console.log(`${records.reduce((all, { steps }) => all + steps, 0)} steps in ${((performance.now() - began) / 1000).toFixed(0)} s on ${backend}`);
console.log(caveat);

if (args.json !== undefined) {
  writeFigures(args.json, { figures, tables: { caveat, seeds, backend, defaults, kinds, quantities: distributions, runs: records } });
}
