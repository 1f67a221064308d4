import { numbers } from '../support/numbers.js';
import { scheduleNames, type ScheduleName } from './schedules.js';

export const backends = ['cpu', 'wasm'] as const;
export const dataKinds = ['tensors', 'arrays', 'shuffled-dataset', 'seekable', 'replayed'] as const;
export const optimizers = ['momentum', 'adam', 'rmsprop'] as const;
/** When a checkpoint is taken: after so many steps, or at the end of each epoch. */
export const cadences = [1, 3, 7, 'epoch'] as const;

/** A training that is killed, as plain JSON: what the child process is told. */
export interface Variation {
  readonly number: number;
  /** Decides samples, initial weights, order and dropout. */
  readonly seed: number;
  readonly backend: (typeof backends)[number];
  readonly data: (typeof dataKinds)[number];
  readonly schedule: ScheduleName;
  readonly optimizer: (typeof optimizers)[number];
  readonly accumulateSteps: 1 | 3;
  readonly every: (typeof cadences)[number];
  /** Whether early stopping, which always restores the best weights, comes before the last epoch. */
  readonly stopsEarly: boolean;
  /** Whether a program that prints readings is found as nvidia-smi: a child that must not outlive the killed one. */
  readonly hasGpu: boolean;
  readonly epochs: number;
}

const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/**
 * So many variations, the same for the same seed. Each list is gone through in an order of its own, so that every
 * value comes as soon and as often as any other of its list, in changing company.
 */
export function listVariations(count: number, seed: number, epochs = 8): readonly Variation[] {
  const random = numbers(seed);
  const inOrder = <T>(list: readonly T[]): readonly T[] => {
    const rounds: T[] = [];
    while (rounds.length < count) rounds.push(...shuffled(list, random));
    return rounds;
  };
  const columns = {
    backend: inOrder(backends),
    data: inOrder(dataKinds),
    schedule: inOrder(scheduleNames),
    optimizer: inOrder(optimizers),
    accumulateSteps: inOrder([1, 3] as const),
    every: inOrder(cadences),
    stopsEarly: inOrder([false, false, true]),
    hasGpu: inOrder([false, false, false, true]),
  };
  return Array.from({ length: count }, (_, i) => ({
    number: i + 1,
    seed: Math.floor(random() * 2 ** 31),
    backend: at(columns.backend, i),
    data: at(columns.data, i),
    schedule: at(columns.schedule, i),
    optimizer: at(columns.optimizer, i),
    accumulateSteps: at(columns.accumulateSteps, i),
    every: at(columns.every, i),
    stopsEarly: at(columns.stopsEarly, i),
    hasGpu: at(columns.hasGpu, i),
    epochs,
  }));
}

/** Fisher and Yates. */
function shuffled<T>(list: readonly T[], random: () => number): readonly T[] {
  const all = [...list];
  for (let last = all.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [all[last], all[other]] = [all[other] as T, all[last] as T];
  }
  return all;
}

/** In a few words, for tables. */
export const describeVariation = ({ backend, data, schedule, optimizer, accumulateSteps, every, stopsEarly, hasGpu }: Variation): string =>
  [backend, data, schedule, optimizer, `accumulates ${String(accumulateSteps)}`, every === 'epoch' ? 'checkpoint an epoch' : `checkpoint every ${String(every)}`, ...(stopsEarly ? ['stops early'] : []), ...(hasGpu ? ['nvidia-smi'] : [])].join(', ');
