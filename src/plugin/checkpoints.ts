/** Which checkpoints of a folder stay. Those that are `lasting` always do, and so does the newest sound one. */
export interface CheckpointPolicy {
  /** How many of the newest. */
  readonly keepLast: number | 'all';
  /** How many of those with the best value of the metric. */
  readonly keepBest: number;
  /** Whether a lower or a higher value is better. */
  readonly mode: 'min' | 'max';
}

export interface CheckpointRequest {
  /** Why, for the checkpoint's record: `every 100 steps`. */
  readonly reason: string;
  /** Never removed to make room. */
  readonly lasting?: boolean;
  /** What the best ones are chosen by. */
  readonly metric?: { readonly name: string; readonly value: number };
}

/** A checkpoint whose values are copied, and which is being written. */
export interface CheckpointTaken {
  readonly name: string;
  readonly reason: string;
  readonly lasting: boolean;
  readonly metric: { readonly name: string; readonly value: number } | null;
  /** Of all weights, slots and kept copies. */
  readonly bytes: number;
  /** Whether all numbers in it are finite: a roll-back goes to such a one alone. */
  readonly finite: boolean;
  /** For how long the loop was held, ms. */
  readonly milliseconds: number;
}

export interface CheckpointSettings {
  /** Where checkpoints are written: made when it is not there. */
  readonly folder: string;
  readonly policy: CheckpointPolicy;
  /** Whether one is taken at the end of the fit: when it is through, and when a signal, an abort or a plugin stops it. */
  readonly atEnd: boolean;
  /** Told before the state is saved: an event that is emitted here stands in the log that a resumed run goes on with. */
  taken(checkpoint: CheckpointTaken): void;
  /** Told when one could not be written: the training goes on. */
  failed(checkpoint: { readonly name: string; readonly error: unknown }): void;
}

/** Checkpoints of the whole run: weights, optimizer, counters, random streams, plugins' state, place in the data. */
export interface Checkpoints {
  /**
   * Opens the folder for the fit that is starting. Call it in fitStart.
   * @throws CheckpointError CHECKPOINT_UNWRITABLE, and CHECKPOINT_FOLDER_TAKEN when it holds another run's
   */
  open(settings: CheckpointSettings): Promise<void>;
  /** Asks for a checkpoint once all hooks of the present step or epoch end are through. Of several requests the last counts. */
  request(request: CheckpointRequest): void;
}
