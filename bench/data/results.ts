import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { number, ratio, table, writtenBy } from '../markdown.js';
import type { Case } from './cases.js';
import type { Profile } from './ways.js';

/** What each figure is to be at least, where there is an aim. */
const aims: Readonly<Record<string, readonly [least: number | null, what: string]>> = {
  throughput_vs_slower: [0.95, 'throughput with the loader, to that of the slower of source and computation, each alone'],
  throughput_vs_ideal: [0.95, 'the same, to that of a thread that makes the same batches in step with the training and hands nothing over: what the machine can do of both at once'],
  overlap: [null, 'share of the shorter of source and computation that is hidden behind the other'],
};

const percent = (share: number | null): string => (share === null ? '-' : `${String(Math.round(share * 100))} %`);
const said = ({ verdict, data, findings }: Profile): string => `${verdict}, ${percent(data)} for data${findings.length === 0 ? '' : `; data-bound (${[...new Set(findings)].join(', ')})`}`;

export interface Results {
  readonly cases: readonly Case[];
  readonly figures: Readonly<Record<string, number>>;
  readonly rounds: number;
}

/** Writes DATA.md into a folder. */
export function writeResults(folder: string, { cases, figures, rounds }: Results): void {
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
    `Milliseconds a batch of the second of two epochs, with what is between two epochs: medians of ${String(rounds)} rounds, in each of which every way`,
    'has one turn, in an order drawn by chance. Ratios are taken within a round; in brackets stands the interval that holds their true',
    'median in 95 of 100 cases, or the whole range where there are fewer than 6 rounds. Source alone: the loader is read and nothing is trained. Computation alone: the same batches from memory.',
    'One thread: the training makes each batch itself. Loader: one worker thread makes them. Both come to the same loss to the bit.',
    'Ideal: a thread makes the same batches in step with the training, which has them in memory already: two counters are all that',
    'goes between them, so that what is lost beside either alone is lost to memory and cores that are shared.',
    'Cores free: how many two threads had that only count, looked at before and after each measure; what something else was busy beside is measured again.',
    '',
    '## Figures',
    '',
    'The worst of the three.',
    '',
    table(['figure', 'what', 'measured', 'aim', ''], Object.entries(aims).flatMap(([name, [least, what]]) => {
      const value = figures[name];
      if (value === undefined) return [];
      return [[name, what, value.toFixed(3), least === null ? '' : `≥ ${String(least)}`, least === null ? '' : value >= least ? 'met' : 'missed']];
    })),
    '',
    '## By case',
    '',
    table(['source takes', 'warps', 'source alone', 'computation alone', 'one thread', 'loader', 'ideal'], cases.map(({ name, work, ms }) => [name, work.options.warps.toFixed(1), ...[ms.source, ms.compute, ms.oneThread, ms.loader, ms.ideal].map(({ median }) => number(median))])),
    '',
    table(['source takes', 'throughput to the slower', 'to the ideal', 'hidden of the shorter', 'to one thread', 'batches waited for', 'cores free'], cases.map(({ name, throughput, toIdeal, overlap, speedup, waited, cores }) => [name, ratio(throughput), ratio(toIdeal), ratio(overlap), `${speedup.median.toFixed(2)} times as fast`, percent(waited), cores.median.toFixed(2)])),
    '',
    '## What gpuProfiler says',
    '',
    table(['source takes', 'one thread', 'loader'], cases.map(({ name, before, after }) => [name, said(before), said(after)])),
  ];
  writeFileSync(join(folder, 'DATA.md'), `${text.join('\n')}\n`);
}
