import type { SteererContext } from 'trainscope/plugin';
import type { ControlState, LiveAction } from 'trainscope/report';
import type { DashboardEvents } from './events.js';

type Context = SteererContext<DashboardEvents>;

/** A wish that waits for the end of the step under way. */
interface Waiting {
  readonly done: (message: string) => void;
  readonly fail: (error: unknown) => void;
}

/** How often the page is told of a learning rate that a schedule moves, ms. */
const tellRateMs = 500;

/**
 * Does between two steps what was asked for from the page. A stop alone is taken at once: it also ends the waiting for
 * data.
 */
export class RemoteControl {
  readonly #context: Context;
  readonly #tell: (state: ControlState) => void;
  #pause: Waiting | undefined;
  #rates: (Waiting & { readonly value: number })[] = [];
  /** While the training is held. */
  #held: { readonly goOn: () => void; readonly since: number } | undefined;
  #ended = false;
  #told: ControlState | undefined;
  #toldAt = -Infinity;

  constructor(context: Context, tell: (state: ControlState) => void) {
    this.#context = context;
    this.#tell = tell;
    this.#tellState();
  }

  /** @returns what is told to who asked. @throws Error where it cannot be done */
  async act(action: LiveAction): Promise<string> {
    if (this.#ended) throw new Error('The training has ended.');
    if (action.action === 'stop') return this.#stop();
    if (action.action === 'resume') return this.#resume();
    if (action.action === 'learning-rate') {
      if (this.#held !== undefined) return this.#setRate(action.value);
      return new Promise((done, fail) => {
        this.#rates.push({ value: action.value, done, fail });
      });
    }
    if (this.#held !== undefined) return 'It is paused already.';
    if (this.#pause !== undefined) return 'It is asked to pause already, and does after its present step.';
    return new Promise((done, fail) => {
      this.#pause = { done, fail };
    });
  }

  /** After a step: nothing in most. */
  betweenSteps(): Promise<void> | undefined {
    if (this.#rates.length > 0) for (const { value, done, fail } of this.#rates.splice(0)) this.#tryRate(value, done, fail);
    if (performance.now() - this.#toldAt >= tellRateMs) this.#tellState();
    return this.#pause === undefined ? undefined : this.#hold(this.#pause);
  }

  /** The page is gone: a training that only it could resume goes on. */
  release(): void {
    this.#held?.goOn();
    this.#pause = undefined;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const ended = new Error('The training has ended.');
    this.#pause?.fail(ended);
    for (const { fail } of this.#rates.splice(0)) fail(ended);
    this.#tellState();
  }

  async #hold({ done }: Waiting): Promise<void> {
    this.#pause = undefined;
    const { promise, resolve } = withResolve();
    this.#held = { goOn: resolve, since: performance.now() };
    this.#emit('pause');
    this.#tellState();
    done(`Paused after step ${String(this.#context.step)}.`);
    await this.#context.pauseUntil(promise);
    this.#held = undefined;
    this.#tellState();
  }

  #stop(): string {
    this.#emit('stop', { paused: this.#pausedFor() });
    this.#context.stop('stopped from the dashboard');
    this.#pause?.done('It was asked to stop.');
    this.#pause = undefined;
    return 'It stops: what is under way is finished first.';
  }

  #resume(): string {
    if (this.#pause !== undefined) {
      this.#pause.done('It goes on, before it was paused.');
      this.#pause = undefined;
      return 'It goes on.';
    }
    if (this.#held === undefined) return 'It is not paused.';
    this.#emit('resume', { paused: this.#pausedFor() });
    this.#held.goOn();
    return 'It goes on.';
  }

  #tryRate(value: number, done: (message: string) => void, fail: (error: unknown) => void): void {
    try {
      done(this.#setRate(value));
    } catch (error) {
      fail(error);
    }
  }

  #setRate(value: number): string {
    const previous = this.#context.learningRate;
    this.#context.learningRate = value;
    this.#emit('learning-rate', { value, previous });
    this.#tellState();
    return `The learning rate is ${String(value)}; it was ${String(previous)}.`;
  }

  #pausedFor(): number | null {
    return this.#held === undefined ? null : performance.now() - this.#held.since;
  }

  #emit(action: LiveAction['action'], more: { readonly value?: number; readonly previous?: number; readonly paused?: number | null } = {}): void {
    this.#context.emit('dashboard-control', { action, value: more.value ?? null, previous: more.previous ?? null, paused: more.paused ?? null });
  }

  #tellState(): void {
    this.#toldAt = performance.now();
    const state: ControlState = { paused: this.#held !== undefined, learningRate: this.#context.learningRate, ended: this.#ended };
    const told = this.#told;
    if (told !== undefined && told.paused === state.paused && told.learningRate === state.learningRate && told.ended === state.ended) return;
    this.#told = state;
    this.#tell(state);
  }
}

function withResolve(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
