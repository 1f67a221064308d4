import { metricDirection, type Direction } from '../../plugins/early-stopping/metric-direction.js';
import type { ReportModel, RunModel } from '../report/model.js';

type Value = ReportModel['runs'][number]['metrics'][string];

/** The last and the best value of a metric in a run. */
export interface MetricOfRun {
  readonly last: Value | null;
  /** Null where the name of the metric does not tell which is better, and where the log has no curve of it. */
  readonly best: { readonly value: number; readonly step: number } | null;
}

export interface MetricRow {
  readonly name: string;
  readonly better: 'lower' | 'higher' | null;
  /** In the order of the runs; null where a run has none. */
  readonly runs: readonly (MetricOfRun | null)[];
}

/** `val_loss` is the validation of the metric loss. Of the training an epoch's mean is what its last value is, too. */
function seriesOf({ series }: RunModel, name: string): RunModel['series'][number] | undefined {
  const ids = name.startsWith('val_') ? [`metric:${name.slice(4)}/validation`] : [`metric:${name}/training (epoch mean)`, `metric:${name}/training (batch)`];
  return ids.map((id) => series.find((each) => each.id === id)).find((each) => each !== undefined);
}

function metricOf(run: RunModel, name: string, direction: Direction | undefined): MetricOfRun | null {
  const curve = seriesOf(run, name);
  if (!Object.hasOwn(run.metrics, name) && curve === undefined) return null;
  const extreme = direction === undefined ? null : direction === 'min' ? curve?.lowest : curve?.highest;
  return { last: run.metrics[name] ?? null, best: extreme === null || extreme === undefined ? null : { value: extreme.value, step: extreme.step } };
}

/** Each metric of any of the runs. */
export function metricRows({ runs }: ReportModel): readonly MetricRow[] {
  const names = [...new Set(runs.flatMap(({ metrics }) => Object.keys(metrics)))];
  return names.map((name) => {
    const direction = metricDirection(name);
    return { name, better: direction === undefined ? null : direction === 'min' ? 'lower' : 'higher', runs: runs.map((run) => metricOf(run, name, direction)) };
  });
}

/** Which runs have the best of the last values; none where there is nothing to choose. */
export function leaders({ better, runs }: MetricRow): readonly boolean[] {
  const values = runs.map((run) => (run === null || typeof run.last !== 'number' ? null : run.last));
  const known = values.filter((value) => value !== null);
  if (better === null || known.length < 2 || new Set(known).size < 2) return values.map(() => false);
  const best = better === 'lower' ? Math.min(...known) : Math.max(...known);
  return values.map((value) => value === best);
}
