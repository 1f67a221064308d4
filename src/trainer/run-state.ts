import { randomUUID } from 'node:crypto';
import { RandomStreams } from '../random/index.js';
import { Interrupt } from './interrupt.js';
import type { Metrics, StopReason } from '../plugin/index.js';

/** Who wants the fit to end, and why. */
export interface StopRequest {
  readonly reason: Exclude<StopReason, 'completed' | 'failed'>;
  readonly by: string | null;
  readonly message: string;
}

/** What changes while a trainer runs: the one mutable record that the loop, the contexts and the events look at. */
export class RunState {
  /** Of a run that was resumed, the one that it had. */
  runId: string = randomUUID();
  /** 1, and one more with every resume. */
  attempt = 1;
  /** Calls of fit so far. */
  fit = 0;
  /** From 1; 0 before the first. Goes on over calls of fit. */
  epoch = 0;
  /** Updates done; during a step, the one under way. */
  step = 0;
  stepInEpoch = 0;
  /** Samples seen since the first fit began. */
  samples = 0;
  findings = 0;
  metrics: Metrics = {};
  /** What every rate that is set is multiplied with: less than 1 after a roll-back. */
  rateScale = 1;
  #skipsUpdate = false;
  #forgetsBatch = false;
  #stop: StopRequest | undefined;
  /** Fires when anyone asks to stop. */
  stopping = new Interrupt();
  /** Fires when a signal asks to stop: nothing is to be finished but the step. */
  aborting = new Interrupt();
  /** Passes over the training data that were begun: the next one gets an order of its own. */
  passes = 0;
  streams: RandomStreams;
  /** Whether a plugin set the seed. */
  isReseeded = false;

  constructor(seed: number | undefined) {
    // Without a seed of the user's, one is drawn: it is in the run-start event, so that the run can be had again.
    this.streams = new RandomStreams(seed ?? Math.floor(Math.random() * 2 ** 31));
  }

  /** Starts every stream anew from another seed. */
  reseed(seed: number): void {
    this.isReseeded = true;
    this.streams = new RandomStreams(seed);
  }

  /** Who asked the fit to end, if anyone. */
  get stop(): StopRequest | undefined {
    return this.#stop;
  }

  /** A method and no field: hooks change the answer meanwhile, which the compiler cannot see of a field. */
  isStopping(): boolean {
    return this.#stop !== undefined;
  }

  clearStop(): void {
    this.#stop = undefined;
    this.stopping = new Interrupt();
    this.aborting = new Interrupt();
  }

  /** Before each step: its update is wanted until a hook says otherwise. */
  beginUpdate(): void {
    this.#skipsUpdate = false;
    this.#forgetsBatch = false;
  }

  skipUpdate(forgetBatch = false): void {
    this.#skipsUpdate = true;
    this.#forgetsBatch ||= forgetBatch;
  }

  /** Whether the step's batches are to leave no trace: neither in statistics of normalisation layers nor in the epoch's means. */
  isBatchForgotten(): boolean {
    return this.#forgetsBatch;
  }

  isUpdateSkipped(): boolean {
    return this.#skipsUpdate;
  }

  /** The first request counts: a later one does not change why the fit ended. */
  requestStop(request: Omit<StopRequest, 'message'> & { readonly message: unknown }): void {
    // A message from JavaScript may be anything, such as an Error.
    this.#stop ??= { ...request, message: String(request.message) };
    if (request.reason === 'aborted') this.aborting.fire();
    this.stopping.fire();
  }
}
