import { z } from 'zod';
import { describe } from '../data/recognize.js';
import { TrainscopeError } from '../errors.js';
import { listProblems, problemsOf } from '../problems.js';
import type { RandomStreamsState } from '../random/index.js';

/** What a trainer knows beside weights and optimizer slots, as plain JSON. */
export interface TrainerState {
  readonly format: 1;
  /** The number of the last event. */
  readonly seq: number;
  readonly epoch: number;
  readonly step: number;
  readonly samples: number;
  readonly streams: RandomStreamsState;
  readonly plugins: Readonly<Record<string, unknown>>;
}

const count = z.int().min(0);

/** What the streams and the plugins hold is checked by those whose it is. */
const stateSchema = z.object({
  format: z.literal(1),
  seq: count,
  epoch: count,
  step: count,
  samples: count,
  streams: z.object({ seed: z.int(), streams: z.record(z.string(), z.object({ generator: z.string(), words: z.array(z.int()) })) }),
  plugins: z.record(z.string(), z.unknown()),
});

/** @throws TrainscopeError STATE_INVALID with every problem. */
export function checkTrainerState(saved: unknown): TrainerState {
  const expected = 'it is what getState() gave, or the same read from JSON';
  if (typeof saved !== 'object' || saved === null) throw new TrainscopeError('STATE_INVALID', { found: `the saved state is ${describe(saved)}`, expected });
  const result = stateSchema.safeParse(saved);
  if (result.success) return saved as TrainerState;
  throw new TrainscopeError('STATE_INVALID', {
    found: `the saved state is not valid: ${listProblems(problemsOf(result.error, stateSchema, saved))}`,
    expected,
    remedy: 'Resume from another checkpoint, or start a new run.',
  });
}
