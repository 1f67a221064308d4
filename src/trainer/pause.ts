import type { HookRunner } from '../plugin/runner.js';
import type { PhaseClock } from './phase-clock.js';
import type { RunState } from './run-state.js';

/** Longer than any pause; a timer takes up to 2 ** 31 - 1 ms. */
const foreverMs = 2 ** 30;

/** Holds the training for a plugin, until the promise settles or a stop is asked for. No phase is open meanwhile. */
export async function pauseUntil({ state, clock, runner }: { readonly state: RunState; readonly clock: PhaseClock; readonly runner: HookRunner }, plugin: string, goOn: PromiseLike<unknown>): Promise<void> {
  const began = performance.now();
  const phase = clock.enter(undefined);
  // A promise keeps no process: what ends the pause may be a socket that keeps none either.
  const staying = setInterval(() => undefined, foreverMs);
  try {
    await state.stopping.unlessFired(goOn);
  } finally {
    clearInterval(staying);
    clock.enter(phase);
    const attached = runner.attached.find((each) => each.plugin.name === plugin);
    if (attached !== undefined) attached.held += performance.now() - began;
  }
}
