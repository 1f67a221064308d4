/** What a child says on stdout, a line each. */
export type Said =
  | { readonly at: 'training'; readonly resumed: ResumedAt | null }
  | { readonly at: 'ended' }
  | { readonly at: 'failed'; readonly code: string | null; readonly message: string };

export interface ResumedAt {
  readonly name: string;
  readonly attempt: number;
  /** Checkpoints that were there and could not be read. */
  readonly refused: readonly string[];
}

/** Exit code of a child that a signal asked to end (128 and the number of SIGTERM, as shells count). */
export const askedToEnd = 143;

/** What a training came to, but for times. */
export interface Outcome {
  readonly reason: string;
  readonly stoppedBy: string | null;
  readonly steps: number;
  /** sha256 of the bytes of all weights in the model's order, in hex. */
  readonly weights: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly history: readonly unknown[];
}
