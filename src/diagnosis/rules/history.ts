import { z } from 'zod';
import type { Seen } from './rule.js';
import { emptyPace, paceSchema, withInterval } from './pace.js';
import { emptyRates, ratesSchema, withRate } from './rates-seen.js';
import { emptyTrack, put, trackSchema } from './track.js';
import { trainingStatistics, type OutputStatistics, type Statistics, type WeightStatistics } from './statistics.js';

/** Readings kept as they are, at the start of the run and of the newest. */
export const firstKept = 10;
export const recentKept = 20;
/** Epochs kept one by one. */
const epochsKept = 256;

const epochRecord = z.strictObject({ epoch: z.int(), loss: z.number().nullable(), validation: z.number().nullable(), metrics: z.record(z.string(), z.number()), validationMetrics: z.record(z.string(), z.number()) });
export type EpochRecord = z.output<typeof epochRecord>;

const weightHistory = z.strictObject({
  norms: trackSchema,
  first: z.number(),
  recentRatios: z.array(z.number()),
  unchanged: z.int().min(0),
});
const layerHistory = z.strictObject({ deadAtStart: z.number(), dead: z.array(z.number()), saturated: z.array(z.number()) });

/** What most rules need of a run so far: plain JSON of bounded size, so that a checkpoint holds it. */
export const historySchema = z.strictObject({
  /** Epochs planned, counted over all fits; null when not told. */
  plannedEpochs: z.int().nullable().default(null),
  regularised: z.boolean().nullable().default(null),
  step: z.int().default(0),
  epoch: z.int().default(0),
  measurements: z.int().default(0),
  lossStep: z.int().default(-1),
  firstLosses: z.array(z.number()).default([]),
  recentLosses: z.array(z.number()).default([]),
  losses: trackSchema.default(emptyTrack),
  nonFiniteLosses: z.int().default(0),
  epochs: z.array(epochRecord).default([]),
  /** The newest measurement, and the newest of which loss and gradients were finite. */
  latest: trainingStatistics.nullable().default(null),
  latestFinite: z.strictObject({ step: z.int(), of: trainingStatistics }).nullable().default(null),
  layers: z.record(z.string(), layerHistory).default({}),
  weights: z.record(z.string(), weightHistory).default({}),
  /** Norms of all gradients that were positive and finite. */
  firstGradients: z.array(z.number()).default([]),
  recentGradients: z.array(z.number()).default([]),
  /** First kernel's gradient over the last one's. */
  depthRatios: z.array(z.number()).default([]),
  /** The largest update-to-weight ratio of a kernel by measurement. */
  updateRatios: trackSchema.default(emptyTrack),
  largestUpdateRatio: z.strictObject({ step: z.int(), ratio: z.number(), weight: z.string() }).nullable().default(null),
  /** How closely predictions follow labels, of the output that does it best, by measurement: see associationOf. */
  associations: z.array(z.number()).default([]),
  firstAssociations: z.array(z.number()).default([]),
  /** Share of the class predicted most, in batches of which no label has more than nine tenths. */
  topShares: z.array(z.number()).default([]),
  learningRate: z.number().nullable().default(null),
  pace: paceSchema.default(emptyPace),
  rates: ratesSchema.default(emptyRates),
});
export type History = z.output<typeof historySchema>;

export const emptyHistory = (): History => historySchema.parse({});

/** A weight may be called `constructor`, which every object has something under. */
const ownOf = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined => (Object.hasOwn(record, name) ? record[name] : undefined);

const newest = (values: readonly number[], value: number, length = recentKept): number[] => (Number.isFinite(value) ? [...values, value].slice(-length) : [...values]);

/** The kernels that training changes, in the model's order. */
export const kernelsOf = ({ weights }: Statistics): (readonly [string, WeightStatistics])[] => Object.entries(weights).filter(([, { isKernel, trainable }]) => isKernel && trainable);

/**
 * How closely predictions follow labels whatever the loss is: the larger of Pearson's r and Cohen's kappa (agreement
 * beyond chance, 1960), 0 for a constant. Null where labels cannot be compared, and for a batch of one class.
 */
export function associationOf({ correlation, labelSpread, spread, classes, samples }: OutputStatistics): number | null {
  if (labelSpread === null || !(labelSpread > 0) || samples < 2 || !Number.isFinite(spread)) return null;
  // Not a constant in name only: rounding leaves a spread of 1e-7 that correlates with anything.
  const r = spread > 1e-6 * labelSpread ? (correlation ?? 0) : 0;
  const kappa = classes === null || classes.chance >= 1 ? r : (classes.agreement - classes.chance) / (1 - classes.chance);
  return Math.abs(kappa) > Math.abs(r) && kappa > 0 ? kappa : r;
}

