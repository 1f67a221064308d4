import * as tf from '@tensorflow/tfjs-core';
import type { LoopPlaceName } from 'trainscope/plugin';
import { siteFrom } from './site.js';

/** Tensors of one place that stay. */
export interface Group {
  readonly site: string | null;
  readonly function: string | null;
  readonly kernel: string | null;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly count: number;
  readonly bytes: number;
  /** The first and the last step in which some were made, and in how many. */
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  readonly phase: string | null;
  readonly plugin: string | null;
  readonly hook: string | null;
}

/** A tensor that outlived the step in which it was made. */
interface Survivor {
  /** Weak: what nobody holds any more is for the garbage collector, on backends that leave it to that; it leaks all the same. */
  readonly tensor: WeakRef<tf.Tensor>;
  readonly made: Making;
}

interface Making {
  readonly kernel: string | null;
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
  readonly step: number;
  readonly place: LoopPlaceName;
  /** Read when it is needed: what makes text of it is far dearer than what takes it. */
  readonly trace: { readonly stack?: string };
}

/**
 * In how many steps the tensors of one place have to be made for them to be a leak. Two: a copy that is kept, and the one
 * that is about to take its place.
 */
const leastSteps = 3;

const bytesOf = ({ shape, dtype }: Making): number => (dtype === 'string' ? 0 : tf.util.sizeFromShape([...shape]) * tf.util.bytesPerElement(dtype));

/** Which tensors were made where, and which of them stay. */
export class TensorLedger {
  #recent: { readonly tensor: tf.Tensor; readonly made: Making }[] = [];
  #survivors = new Map<number, Survivor>();
  readonly #frames: number;

  constructor(frames: number) {
    this.#frames = frames;
  }

  /** Takes in a new tensor, with the stack that made it. */
  add(tensor: tf.Tensor, kernel: string | null, step: number, place: LoopPlaceName): void {
    const trace: { stack?: string } = {};
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = this.#frames;
    Error.captureStackTrace(trace);
    Error.stackTraceLimit = limit;
    this.#recent.push({ tensor, made: { kernel, shape: tensor.shape, dtype: tensor.dtype, step, place, trace } });
  }

  /** Forgets what has been disposed of. */
  sweep(): void {
    for (const [id, { tensor }] of this.#survivors) if (tensor.deref()?.isDisposed === true) this.#survivors.delete(id);
    // A variable that is assigned is counted anew under its own id: the latest making stands.
    for (const { tensor, made } of this.#recent) if (!tensor.isDisposed) this.#survivors.set(tensor.id, { tensor: new WeakRef(tensor), made });
    this.#recent = [];
  }

  /** Tensors by the place that made them, of those places whose tensors of several steps are older than `before`: most bytes last. */
  groups(before: number): readonly Group[] {
    const found = new Map<string, { makings: Making[]; site: ReturnType<typeof siteFrom> }>();
    for (const { made } of this.#survivors.values()) {
      if (made.step > before) continue;
      const site = siteOf(made);
      const key = JSON.stringify([site.place, site.function, made.kernel, made.shape, made.dtype, made.place.hook?.plugin ?? null, made.place.hook?.name ?? null]);
      const group = found.get(key);
      if (group === undefined) found.set(key, { makings: [made], site });
      else group.makings.push(made);
    }
    return [...found.values()].flatMap(({ makings, site }): Group[] => {
      // The latest tells best: what was made before the first step was made by another caller.
      const last = makings.at(-1);
      const steps = new Set(makings.map(({ step }) => step));
      if (last === undefined || steps.size < leastSteps) return [];
      return [
        {
          site: site.place,
          function: site.function,
          kernel: last.kernel,
          shape: last.shape,
          dtype: last.dtype,
          count: makings.length,
          bytes: makings.reduce((sum, each) => sum + bytesOf(each), 0),
          from: Math.min(...steps),
          to: Math.max(...steps),
          steps: steps.size,
          phase: last.place.phase ?? null,
          plugin: last.place.hook?.plugin ?? null,
          hook: last.place.hook?.name ?? null,
        },
      ];
    }).sort((a, b) => b.bytes - a.bytes || b.count - a.count);
  }
}

const sites = new WeakMap<Making, ReturnType<typeof siteFrom>>();

const siteOf = (made: Making): ReturnType<typeof siteFrom> => {
  let site = sites.get(made);
  if (site === undefined) sites.set(made, (site = siteFrom(made.trace.stack ?? '')));
  return site;
};
