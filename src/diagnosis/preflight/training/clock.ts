import type { Lab } from '../lab.js';

/** Milliseconds of the training stage after which runs are as short as they may be: some three times what a small set-up takes. Chosen here. */
const enough = 12_000;
const begun = new WeakMap<Lab, number>();

/** Starts the stage's clock, where it does not go yet. */
export function startClock(lab: Lab): void {
  if (!begun.has(lab)) begun.set(lab, performance.now());
}

/** Whether the stage has taken so long that what is left of it has to be brief. */
export const isBrief = (lab: Lab): boolean => performance.now() - (begun.get(lab) ?? Infinity) > enough;