/** The history with one event more. */
export function remember(before: History, event: Seen): History {
  const now = { ...before, step: Math.max(before.step, event.step), epoch: Math.max(before.epoch, event.epoch) };
  switch (event.event) {
    case 'run-start':
      return { ...now, plannedEpochs: event.epoch + event.data.epochs, regularised: event.data.regularised, pace: { ...emptyPace, step: event.step, from: event.step } };
    case 'resume':
      // Times count from here on, as those of a fit from its start.
      return { ...now, plannedEpochs: event.data.plannedEpochs ?? now.plannedEpochs, pace: { ...emptyPace, step: event.step, from: event.step } };
    case 'step':
      return withLoss({ ...now, learningRate: event.data.learningRate, rates: withRate(now.rates, event.step, event.data.learningRate) }, event.step, event.data.loss);
    case 'training-statistics':
      return withStatistics(
        withLoss({ ...now, learningRate: event.data.learningRate, rates: withRate(now.rates, event.step, event.data.learningRate), pace: withInterval(now.pace, event.step, event.data.times.loop) }, event.step, event.data.loss),
        event.step,
        event.data,
      );
    case 'epoch-end': {
      const { metrics, validation } = event.data;
      const finite = (of: Readonly<Record<string, number>>): Record<string, number> => Object.fromEntries(Object.entries(of).filter(([, value]) => Number.isFinite(value)));
      const own = finite(metrics);
      const others = finite(validation ?? {});
      const record = { epoch: event.epoch, loss: own['loss'] ?? null, validation: others['loss'] ?? null, metrics: own, validationMetrics: others };
      const all = [...now.epochs, record];
      // Every other one of the older half goes, and the newest stay.
      return { ...now, epochs: all.length <= epochsKept ? all : all.filter((_, i) => i >= epochsKept / 2 || i % 2 === 0) };
    }
    case 'run-end':
      return now;
  }
}

/** A log may hold the loss of one step twice: it counts once. */
function withLoss(before: History, step: number, loss: number): History {
  if (step <= before.lossStep) return before;
  if (!Number.isFinite(loss)) return { ...before, lossStep: step, nonFiniteLosses: before.nonFiniteLosses + 1 };
  return {
    ...before,
    lossStep: step,
    firstLosses: before.firstLosses.length < firstKept ? [...before.firstLosses, loss] : before.firstLosses,
    recentLosses: newest(before.recentLosses, loss),
    losses: put(before.losses, step, loss),
  };
}

const isWhole = ({ loss, gradientNorm }: Statistics): boolean => Number.isFinite(loss) && Number.isFinite(gradientNorm);

function withStatistics(before: History, step: number, now: Statistics): History {
  const kernels = kernelsOf(now);
  const finite = isWhole(now);
  const ratios = kernels.flatMap(([name, { norm, updateNorm }]) => (norm > 0 && Number.isFinite(updateNorm / norm) ? [{ step, ratio: updateNorm / norm, weight: name }] : []));
  const [largest] = ratios.toSorted((a, b) => b.ratio - a.ratio);
  const [first, last] = [kernels[0]?.[1].gradientNorm ?? NaN, kernels.at(-1)?.[1].gradientNorm ?? NaN];
  const depth = kernels.length < 2 ? NaN : first === 0 && last === 0 && now.gradientNorm > 0 ? 0 : first / last;
  const associations = now.outputs.flatMap((each) => associationOf(each) ?? []);
  const strongest = associations.toSorted((a, b) => Math.abs(b) - Math.abs(a))[0] ?? NaN;
  const [output] = now.outputs;
  const classes = output?.classes ?? null;
  const varied = classes !== null && (output?.samples ?? 0) >= 8 && classes.topLabel < 0.9;
  // After a NaN the numbers of the layers mean nothing: relu makes it a 0 on some backends.
  if (!finite) return { ...before, measurements: before.measurements + 1, latest: now };
  const isPositive = now.gradientNorm > 0 && Number.isFinite(now.gradientNorm);
  const others = kernels.some(([, { updateNorm, norm }]) => updateNorm > 1e-6 * norm);
  return {
    ...before,
    measurements: before.measurements + 1,
    latest: now,
    latestFinite: { step, of: now },
    firstGradients: isPositive && before.firstGradients.length < firstKept ? [...before.firstGradients, now.gradientNorm] : before.firstGradients,
    recentGradients: isPositive ? newest(before.recentGradients, now.gradientNorm) : before.recentGradients,
    depthRatios: newest(before.depthRatios, depth),
    updateRatios: largest === undefined ? before.updateRatios : put(before.updateRatios, step, largest.ratio),
    // A kernel that starts at 0 has a ratio of 1 after its first update: the first measurement is let pass.
    largestUpdateRatio: largest !== undefined && before.measurements > 0 && largest.ratio > (before.largestUpdateRatio?.ratio ?? 0) ? largest : before.largestUpdateRatio,
    associations: newest(before.associations, strongest),
    firstAssociations: before.firstAssociations.length < 3 ? newest(before.firstAssociations, strongest) : before.firstAssociations,
    topShares: varied ? newest(before.topShares, classes.topPredicted) : before.topShares,
    layers: Object.fromEntries(
      Object.entries(now.layers).map(([name, each]) => {
        const known = ownOf(before.layers, name) ?? { deadAtStart: Number.isFinite(each.deadUnits) ? each.deadUnits : 0, dead: [], saturated: [] };
        const saturated = each.activation === 'tanh' ? each.beyondTanh : each.activation === 'sigmoid' ? each.beyondSigmoid : NaN;
        return [name, { deadAtStart: known.deadAtStart, dead: newest(known.dead, each.deadUnits, 10), saturated: newest(known.saturated, saturated, 10) }];
      }),
    ),
    weights: Object.fromEntries(
      kernels.map(([name, { norm, updateNorm, gradientNorm }]) => {
        // Where all stand still and have gradients, the update was skipped, as gradient accumulation does.
        const stands = updateNorm === 0 && (others || gradientNorm === null || gradientNorm === 0);
        const known = ownOf(before.weights, name) ?? { norms: emptyTrack, first: Number.isFinite(norm) ? norm : 0, recentRatios: [], unchanged: 0 };
        return [name, { ...known, norms: put(known.norms, step, norm), recentRatios: newest(known.recentRatios, updateNorm / norm, 10), unchanged: stands ? known.unchanged + 1 : updateNorm === 0 ? known.unchanged : 0 }];
      }),
    ),
  };
}
