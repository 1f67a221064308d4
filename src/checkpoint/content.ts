/** Numbers under a name, in row-major order, in the memory of the host. */
export interface NamedArray {
  readonly name: string;
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** Everything that a checkpoint holds. */
export interface CheckpointContent {
  /** In the model's order. */
  readonly weights: readonly NamedArray[];
  /** Slots of the optimizer. */
  readonly optimizer: readonly NamedArray[];
  /** Copies of weights that plugins keep, by key. */
  readonly snapshots: Readonly<Record<string, readonly NamedArray[]>>;
  /** The rest, as plain JSON; who saved it checks it. */
  readonly state: unknown;
  /** What tf.loadLayersModel builds the model from, as JSON; null for a model that it cannot build. */
  readonly topology: unknown;
}

/** What a checkpoint is of, and why it was taken. */
export interface CheckpointFacts {
  readonly runId: string;
  /** 1, and one more with every resume of the run. */
  readonly attempt: number;
  /** The number of the last event that it knows of. */
  readonly seq: number;
  readonly epoch: number;
  readonly step: number;
  /** ms since the Unix epoch. */
  readonly time: number;
  readonly reason: string;
  readonly metric: { readonly name: string; readonly value: number } | null;
  /** Whether it is kept for good. */
  readonly lasting: boolean;
  /** Whether all weights and slots are finite. */
  readonly finite: boolean;
}

/** A checkpoint in its place. */
export interface CheckpointEntry {
  readonly name: string;
  readonly path: string;
  readonly facts: CheckpointFacts;
}
