import type * as tf from '@tensorflow/tfjs-core';
import type { SourceName, StepFacts, StepMemo, StepSources } from './sources.js';

/**
 * A number, or many, to be had from a step: what it reads, how it is reduced on the device to a small float32
 * tensor, and how that vector is read on the host. Measurements with equal keys are made once, however many plugins ask.
 *
 * @example
 * const meanLabel = (): Measurement<number, 'labels'> => ({
 *   key: 'meanLabel',
 *   sources: ['labels'],
 *   reduce: ({ labels }) => tf.mean(tf.cast(labels[0], 'float32')),
 *   read: (values) => values[0] ?? NaN,
 * });
 */
export interface Measurement<Value, Sources extends SourceName = SourceName> {
  /** The name and all options: two requests are merged only when both are equal. */
  readonly key: string;
  readonly sources: readonly Sources[];
  /** Which layers' activations, when `activations` is among the sources. Default: all. */
  readonly layers?: readonly string[];
  /** How many validation samples the probe needs, when `probe` is among the sources. The largest ask wins. */
  readonly probeSamples?: number;
  /** Runs in a tidy: what it makes besides its result is disposed of. The result is flattened and must be float32. */
  reduce(sources: Pick<StepSources, Sources>, memo: StepMemo, facts: StepFacts): tf.Tensor;
  /**
   * The same numbers as an array, for backends whose tensors lie in memory of the host (cpu and wasm): a tensor there
   * costs more than most of what is told of it. Undefined where it cannot, and `reduce` is to be called.
   */
  onHost?(sources: Pick<StepSources, Sources>, facts: StepFacts): Float32Array | undefined;
  /** `values` is a view that is only valid during the call: copy what is kept. */
  read(values: Float32Array, facts: StepFacts): Value;
}

/** Named measurements, as a plugin declares them. */
export type Measurements = Readonly<Record<string, Measurement<unknown>>>;

/** What `measured` receives for such a declaration. */
export type ValuesOf<M extends Measurements> = { readonly [K in keyof M]: M[K] extends Measurement<infer V> ? V : never };

/**
 * At which steps: every n steps (n, 2n, ...), at the last step of each epoch (`every: 'epoch'`), at named steps, or
 * once, at the first step of a fit. `also`: these steps as well, such as the first few, in which most goes wrong.
 */
export type Cadence =
  | { readonly every: number | 'epoch'; readonly also?: readonly number[] }
  | { readonly at: readonly number[] }
  | { readonly once: true };

/** What a plugin asks for: a cadence and named measurements. */
export type Needs<M extends Measurements> = Cadence & { readonly of: M };
