/**
 * The numbers of a run that thresholds are compared with, computed from what the plugins emitted and apart from how their
 * rules decide: what would have been told with another threshold is seen as well.
 */
import { max, median, min, sum } from 'simple-statistics';
import { measurementsBeforeJudging as enough, options as gradientOptions } from '../../plugins/gradient-norm/contract.js';
import { options as weightOptions } from '../../plugins/weight-norm/contract.js';
import { robustScore } from '../../plugins/shared/robust-score.js';
import type { Series, WeightPoint } from './train-setup.js';

export const defaults = { gradientNorm: gradientOptions.parse({}), weightNorm: weightOptions.parse({}) } as const;
const { window: normWindow, spikeScore, spikeFactor, patience: inARow } = defaults.gradientNorm;
const { window, windows } = defaults.weightNorm;

/** From which on Iglewicz and Hoaglin (1993) call a number an outlier. */
const outlier = 3.5;
const shortWindow = normWindow / 2;

interface Quantity {
  readonly what: string;
  /** How the numbers of several runs make one. */
  readonly over: 'sum' | 'max' | 'min';
  /** What the rule compares it with. */
  readonly threshold?: number;
}

export const quantities = {
  norms: { what: `gradient norms with ${enough} or more before them`, over: 'sum' },
  flagged: { what: `of these, modified z-score of ${outlier} or more`, over: 'sum' },
  flaggedTenfold: { what: `of these, also ${spikeFactor} times the median or more`, over: 'sum' },
  spikes: { what: `score of ${spikeScore} and ${spikeFactor} times the median of ${normWindow}: a spike`, over: 'sum' },
  spikesOfHalf: { what: `the same with the median of ${shortWindow}`, over: 'sum' },
  highestScore: { what: 'highest score', over: 'max', threshold: defaults.gradientNorm.spikeScore },
  highestTenfoldScore: { what: `highest score of a norm ${spikeFactor} times the median`, over: 'max', threshold: defaults.gradientNorm.spikeScore },
  spikeOverStart: { what: `largest spike (of ${normWindow} or of ${shortWindow} norms) over the level at the start`, over: 'max', threshold: defaults.gradientNorm.spikeFactor },
  lowestDepthRatio: { what: `first kernel's gradient over the last one's, lowest median of ${inARow}`, over: 'min', threshold: defaults.gradientNorm.vanishingRatio },
  highestDepthRatio: { what: `the same, highest median of ${inARow}`, over: 'max', threshold: defaults.gradientNorm.explodingRatio },
  keptOverStart: { what: `level that ${inARow} norms in a row kept to, over that at the start`, over: 'max', threshold: defaults.gradientNorm.explodingFactor },
  keptOverLowest: { what: 'the same, over the lowest level before', over: 'max', threshold: defaults.gradientNorm.explodingFactor },
  growthInVain: { what: `kernel's growth over ${windows} windows, rising, loss not falling`, over: 'max', threshold: defaults.weightNorm.growthFactor },
  growthWithProgress: { what: 'the same, loss falling', over: 'max', threshold: defaults.weightNorm.growthFactor },
  lowestUpdateRatio: { what: `update over weight, a kernel's lowest median of ${window}`, over: 'min', threshold: defaults.weightNorm.lowestRatio },
  highestUpdateRatio: { what: `the same, highest median of ${window}`, over: 'max', threshold: defaults.weightNorm.highestRatio },
} as const satisfies Record<string, Quantity>;

export type QuantityName = keyof typeof quantities;
/** Numbers of a run, or of several; a quantity that never came up is left out. */
export type Quantities = Readonly<Partial<Record<QuantityName, number>>>;

export const quantityNames = Object.keys(quantities) as readonly QuantityName[];

/** Every stretch of `length` neighbours, with the place after its end. */
function* stretches<T>(values: readonly T[], length: number): Generator<{ readonly stretch: readonly T[]; readonly end: number }> {
  for (let end = length; end <= values.length; end += 1) yield { stretch: values.slice(end - length, end), end };
}

const largest = (values: readonly number[]): number | undefined => (values.length === 0 ? undefined : max([...values]));
const smallest = (values: readonly number[]): number | undefined => (values.length === 0 ? undefined : min([...values]));
const isPositive = (value: number | null): value is number => value !== null && value > 0 && Number.isFinite(value);

interface Judged {
  readonly norm: number;
  readonly score: number;
  readonly overMedian: number;
}

