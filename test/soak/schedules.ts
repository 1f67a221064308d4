import type { PlateauSpec, RatelessSpec } from '../../plugins/lr-scheduler.js';

const rate = 0.02;
/** Lengths are steps where a schedule counts steps: within a training of 8 epochs of 4 to 12 steps, so that something happens. */
export const schedules = {
  constant: { kind: 'constant', learningRate: rate },
  constantFactor: { kind: 'constantFactor', learningRate: rate, factor: 0.5, totalIters: 3 },
  step: { kind: 'step', learningRate: rate, stepSize: 2 },
  multiStep: { kind: 'multiStep', learningRate: rate, milestones: [2, 5] },
  exponential: { kind: 'exponential', learningRate: rate, gamma: 0.8 },
  polynomial: { kind: 'polynomial', learningRate: rate, totalIters: 6, power: 2 },
  linear: { kind: 'linear', learningRate: rate, totalIters: 5 },
  cosine: { kind: 'cosine', learningRate: rate, tMax: 8 },
  cosineWithWarmRestarts: { kind: 'cosineWithWarmRestarts', learningRate: rate, t0: 2, tMult: 2 },
  oneCycle: { kind: 'oneCycle', maxLr: 0.05, totalSteps: 100 },
  cyclic: { kind: 'cyclic', baseLr: 0.001, maxLr: 0.03, stepSizeUp: 9 },
  inverseSquareRoot: { kind: 'inverseSquareRoot', learningRate: rate, warmupSteps: 10 },
  warmupThenCosine: { kind: 'warmup', steps: 12, schedule: { kind: 'cosine', learningRate: rate, tMax: 60 } },
  sequential: { kind: 'sequential', schedules: [{ kind: 'constant', learningRate: rate }, { kind: 'exponential', learningRate: rate, gamma: 0.9 }], milestones: [4] },
  chained: { kind: 'chained', schedule: { kind: 'cosine', learningRate: rate, tMax: 8 }, factors: [{ kind: 'step', learningRate: 1, stepSize: 3 }] },
  reduceOnPlateau: { kind: 'reduceOnPlateau', learningRate: rate, monitor: 'val_loss', patience: 1, factor: 0.5, threshold: 0.05 },
} as const satisfies Readonly<Record<string, RatelessSpec | PlateauSpec>>;

export type ScheduleName = keyof typeof schedules;
export const scheduleNames = Object.keys(schedules) as readonly ScheduleName[];
