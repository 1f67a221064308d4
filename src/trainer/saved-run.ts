import { z } from 'zod';
import { CheckpointError } from '../errors.js';
import { coreEvents, decodeInto, encodeNumbers, real, type CoreEvents } from '../events/index.js';
import type { Metrics } from '../plugin/index.js';
import { listProblems, problemsOf } from '../problems.js';
import type { EpochRecord } from './fit-loop.js';
import type { SavedReports } from './loop-reports.js';
import type { LoopPlace } from './place.js';
import type { TrainerState } from './trainer-state.js';

/** What a checkpoint holds of a run beside its tensors, as plain JSON: `state.json`. */
export interface SavedRun {
  readonly format: 1;
  readonly runId: string;
  /** 1, and one more with every resume. */
  readonly attempt: number;
  readonly trainer: TrainerState;
  readonly optimizer: {
    readonly optimizer: string;
    readonly iterations: number;
    readonly learningRate: number;
    /** Places among the weights, in the model's order: names may differ in another process. */
    readonly order: readonly number[];
  };
  /** As plugins set it, and what it is multiplied with. */
  readonly learningRate: { readonly nominal: number; readonly scale: number };
  readonly fit: {
    readonly number: number;
    /** Epochs, steps and findings before this fit began. */
    readonly epochsBefore: number;
    readonly stepsBefore: number;
    readonly findingsBefore: number;
    readonly configuration: unknown;
    readonly history: readonly EpochRecord[];
  };
  readonly place: LoopPlace;
  readonly stepInEpoch: number;
  readonly metrics: Metrics;
  readonly findings: readonly CoreEvents['finding'][];
  readonly reports: SavedReports;
  /** Of a plugin that asked the fit to end. */
  readonly stop: { readonly by: string; readonly message: string } | null;
  /** What has to be the same for `place` to mean the same. */
  readonly data: { readonly kind: string; readonly samples: number | null; readonly batches: number | null; readonly accumulateSteps: number; readonly stepsPerEpoch: number | null };
  /** Options of each plugin. */
  readonly plugins: Readonly<Record<string, unknown>>;
}

const count = z.int().min(0);
const metrics = z.record(z.string(), real);
const hex = (bytes: number) => z.string().regex(/^[0-9a-f]*$/).refine((text) => text.length % (2 * bytes) === 0, `expected numbers of ${String(bytes)} bytes in hexadecimal`);

/** A source is opened once a pass or validation, and again as often when a run is resumed: more than this is no number of a run. */
const opens = count.max(10_000_000);

const savedRunSchema = z.strictObject({
  format: z.literal(1),
  runId: z.string().min(1),
  attempt: z.int().min(1),
  // Checked by the trainer, as setState() checks it.
  trainer: z.looseObject({ seq: count, epoch: count, step: count }),
  optimizer: z.strictObject({ optimizer: z.string(), iterations: count, learningRate: z.number().min(0), order: z.array(count) }),
  learningRate: z.strictObject({ nominal: z.number().min(0), scale: z.number().min(0).max(1) }),
  fit: z.strictObject({
    number: z.int().min(1),
    epochsBefore: count,
    stepsBefore: count,
    findingsBefore: count,
    configuration: z.unknown(),
    history: z.array(
      z.strictObject({ epoch: count, metrics, validation: metrics.nullable(), learningRate: real, steps: count, samples: count, milliseconds: z.number() }),
    ),
  }),
  place: z.strictObject({
    at: z.enum(['in-epoch', 'steps-done', 'between-epochs']),
    validationDue: z.boolean(),
    lastRate: real,
    feed: z.strictObject({ pass: count, batch: count, passOpen: z.boolean(), opens, opensNow: opens, steps: count, endUnknown: z.boolean() }),
    sums: z.strictObject({ samples: count, host: hex(8), pending: hex(4).nullable() }),
    validationOpens: opens,
  }),
  stepInEpoch: count,
  metrics,
  findings: z.array(coreEvents.finding),
  reports: z.strictObject({
    slow: z.array(z.string()),
    unreached: z.array(z.string()),
    leaking: z.array(z.string().nullable()),
    lossWasFinite: z.boolean(),
    lastFinite: count,
  }),
  stop: z.strictObject({ by: z.string(), message: z.string() }).nullable(),
  data: z.strictObject({ kind: z.string(), samples: count.nullable(), batches: count.nullable(), accumulateSteps: count, stepsPerEpoch: count.nullable() }),
  plugins: z.record(z.string(), z.unknown()),
});

/** As JSON: NaN and infinities by their names. */
export const encodeRun = (run: SavedRun): unknown => encodeNumbers(run);

/** @throws CheckpointError CHECKPOINT_FORMAT with every problem, for what encodeRun did not make. */
export function decodeRun(state: unknown, name: string): SavedRun {
  const result = decodeInto(savedRunSchema as z.ZodType, state);
  if (!result.success) {
    throw new CheckpointError('CHECKPOINT_FORMAT', {
      found: `the state of the checkpoint "${name}" is not valid: ${listProblems(problemsOf(result.error, savedRunSchema, state))}`,
      expected: 'it is what this version of trainscope writes',
      remedy: 'Resume from another checkpoint, or with the version that wrote it.',
    });
  }
  const run = result.data as SavedRun;
  // Texts that read as numbers are put right by those whose they are, who know the schemas.
  const given = (state as { readonly trainer: SavedRun['trainer'] }).trainer;
  return { ...run, trainer: given };
}
