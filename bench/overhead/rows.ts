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

/** The network and backend that the aims were set on, in batches of 64; of its step model.fit took 1.14 to 1.34 times a bare loop's. */
export const isReference = ({ model, backend }: Pick<Row, 'model' | 'backend'>): boolean => model === 'mlp 784-256-128-10' && backend === 'wasm';

/** What each figure is of: whose time, to whose. */
const figureParts = {
  bare_ratio: ['trainscope', ({ toBare }: Row) => toBare],
  fit_ratio: ['trainscope', ({ toFit }: Row) => toFit],
  seven_ratio: ['trainscope, seven', ({ toBare }: Row) => toBare],
  seven_vs_fit: ['trainscope, seven', ({ toFit }: Row) => toFit],
  norms_vs_naive: ['trainscope, norms', ({ toNaive }: Row) => toNaive],
  seven_vs_naive: ['trainscope, seven', ({ toNaive }: Row) => toNaive],
} as const satisfies Readonly<Record<string, readonly [ContenderName, (row: Row) => Estimate]>>;

/** The worst of some rows, and where it is. */
export interface Worst extends Estimate {
  readonly where: string;
}

export function worstOf(rows: readonly Row[], figure: keyof typeof figureParts): Worst {
  const [name, of] = figureParts[figure];
  return rows
    .filter((row) => row.name === name)
    .map((row): Worst => ({ ...of(row), where: `${row.model}, ${row.backend}` }))
    .reduce((most, each) => (each.median > most.median ? each : most), { median: -Infinity, low: -Infinity, high: -Infinity, where: '-' });
}

export const isFigure = (name: string): name is keyof typeof figureParts => name in figureParts;

/** Where the aim of a figure is to hold. */
export function aimedAt(rows: readonly Row[], name: keyof typeof figureParts): Worst {
  const reference = rows.filter(isReference);
  return worstOf(reference.length === 0 || name.endsWith('_vs_naive') ? rows : reference, name);
}

/**
 * Those of the aims are of the reference, where it was measured, and `worst_` those of all models and backends. That knowing
 * is not slower than by the naive norms is to hold of any.
 */
export function figuresOf(rows: readonly Row[]): Readonly<Record<string, number>> {
  const names = Object.keys(figureParts).filter(isFigure);
  return { ...Object.fromEntries(names.map((name) => [name, aimedAt(rows, name).median])), ...Object.fromEntries(names.map((name) => [`worst_${name}`, worstOf(rows, name).median])) };
}
