import type { Sink } from '../events/index.js';
import type { FitResult } from '../trainer/trainer.js';

/** What a training in a worker thread is given. */
export interface TrainingRoom<Data = unknown> {
  /** Takes events to the main thread: `new Trainer({ sinks: [sink] })`. Without it nothing is heard there. */
  readonly sink: Sink;
  /** Aborted by stop() and by the signal of the main thread: `trainer.fit(data, { signal })`. */
  readonly signal: AbortSignal;
  /** A copy of what the main thread gave, or the thing itself where it was transferred. */
  readonly data: Data;
}

/** The default export of a module that trains in a worker thread. */
export type Training<Data = unknown, Result = FitResult> = (room: TrainingRoom<Data>) => Result | Promise<Result>;

/** Any training: what a type parameter is held to. */
export type AnyTraining = (room: never) => unknown;

/** What the main thread has to give to a training. */
export type DataOf<T extends AnyTraining> = Parameters<T>[0] extends TrainingRoom<infer Data> ? Data : unknown;

/** What a training's result is on the main thread: a copy, so of plain data, typed arrays, maps and sets. */
export type ResultOf<T extends AnyTraining> = Awaited<ReturnType<T>>;

/**
 * Types a training: the module that the main thread names exports it as its default. It runs in the worker, with a
 * TensorFlow.js of its own. What it returns is copied to the main thread: the result of fit, or any plain data, whose
 * type is inferred where the type of the data stands at the parameter (`({ data }: TrainingRoom<Data>) => ...`).
 *
 * @example
 * export default defineTraining<{ epochs: number }>(async ({ sink, signal, data }) => {
 *   const trainer = new Trainer({ model, loss: 'meanSquaredError', sinks: [sink] });
 *   return trainer.fit(samples, { epochs: data.epochs, signal });
 * });
 */
export const defineTraining = <Data = unknown, Result = FitResult>(run: Training<Data, Result>): Training<Data, Result> => run;
