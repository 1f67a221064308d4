import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import { Trainer, withoutSuperseded, type DataSource, type FitOptions, type FitResult, type TrainerOptions, type TrainscopeEvent } from 'trainscope';
import type { AnyPlugin } from 'trainscope/plugin';
import { checkpoint } from 'trainscope/plugins';

/** A training that can be begun again and again in the same way. */
export interface Training {
  readonly options: () => Omit<TrainerOptions, 'plugins' | 'sinks'>;
  /** Beside the checkpoints. */
  readonly plugins?: () => readonly AnyPlugin[];
  readonly data: () => DataSource;
  readonly fit: () => FitOptions;
  readonly checkpoint: Parameters<typeof checkpoint>[0];
}

/** What a training came to. */
export interface Outcome {
  /** Bytes of every weight, in hexadecimal. */
  readonly weights: readonly string[];
  readonly history: readonly object[];
  readonly events: readonly object[];
  readonly result: FitResult;
  readonly resumes: number;
}

/** Thrown to end a training as a crash would. */
class Crash extends Error {}

/** Fields of time and of what depends on it, and those that tell of the folder, which is another for each training. */
const timely = new Set(['folder', 'times', 'configurationHash', 'ms', 'milliseconds', 'time', 'runId', 'seq', 'share', 'hooks']);

/** TensorFlow.js numbers the weights of a process: `hidden/kernel_7`. Here several trainings share one. */
const unnumbered = (text: string): string => text.replace(/(\/[a-z_]+)_\d+/g, '$1');

/** Without times and ids. */
export const comparable = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? unnumbered(value) : typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, each]) => (timely.has(key) ? [] : [[unnumbered(key), comparable(each)]])));
};

/** Events of the last run in a log that count, without times and ids. */
export function comparableEvents(log: readonly TrainscopeEvent[]): readonly object[] {
  const runId = log.at(-1)?.runId;
  return withoutSuperseded(log)
    .filter((event) => event.runId === runId && event.event !== 'resume' && event.event !== 'plugin-slow')
    .map((event) => comparable(event) as object);
}

/**
 * Trains, and crashes before each of the steps given, in that order; each time a new trainer goes on from the folder.
 * @param crashes Steps, counted as the trainer counts them; none for a training that is not interrupted.
 */
export async function trainThrough(training: Training, crashes: readonly number[] = []): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'trainscope-resume-'));
  const log: TrainscopeEvent[] = [];
  const left = [...crashes];
  let resumes = 0;
  try {
    for (;;) {
      const next = left.shift();
      const trainer = new Trainer({
        progress: false,
        ...training.options(),
        plugins: [...(training.plugins?.() ?? []), checkpoint({ ...training.checkpoint, folder })],
      });
      trainer.onAny((event) => log.push(event));
      trainer.hook('gradients', (_payload, context) => {
        if (context.step === next) throw new Crash('the machine is gone');
      });
      try {
        if ((await trainer.resume(folder, { missing: 'start' })) !== undefined) resumes += 1;
        const result = await trainer.fit(training.data(), training.fit());
        const model = trainer.model as { readonly weights: readonly { read(): tf.Tensor }[] };
        const weights = model.weights.map((weight) => Buffer.from(Float32Array.from(weight.read().dataSync()).buffer).toString('hex'));
        return { weights, history: result.history.map((record) => comparable(record) as object), events: comparableEvents(log), result, resumes };
      } catch (error) {
        if (!(error instanceof Error && error.cause instanceof Crash)) throw error;
      } finally {
        disposeModel(trainer.model);
        await trainer.dispose();
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function disposeModel(model: unknown): void {
  (model as { dispose?: () => void } | undefined)?.dispose?.();
}
