import type { ObserverContext, RandomStream } from 'trainscope/plugin';

/**
 * Random numbers of a batch that its place in the run alone decides: the step, and which batch of the step it is where
 * gradients are accumulated. A run that is resumed, or a step that is rehearsed, draws the same.
 */
export class StepStreams {
  #batch = -1;
  #step = -1;

  /** Call once a batch, in the hook `batch`. @returns what gives the stream of a name for this batch */
  next({ step, derive }: Pick<ObserverContext, 'step' | 'derive'>): (name: string) => RandomStream {
    this.#batch = step === this.#step ? this.#batch + 1 : 0;
    this.#step = step;
    const batch = this.#batch;
    return (name) => derive(`step/${String(step)}/${String(batch)}/${name}`);
  }

  /** Call in the hook `gradients`, which comes once a step: the same step may be done again, as a rehearsal. */
  endStep(): void {
    this.#step = -1;
  }
}
