import type * as tf from '@tensorflow/tfjs-core';
import type { WeightInfo } from '../measure/index.js';

/**
 * The only list of hooks, in the order of their calls, with their kinds. The name says the kind: a noun transforms
 * (what it returns goes on to the next), a nounStart or nounEnd observes.
 *
 * - `observe`: called in order; what it returns is not used. May be async.
 * - `transform`: called in order, each with what the one before returned. May be async.
 * - `transformSync`: as transform, but inside the gradient computation, where nothing can be awaited.
 */
export const hookKinds = {
  setup: 'observe',
  fitStart: 'observe',
  epochStart: 'observe',
  batch: 'transform',
  loss: 'transformSync',
  gradients: 'transform',
  stepEnd: 'observe',
  measured: 'observe',
  validationStart: 'observe',
  validationEnd: 'observe',
  epochEnd: 'observe',
  fitEnd: 'observe',
  error: 'observe',
  teardown: 'observe',
} as const satisfies Record<string, 'observe' | 'transform' | 'transformSync'>;

export type HookName = keyof typeof hookKinds;
export type HookKind = (typeof hookKinds)[HookName];
export const hookNames = Object.keys(hookKinds) as readonly HookName[];

/** Metrics by name as plain numbers; `loss` is always among them. NaN and Infinity are values, not errors. */
export type Metrics = Readonly<Record<string, number>>;

/** Why a fit came to its end. */
export type StopReason = 'completed' | 'stopped' | 'aborted' | 'failed';

export interface SetupInfo {
  /** 1 for the first call of fit of a trainer, 2 for the next. */
  readonly fit: number;
  readonly backend: string;
  /** Whether a saved run goes on: its state is put in place after this hook. */
  readonly resumed: boolean;
}

export interface FitStartInfo {
  readonly fit: number;
  /** Whether a saved run goes on: the state is as it was saved, and what this hook emits stands in the log already. */
  readonly resumed: boolean;
  /** Epochs that this fit is to run. */
  readonly epochs: number;
  /** Steps that an epoch will take, where the data tells. */
  readonly stepsPerEpoch: number | undefined;
  readonly hasValidation: boolean;
  readonly weights: readonly WeightInfo[];
}

/** The tensors of a step, before the forward pass. A hook that replaces one hands over the new tensor; the loop ends both. */
export interface BatchData {
  /** One an input, [batch, ...]. */
  readonly inputs: readonly tf.Tensor[];
  /** One an output, [batch, ...]. */
  readonly labels: readonly tf.Tensor[];
  /** One an output, [batch]. */
  readonly sampleWeights: readonly tf.Tensor[] | undefined;
  /** Samples in the batch. */
  readonly size: number;
}

/** What the loss came from, inside the gradient computation. */
export interface LossParts {
  readonly labels: readonly tf.Tensor[];
  readonly predictions: readonly tf.Tensor[];
}

/** Gradients by weight name, each of the weight's shape. */
export type Gradients = ReadonlyMap<string, tf.Tensor>;

export interface StepInfo {
  /** Samples of this step, over all its micro-batches. */
  readonly batchSize: number;
  /** 0-based within the epoch. */
  readonly stepInEpoch: number;
  /** The rate that this step's update used. */
  readonly learningRate: number;
  /** False when a hook asked to skip the update. */
  readonly updated: boolean;
}

export interface EpochInfo {
  /** Means over the epoch, weighted by the samples in each batch. */
  readonly metrics: Metrics;
  /** The validation of this epoch's end, or null when none was due. */
  readonly validation: Metrics | null;
  readonly steps: number;
  readonly samples: number;
  readonly milliseconds: number;
}

export interface ValidationInfo {
  readonly metrics: Metrics;
  readonly samples: number;
  readonly milliseconds: number;
  /** Whether it ran at the end of an epoch (or in the middle, after n steps). */
  readonly atEpochEnd: boolean;
}

export interface FitEndInfo {
  readonly reason: StopReason;
  /** Who asked to stop, and why in words. */
  readonly by: string | null;
  readonly message: string;
  readonly metrics: Metrics;
}

/** What each hook is given, beside its context. */
export interface HookPayloads<Values = unknown> {
  setup: SetupInfo;
  fitStart: FitStartInfo;
  epochStart: { readonly epochs: number };
  batch: BatchData;
  loss: tf.Scalar;
  gradients: Gradients;
  stepEnd: StepInfo;
  measured: Values;
  validationStart: { readonly atEpochEnd: boolean };
  validationEnd: ValidationInfo;
  epochEnd: EpochInfo;
  fitEnd: FitEndInfo;
  error: { readonly error: Error };
  teardown: { readonly reason: StopReason };
}

export type ObserveHookName = { [H in HookName]: (typeof hookKinds)[H] extends 'observe' ? H : never }[HookName];
export type TransformHookName = Exclude<HookName, ObserveHookName>;

/** The hooks of a plugin that only looks. */
export type ObserverHooks<Context, Values = unknown> = {
  readonly [H in ObserveHookName]?: (payload: HookPayloads<Values>[H], context: Context) => void | Promise<void>;
};

/** The hooks of a plugin that may steer: those of an observer, and the transforms. */
export type SteererHooks<Context, Values = unknown> = ObserverHooks<Context, Values> & {
  /** Returns the batch to train on, or nothing to leave it. */
  readonly batch?: (batch: BatchData, context: Context) => BatchData | undefined | void | Promise<BatchData | undefined | void>;
  /** Returns the loss to differentiate, or nothing to leave it. A promise cannot be awaited here, and its type says so. */
  readonly loss?: (loss: tf.Scalar, context: Context, parts: LossParts) => tf.Scalar | undefined | void;
  /** Returns the gradients to apply, or nothing to leave them. */
  readonly gradients?: (gradients: Gradients, context: Context) => Gradients | undefined | void | Promise<Gradients | undefined | void>;
};
