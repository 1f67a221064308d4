import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { number, ratio, table, verdict, writtenBy } from '../markdown.js';
import { plotRatios } from './plot.js';
import { aimedAt, isFigure, worstOf, type Row } from './rows.js';
import { beyondExpected, scattersOver, type Growth } from './scaling.js';

export interface Results {
  readonly rows: readonly Row[];
  readonly growths: readonly Growth[];
  readonly figures: Readonly<Record<string, number>>;
  readonly rounds: number;
}

/** What each figure is to be at most. */
const aims: Readonly<Record<string, readonly [limit: number, what: string]>> = {
  bare_ratio: [1.02, 'no plugin, beside the bare loop'],
  fit_ratio: [0.9, 'no plugin, beside model.fit'],
  seven_ratio: [1.05, 'seven plugins at every step, beside the bare loop'],
  seven_vs_fit: [1, 'seven plugins at every step, beside model.fit with nothing on'],
  norms_vs_naive: [1, 'gradientNorm and weightNorm at every step, which tell what the naive norms do, beside these'],
  seven_vs_naive: [1, 'seven plugins at every step, beside the naive norms'],
  max_growth_exponent: [1, 'exponent of growth, the largest of the scaling tables; of many weights beyond that of the bare loop'],
};


/** Writes RESULTS.md and its picture into a folder. */
export async function writeResults(folder: string, { rows, growths, figures, rounds }: Results): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const parts = [...new Set(rows.map(({ model, backend, optimizer }) => `${model}, ${backend}, ${optimizer}`))].map((place) => rows.filter(({ model, backend, optimizer }) => `${model}, ${backend}, ${optimizer}` === place));
  const text = [
    '# What it costs to know',
    '',
    writtenBy('bench'),
    '',
    `Milliseconds of a step from within the training, after the first fifth of its steps: medians of ${String(rounds)} rounds, in each of which every way of`,
    'training has one turn, in an order drawn by chance, after the compiler has seen 2,500 steps of each. Ratios are taken within a round; in brackets stands the interval that holds',
    'their true median in at least 95 of 100 cases. They are medians of ratios, and where the rounds scatter no ratios of the medians. All ways use the',
    'same kernels, shuffle, and know the mean loss of the epoch. The seven plugins are seed, gradientNorm, weightNorm, predictionDynamics, lrScheduler,',
    'earlyStopping and gpuProfiler, and what they tell is written to a file.',
    '',
    table(['way of training', 'what it is'], [
      ['bare loop', 'written by hand: batches, `tf.variableGrads`, `optimizer.applyGradients`, the loss read'],
      ['naive norms', 'the same, and `tf.norm` of each weight and each gradient, read one by one'],
      ['model.fit', "tfjs-layers' own loop on tensors; with callbacks: earlyStopping, and one that keeps the loss of each batch"],
      ['fitDataset', "tfjs-layers' loop on a shuffled and batched tf.data pipeline"],
      ['trainscope', 'a `Trainer` without plugins; with gradientNorm and weightNorm at every step (norms); with the seven at every step, or at every tenth; with everything: these and confusionMatrix, throughput, timer, diagnosis, nonFinite, leakWatch, modelSummary, histograms and weightAverage'],
    ]),
    '',
    '## Against the aims',
    '',
    'The figures are of the network on which the aims were set, the mlp of 784-256-128-10 in batches of 64, on wasm, and to the right of them stands',
    'the worst of the tables by model. That knowing is not slower than by the naive norms is to hold of all of these, so there the figure is the worst.',
    '"Within the scatter" says that the interval of a figure goes over its aim.',
    '',
    table(['figure', 'what', 'measured', 'aim', '', 'worst by model', 'where'], Object.entries(aims).flatMap(([name, [limit, what]]) => {
      const value = figures[name];
      if (value === undefined) return [];
      const worst = isFigure(name) ? worstOf(rows, name) : undefined;
      const own = isFigure(name) ? aimedAt(rows, name) : undefined;
      const largest = growths.find((growth) => growth.isReference !== true && beyondExpected(growth) === value);
      const isOpen = own === undefined ? largest !== undefined && scattersOver(largest) : own.low <= limit && limit < own.high;
      const measured = own === undefined ? value.toFixed(3) : ratio(own);
      return [[name, what, measured, `≤ ${String(limit)}`, verdict(value <= limit, isOpen), worst?.median.toFixed(3) ?? '', worst?.where ?? largest?.name ?? '']];
    })),
    '',
    'The steps of the small cnn are nearly all arithmetic, which is the same for all ways: there is little that another loop could save. The 16',
    'samples that predictionDynamics follows take a forward pass of a quarter of a batch beside it, a twelfth of a step whose backward pass takes',
    'twice as long as its forward pass: what is to be known after every step costs that at least.',
    '',
    '![Each way of training beside the bare loop](overhead.svg)',
    '',
    '## By model',
    '',
    ...parts.flatMap((own) => [
      `### ${own[0]?.model ?? ''}, ${own[0]?.backend ?? ''}, ${own[0]?.optimizer ?? ''} (${String(own[0]?.steps ?? 0)} steps a turn)`,
      '',
      table(['', 'ms a step', 'ms of CPU, all threads', 'to the bare loop', 'to model.fit', 'to the naive norms'], own.map(({ name, ms, cpuMs, toBare, toFit, toNaive }) => [name, number(ms.median), number(cpuMs.median), ratio(toBare), ratio(toFit), ratio(toNaive)])),
      '',
    ]),
    ...(growths.length === 0
      ? []
      : [
          '## Growth',
          '',
          'On wasm. The exponent is that of the power of the size that the larger sizes (half of them and one more) grow with: 1 is in proportion.',
          'In brackets stand the smallest and the largest of five turns, each by itself; what takes minutes has one.',
          'With many weights the bare loop itself grows faster than that, since its tensors leave the caches, and is what those tables are held against.',
          'Each value is that of a new model of some 20 steps, fewest for the small sizes to settle in: they tell of growth, and not what a step takes.',
          '',
          table(['of', 'exponent', 'at most', ''], growths.map((growth) => [growth.name, `${growth.exponent.toFixed(2)}${growth.spread === undefined ? '' : ` (${growth.spread.map((each) => each.toFixed(2)).join(' to ')})`}`, growth.isReference === true ? '-' : growth.expected.toFixed(2), growth.isReference === true ? 'reference' : verdict(beyondExpected(growth) <= 1, scattersOver(growth))])),
          '',
          ...growths.flatMap(({ name, of, unit, points, exponent, ended }) => [
            `### ${name}`,
            '',
            `${of[0]?.toUpperCase() ?? ''}${of.slice(1)}. Exponent ${exponent.toFixed(2)}.${ended === null ? '' : ` It ends at ${ended.replace(/\.$/, '')}.`}`,
            '',
            table(['size', unit], points.map(({ size, value }) => [size.toLocaleString('en'), number(value)])),
            '',
          ]),
        ]),
  ];
  writeFileSync(join(folder, 'overhead.svg'), await plotRatios(rows));
  writeFileSync(join(folder, 'RESULTS.md'), `${text.join('\n').trimEnd()}\n`);
}
