import { newest } from '../shared/newest.js';
import { isKernel } from '../shared/weight-facts.js';
import { theilSenSlope } from '../shared/theil-sen.js';
import type { Options, State } from './contract.js';
import type { Reading, WeightReading } from './reading.js';

/** Weights that are listed and whose growth is followed: statistics follow the data, and biases are a matter of choice. */
export const followed = ({ weights }: Reading, { biases }: Options): readonly WeightReading[] =>
  weights.filter(({ info }) => info.role !== 'statistic' && (biases || info.role !== 'bias'));

/** Takes a measurement into what is remembered. */
export function remember(before: State, now: Reading, options: Options): State {
  const length = options.window * options.windows;
  const trainable = now.weights.filter(({ info }) => info.trainable).map(({ info }) => info.name);
  const same = trainable.length === before.trainable.length && trainable.every((name, i) => name === before.trainable[i]);
  const ratios = now.weights.flatMap(({ info, updateRatio }) =>
    isKernel(info) && info.trainable && updateRatio !== null && Number.isFinite(updateRatio) ? [[info.name, newest(before.ratios[info.name] ?? [], updateRatio, options.window)] as const] : [],
  );
  return {
    ...before,
    measurements: before.measurements + 1,
    steps: newest(before.steps, now.step, length),
    losses: newest(before.losses, now.loss, length),
    norms: Object.fromEntries(followed(now, options).map(({ info, norm }) => [info.name, newest(before.norms[info.name] ?? [], norm, length)])),
    global: newest(same ? before.global : [], now.global.norm, length),
    trainable,
    ratios: Object.fromEntries(ratios),
  };
}

/** Relative growth a step over the newest window: 0.001 is 0.1% a step. */
export function growthOf(norms: readonly number[], { steps }: State, { window }: Options): number | null {
  if (norms.length < window) return null;
  const logarithms: number[] = [];
  for (let i = norms.length - window; i < norms.length; i += 1) {
    const norm = norms[i] ?? NaN;
    if (!(norm > 0 && Number.isFinite(norm))) return null;
    logarithms.push(Math.log(norm));
  }
  return theilSenSlope(steps.slice(-window), logarithms);
}