/** Each norm among up to `length` before it. */
function judge(norms: readonly number[], length: number): Judged[] {
  return norms.slice(enough).map((norm, i) => {
    const before = norms.slice(Math.max(0, i + enough - length), i + enough);
    return { norm, score: robustScore(before.map(Math.log), Math.log(norm)), overMedian: norm / median(before) };
  });
}

function ofNorms(norms: readonly number[]): Quantities {
  if (norms.length <= enough) return { norms: 0 };
  const start = median(norms.slice(0, enough));
  const [judged, judgedShort] = [judge(norms, normWindow), judge(norms, shortWindow)];
  const isSpike = ({ score, overMedian }: Judged): boolean => score >= spikeScore && overMedian >= spikeFactor;
  const [spikes, spikesOfHalf] = [judged.filter(isSpike), judgedShort.filter(isSpike)];
  const flagged = judged.filter(({ score }) => score >= outlier);
  const tenfold = judged.filter(({ overMedian }) => overMedian >= spikeFactor);
  const overStart: number[] = [];
  const overLowest: number[] = [];
  let lowest = start;
  for (const { stretch } of stretches(norms, enough + inARow)) {
    const kept = min(stretch.slice(enough));
    lowest = Math.min(lowest, median(stretch.slice(0, enough)));
    overStart.push(kept / start);
    overLowest.push(kept / lowest);
  }
  return {
    norms: judged.length,
    flagged: flagged.length,
    flaggedTenfold: flagged.filter(({ overMedian }) => overMedian >= spikeFactor).length,
    spikes: spikes.length,
    spikesOfHalf: spikesOfHalf.length,
    ...defined({
      highestScore: largest(judged.map(({ score }) => score)),
      highestTenfoldScore: largest(tenfold.map(({ score }) => score)),
      spikeOverStart: largest([...spikes, ...spikesOfHalf].map(({ norm }) => norm / start)),
      keptOverStart: largest(overStart),
      keptOverLowest: largest(overLowest),
    }),
  };
}

function ofWeights(points: readonly WeightPoint[]): Quantities {
  const growths = { inVain: [] as number[], withProgress: [] as number[] };
  const ratios: number[] = [];
  const windowMedians = (values: readonly number[]): number[] => Array.from({ length: windows }, (_, i) => median(values.slice(i * window, (i + 1) * window)));
  for (const name of points[0]?.kernels.keys() ?? []) {
    for (const { stretch } of stretches(points.map(({ kernels }) => kernels.get(name)?.updateRatio ?? NaN).filter(Number.isFinite), window)) ratios.push(median([...stretch]));
    // weightNorm lets the first window pass.
    for (const { stretch } of stretches(points.slice(window), window * windows)) {
      const medians = windowMedians(stretch.map(({ kernels }) => kernels.get(name)?.norm ?? NaN));
      const losses = windowMedians(stretch.map(({ loss }) => loss));
      const factor = medians[windows - 1]! / medians[0]!;
      const isRising = medians.every((each, i) => i === 0 || each > medians[i - 1]!);
      const hasFallen = losses[windows - 1]! < losses[0]!;
      if (isRising && Number.isFinite(factor)) growths[hasFallen ? 'withProgress' : 'inVain'].push(factor);
    }
  }
  return defined({
    growthInVain: largest(growths.inVain),
    growthWithProgress: largest(growths.withProgress),
    // A ratio of exactly 0 is told as an unchanged weight.
    lowestUpdateRatio: smallest(ratios.filter(isPositive)),
    highestUpdateRatio: largest(ratios),
  });
}

export function quantitiesOf({ gradients, weights }: Series): Quantities {
  const ratios = [...stretches(gradients.flatMap(({ firstToLast }) => (firstToLast === null ? [] : [firstToLast])), inARow)].map(({ stretch }) => median([...stretch]));
  return {
    ...ofNorms(gradients.map(({ norm }) => norm).filter(isPositive)),
    ...ofWeights(weights),
    ...defined({ lowestDepthRatio: smallest(ratios), highestDepthRatio: largest(ratios) }),
  };
}

/** One set of numbers out of those of several runs. */
export function together(all: readonly Quantities[]): Quantities {
  return defined(
    Object.fromEntries(
      quantityNames.map((name) => {
        const values = all.flatMap((each) => each[name] ?? []);
        return [name, quantities[name].over === 'sum' ? sum(values) : quantities[name].over === 'max' ? largest(values) : smallest(values)];
      }),
    ),
  );
}

const defined = (values: Readonly<Partial<Record<QuantityName, number | undefined>>>): Quantities =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
