import { isPlateau, type RatelessSpec, type ScheduleOption } from './schedule-option.js';

/** What a schedule counts. */
export const units = ['step', 'epoch'] as const;
export type Unit = (typeof units)[number];

/** Those that PyTorch's documentation steps after every batch, and those whose papers and Hugging Face count updates. */
const countsSteps: ReadonlySet<RatelessSpec['kind']> = new Set(['oneCycle', 'cyclic', 'warmup', 'inverseSquareRoot']);

/**
 * What a schedule counts when nobody says: steps for oneCycle, cyclic, warmup, inverseSquareRoot, for what is put together
 * with one of them, and for a function (optax' convention); epochs for all others, as in PyTorch's documentation.
 */
export function usualUnit(option: ScheduleOption): Unit {
  if (typeof option === 'function') return 'step';
  if (isPlateau(option)) return 'epoch';
  if (countsSteps.has(option.kind)) return 'step';
  const parts = 'schedules' in option ? option.schedules : 'factors' in option ? [option.schedule, ...option.factors] : [];
  return parts.some((part) => usualUnit(part) === 'step') ? 'step' : 'epoch';
}
