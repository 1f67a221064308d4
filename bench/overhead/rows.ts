import type { Comparison } from './compare.js';
import { contenderNames, type ContenderName } from './contenders.js';
import { estimate, pairedRatio, type Estimate } from './statistics.js';

/** One way of training one model, beside the others. */
export interface Row {
  readonly model: string;
  readonly backend: string;
  readonly optimizer: string;
  readonly steps: number;
  readonly name: ContenderName;
  /** ms a step by the clock. */
  readonly ms: Estimate;
  /** ms of the processor a step, of all threads. */
  readonly cpuMs: Estimate;
  readonly toBare: Estimate;
  readonly toFit: Estimate;
  readonly toNaive: Estimate;
}

/** The table of a comparison; ratios are of times by the clock, each within its round. */
export function rowsOf({ model, backend, optimizer, steps, times }: Comparison): readonly Row[] {
  const wall = (name: ContenderName): number[] => times[name].map((each) => each.wall);
  return contenderNames.map((name) => ({
    model,
    backend,
    optimizer,
    steps,
    name,
    ms: estimate(wall(name)),
    cpuMs: estimate(times[name].map(({ cpu }) => cpu)),
    toBare: pairedRatio(wall(name), wall('bare loop')),
    toFit: pairedRatio(wall(name), wall('model.fit')),
    toNaive: pairedRatio(wall(name), wall('naive norms')),
  }));
}

const worst = (rows: readonly Row[], name: ContenderName, of: (row: Row) => Estimate): number => Math.max(...rows.filter((row) => row.name === name).map((row) => of(row).median));

/** Of all models and backends the worst. */
export const figuresOf = (rows: readonly Row[]): Readonly<Record<string, number>> => ({
  bare_ratio: worst(rows, 'trainscope', ({ toBare }) => toBare),
  fit_ratio: worst(rows, 'trainscope', ({ toFit }) => toFit),
  seven_ratio: worst(rows, 'trainscope, seven', ({ toBare }) => toBare),
  seven_vs_fit: worst(rows, 'trainscope, seven', ({ toFit }) => toFit),
  seven_vs_naive: worst(rows, 'trainscope, seven', ({ toNaive }) => toNaive),
});
