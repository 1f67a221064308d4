import Table from 'cli-table3';
import { faults } from './faults/index.js';
import type { Verdict } from './verdict.js';

const share = (part: number, whole: number): number => (whole === 0 ? NaN : part / whole);
const mean = (values: readonly number[]): number => share(values.reduce((sum, each) => sum + each, 0), values.length);
const median = (values: readonly number[]): number | null => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
const percent = (value: number): string => `${(100 * value).toFixed(1)}%`;

/** 'a 3, b': what occurs, with how often where it is more than once. */
export function counted(of: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const each of of) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].map(([each, times]) => (times === 1 ? each : `${each} ${String(times)}`)).join(', ');
}

export interface KindRow {
  readonly kind: string;
  readonly category: string;
  readonly runs: number;
  readonly found: number;
  readonly top: number;
  /** Runs in which the model came to the reference in spite of the fault. */
  readonly harmless: number;
  readonly step: number | null;
  readonly wrongOnTop: string;
}

export const rowsOf = (verdicts: readonly Verdict[]): readonly KindRow[] =>
  faults.flatMap(({ kind, category }) => {
    const runs = verdicts.filter(({ job }) => job.type === 'fault' && job.kind === kind);
    if (runs.length === 0) return [];
    return {
      kind,
      category,
      runs: runs.length,
      found: runs.filter(({ found }) => found).length,
      top: runs.filter(({ top }) => top).length,
      harmless: runs.filter(({ reachesReference }) => reachesReference).length,
      step: median(runs.flatMap(({ step }) => step ?? [])),
      wrongOnTop: counted(runs.filter(({ top }) => top === false).map(({ job, topRule }) => `${job.setup}: ${topRule ?? 'nothing'}`)),
    };
  });

export interface Figures {
  readonly [name: string]: number;
  /** Mean over kinds of the share of runs in which the true cause was named. */
  readonly recall: number;
  readonly top_cause: number;
  /** Of all runs with a warning or an error on top, the share in which it names the truth: a healthy one has none to name. */
  readonly precision: number;
  readonly false_alarm_rate: number;
  readonly kinds: number;
  readonly faulty_runs: number;
  readonly healthy_runs: number;
}

export function figuresOf(verdicts: readonly Verdict[]): Figures {
  const rows = rowsOf(verdicts);
  const faulty = verdicts.filter(({ job }) => job.type === 'fault');
  const healthy = verdicts.filter(({ job, reachesReference }) => job.type === 'healthy' && reachesReference);
  const alarms = healthy.filter(({ rules }) => rules.length > 0).length;
  const times = verdicts.map(({ seconds }) => seconds.preflight).filter(Number.isFinite);
  return {
    recall: mean(rows.map(({ found, runs }) => found / runs)),
    top_cause: mean(rows.map(({ top, runs }) => top / runs)),
    precision: share(faulty.filter(({ top }) => top).length, faulty.filter(({ topRule }) => topRule !== null).length + alarms),
    found_before_training: share(faulty.filter(({ step }) => step === 0).length, faulty.length),
    false_alarm_rate: share(alarms, healthy.length),
    false_alarms: alarms,
    kinds: rows.length,
    faulty_runs: faulty.length,
    healthy_runs: healthy.length,
    not_healthy: verdicts.filter(({ job }) => job.type === 'healthy').length - healthy.length,
    preflight_seconds: mean(times),
    longest_preflight_seconds: Math.max(0, ...times),
  };
}

// Without lines between rows: the table is long enough.
const tableStyle = { wordWrap: true, style: { head: [], border: [] }, chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' } };

export function print(verdicts: readonly Verdict[], seconds: number): void {
  const table = new Table({ head: ['fault', 'runs', 'found', 'top', 'harmless', 'step', 'on top where it is another'], colWidths: [38, 6, 7, 6, 10, 7, 80], ...tableStyle });
  for (const { kind, runs, found, top, harmless, step, wrongOnTop } of rowsOf(verdicts)) table.push([kind, runs, found, top, harmless, step ?? '-', wrongOnTop]);
  console.log(table.toString());
  for (const { job, rules, messages, score, reachesReference } of verdicts.filter((each) => each.job.type === 'healthy')) {
    if (!reachesReference) console.log(`not healthy, not counted: ${job.kind}, seed ${String(job.seed)}, score ${score.toFixed(3)}`);
    else if (rules.length > 0) console.log(`false alarm: ${job.kind}, seed ${String(job.seed)}: ${messages.join('; ')}`);
  }
  for (const { job, broke } of verdicts) if (broke !== null) console.log(`broke: ${job.kind} on ${job.setup}, seed ${String(job.seed)}: ${broke.split('\n').slice(0, 4).join(' ')}`);
  const figures = figuresOf(verdicts);
  console.log(`faults: ${String(figures.faulty_runs)} runs of ${String(figures.kinds)} kinds; cause named ${percent(figures.recall)}, on top ${percent(figures.top_cause)}; precision ${percent(figures.precision)}`);
  console.log(`healthy: ${String(figures.healthy_runs)} runs, ${String(figures['false_alarms'])} with an alarm (${percent(figures.false_alarm_rate)}): ${counted(verdicts.filter((each) => each.job.type === 'healthy' && each.reachesReference).flatMap(({ rules }) => rules))}`);
  console.log(`preflight ${(figures['preflight_seconds'] ?? NaN).toFixed(2)} s in the mean, ${(figures['longest_preflight_seconds'] ?? NaN).toFixed(1)} s at most; all ${seconds.toFixed(0)} s`);
}
