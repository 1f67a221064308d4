import * as tf from '@tensorflow/tfjs-core';
import type { LoopPlaceName } from 'trainscope/plugin';
import { siteFrom, type Site } from './site.js';

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
  /** What is known without a stack: tensors of one place are alike in it. */
  readonly likeness: string;
  /** Text is made of it when it is needed. Undefined for the first of a likeness: see `TensorLedger`. */
  readonly trace: { readonly stack?: string } | undefined;
}

/**
 * In how many steps the tensors of one place have to be made for them to be a leak. Two: a copy that is kept, and the one
 * that is about to take its place.
 */
const leastSteps = 3;

const bytesOf = ({ shape, dtype }: Making): number => (dtype === 'string' ? 0 : tf.util.sizeFromShape([...shape]) * tf.util.bytesPerElement(dtype));

/**
 * Which tensors were made where, and which of them stay. A stack is dear, and nearly all tensors are gone before their step
 * ends: it is taken of those alone that are like one that has outlived its step (same kernel, shape, phase and hook). So of
 * a leak the first step's tensors have no stack, and are counted to the place of the others like them.
 */
export class TensorLedger {
  #recent: { readonly tensor: tf.Tensor; readonly made: Making }[] = [];
  #survivors = new Map<number, Survivor>();
  readonly #suspects = new Set<string>();
  readonly #frames: number;

  constructor(frames: number) {
    this.#frames = frames;
  }

  /** Takes in a new tensor, where needed with the stack that made it. */
  add(tensor: tf.Tensor, kernel: string | null, step: number, place: LoopPlaceName): void {
    const { shape, dtype } = tensor;
    const likeness = `${kernel ?? ''} ${dtype} ${String(shape)} ${place.phase ?? ''} ${place.hook?.plugin ?? ''} ${place.hook?.name ?? ''}`;
    this.#recent.push({ tensor, made: { kernel, shape, dtype, step, place, likeness, trace: this.#suspects.has(likeness) ? this.#take() : undefined } });
  }

  #take(): { stack?: string } {
    const trace: { stack?: string } = {};
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = this.#frames;
    Error.captureStackTrace(trace);
    Error.stackTraceLimit = limit;
    return trace;
  }

  /** Forgets what has been disposed of. */
  sweep(): void {
    for (const [id, { tensor }] of this.#survivors) if (tensor.deref()?.isDisposed === true) this.#survivors.delete(id);
    // A variable that is assigned is counted anew under its own id: the latest making stands.
    for (const { tensor, made } of this.#recent) {
      if (tensor.isDisposed) continue;
      this.#survivors.set(tensor.id, { tensor: new WeakRef(tensor), made });
      this.#suspects.add(made.likeness);
    }
    this.#recent = [];
  }

  /** Tensors by the place that made them, of those places whose tensors of several steps are older than `before`: most bytes last. */
  groups(before: number): readonly Group[] {
    const found = new Map<string, { makings: Making[]; site: Site }>();
    const unknown = new Map<string, Making[]>();
    for (const { made } of this.#survivors.values()) {
      if (made.step > before) continue;
      if (made.trace === undefined) {
        unknown.set(made.likeness, [...(unknown.get(made.likeness) ?? []), made]);
        continue;
      }
      const site = siteOf(made);
      const key = `${made.likeness} ${site.place ?? ''} ${site.function ?? ''}`;
      const group = found.get(key);
      if (group === undefined) found.set(key, { makings: [made], site });
      else group.makings.push(made);
    }
    for (const [likeness, makings] of unknown) {
      const alike = [...found.values()].filter((each) => each.makings[0]?.likeness === likeness).sort((x, y) => y.makings.length - x.makings.length);
      if (alike[0] === undefined) found.set(likeness, { makings, site: nowhere });
      else alike[0].makings.unshift(...makings);
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

const nowhere: Site = { place: null, function: null };
const sites = new WeakMap<Making, Site>();

const siteOf = (made: Making): Site => {
  let site = sites.get(made);
  if (site === undefined) sites.set(made, (site = siteFrom(made.trace?.stack ?? '')));
  return site;
};
