import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { number, ratio, table, verdict, writtenBy } from '../markdown.js';
import type { Estimate } from '../overhead/statistics.js';
import type { Case } from './cases.js';
import type { Profile } from './ways.js';

/** What each figure is of, what it is to be at least, where there is an aim, and what it says. */
const parts = {
  throughput_vs_slower: [({ throughput }: Case) => throughput, 0.95, 'throughput with the loader, to that of the slower of source and computation, each alone'],
  throughput_vs_ideal: [({ toIdeal }: Case) => toIdeal, 0.95, 'the same, to that of a thread that makes the same batches in step with the training and hands nothing over: what the machine can do of both at once'],
  overlap: [({ overlap }: Case) => overlap, null, 'share of the shorter of source and computation that is hidden behind the other'],
} as const satisfies Readonly<Record<string, readonly [of: (each: Case) => Estimate, least: number | null, what: string]>>;

/** The figures, each the worst of the cases. */
export const figuresOf = (cases: readonly Case[]): Readonly<Record<string, number>> => Object.fromEntries(Object.entries(parts).map(([name, [of]]) => [name, worst(cases.map(of)).median]));

const worst = (estimates: readonly Estimate[]): Estimate => estimates.reduce((least, each) => (each.median < least.median ? each : least));

const percent = (share: number | null): string => (share === null ? '-' : `${String(Math.round(share * 100))} %`);
const said = ({ verdict: kind, data, findings }: Profile): string => `${kind}, ${percent(data)} for data${findings.length === 0 ? '' : `; found: data-bound (${[...new Set(findings)].join(', ')})`}`;

export interface Results {
  readonly cases: readonly Case[];
  readonly rounds: number;
}

/** Writes DATA.md into a folder. */
export function writeResults(folder: string, { cases, rounds }: Results): void {
  mkdirSync(folder, { recursive: true });
  const [first] = cases;
  const text = [
    '# A slow source behind the computation',
    '',
    writtenBy('bench:data'),
    '',
    `The source: ${String(first?.work.options.count ?? 0)} digits of MNIST, each packed by itself (TIFF's PackBits), are decoded, turned, shifted and scaled some times (by bilinear`,
    `interpolation), and normalised, in plain JavaScript; ${String(first?.work.batchSize ?? 0)} are a batch. The computation: a network of 784-${String(first?.work.units ?? 0)}-${String(first?.work.units ?? 0)}-10 on wasm, with Adam.`,
    'How often a digit is warped is chosen so that the source takes half as long as the computation, as long, and twice as long.',
    '',
    `Milliseconds a batch of the second of two epochs, the change of epoch included: medians of ${String(rounds)} rounds, in each of which every way`,
    `has one turn, in an order drawn by chance. Ratios are taken within a round; in brackets ${rounds < 6 ? 'stand their' : 'stands the'}`,
    `${rounds < 6 ? 'smallest and largest' : 'interval that holds their true median in at least 95 of 100 cases'}. They are medians of ratios, and where the rounds scatter no ratios of the medians; what is above 1 is scatter.`,
    'Source alone: the loader is read and nothing is trained. Computation alone: the same batches from memory.',
    'One thread: the training makes each batch itself. Loader: one worker thread makes them. These two come to the same loss to the bit.',
    'Ideal: a thread makes the same batches in step with the training, which has them in memory already: two counters are all that',
    'goes between them, so that what is lost beside either alone is lost to memory and cores that are shared.',
    'Cores free: how many cores two threads that only count had, before and after each measure; a measure beside other work is repeated.',
    '',
    '## Figures',
    '',
    'The worst of the three cases. Overlap is what the table below calls hidden of the shorter.',
    '',
    table(['figure', 'what', 'measured', 'aim', ''], Object.entries(parts).map(([name, [of, least, what]]) => {
      const own = worst(cases.map(of));
      const isOpen = least !== null && own.low < least && least <= own.high;
      return [name, what, ratio(own), least === null ? '' : `≥ ${String(least)}`, least === null ? '' : verdict(own.median >= least, isOpen)];
    })),
    '',
    '## By case',
    '',
    table(['source takes', 'warps a digit, on average', 'source to computation', 'source alone', 'computation alone', 'one thread', 'loader', 'ideal'], cases.map(({ name, work, ms }) => [name, work.options.warps.toFixed(1), (ms.source.median / ms.compute.median).toFixed(2), ...[ms.source, ms.compute, ms.oneThread, ms.loader, ms.ideal].map(({ median }) => number(median))])),
    '',
    table(['source takes', 'throughput to the slower', 'to the ideal', 'hidden of the shorter', 'to one thread', 'batches waited for', 'cores free'], cases.map(({ name, throughput, toIdeal, overlap, speedup, waited, cores }) => [name, ratio(throughput), ratio(toIdeal), ratio(overlap), `${speedup.median.toFixed(2)} times as fast`, percent(waited), cores.median.toFixed(2)])),
    '',
    '## What gpuProfiler says',
    '',
    table(['source takes', 'one thread', 'loader'], cases.map(({ name, before, after }) => [name, said(before), said(after)])),
  ];
  writeFileSync(join(folder, 'DATA.md'), `${text.join('\n')}\n`);
}
