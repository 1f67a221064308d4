import {
  buildSchedule,
  reduceOnPlateau,
  reduceOnPlateauOptions,
  scheduleSpec,
  type ReduceOnPlateauOptions,
  type Schedule,
  type ScheduleSpec,
} from 'trainscope/schedules';
import { z } from 'zod';
import { defaultMonitor, plateauOptions, withRate } from './with-rate.js';

type Holder = 'warmup' | 'sequential' | 'chained';
type RateOptional<S> = S extends { learningRate: number } ? Omit<S, 'learningRate'> & { learningRate?: number | undefined } : S;

/** A schedule by its kind, whose learning rates may be left out at every depth. */
export type RatelessSpec =
  | RateOptional<Exclude<ScheduleSpec, { kind: Holder }>>
  | (Omit<Extract<ScheduleSpec, { kind: 'warmup' }>, 'schedule'> & { schedule: RatelessSpec })
  | { kind: 'sequential'; schedules: RatelessSpec[]; milestones: number[] }
  | { kind: 'chained'; schedule: RatelessSpec; factors: RatelessSpec[] };

/** A reduction on plateaus: what to watch, and the options of `reduceOnPlateau`, with its learning rate and mode optional. */
export type PlateauSpec = Omit<ReduceOnPlateauOptions, 'learningRate' | 'mode'> & {
  kind: 'reduceOnPlateau';
  monitor?: string | undefined;
  learningRate?: number | undefined;
  mode?: 'min' | 'max' | undefined;
};

/** What the option `schedule` takes. */
export type ScheduleOption = RatelessSpec | PlateauSpec | Schedule;

export const isPlateau = (option: ScheduleOption): option is PlateauSpec => typeof option === 'object' && option.kind === 'reduceOnPlateau';

const optionalRate = (what: string) => z.number().positive().optional().describe(`${what} Left out: the optimizer's own when the first fit starts (1 among the factors of a chain).`);

/** The schemas of `scheduleSpec` with an optional learning rate. */
const ratelessSpec: z.ZodType<RatelessSpec, RatelessSpec> = z
  .discriminatedUnion('kind', scheduleSpec.options.map(rateless) as unknown as readonly [z.ZodObject<{ kind: z.ZodLiteral<string> }>])
  .meta({ id: 'LearningRateSchedule' }) as unknown as z.ZodType<RatelessSpec, RatelessSpec>;

function rateless({ shape }: (typeof scheduleSpec.options)[number]): z.ZodObject {
  if ('learningRate' in shape) return z.strictObject({ ...shape, learningRate: optionalRate(shape.learningRate.description ?? '') });
  // Getters, since these kinds hold the union that they are a part of.
  if ('factors' in shape) {
    return z.strictObject({
      ...shape,
      get schedule() {
        return ratelessSpec;
      },
      get factors() {
        return z.array(ratelessSpec).min(1).describe('What the schedule is multiplied by.');
      },
    });
  }
  if ('schedules' in shape) {
    return z.strictObject({
      ...shape,
      get schedules() {
        return z.array(ratelessSpec).min(1).describe('The schedules in their order; each starts at its own 0.');
      },
    });
  }
  if ('schedule' in shape) {
    return z.strictObject({
      ...shape,
      get schedule() {
        return ratelessSpec;
      },
    });
  }
  return z.strictObject({ ...shape });
}

const { mode, learningRate, ...plateauFields } = reduceOnPlateauOptions.shape;
const plateauSpec = z.strictObject({
  kind: z.literal('reduceOnPlateau'),
  monitor: z.string().min(1).default(defaultMonitor).describe("The metric to watch; `val_` in front: that of the validation. Keras' default."),
  mode: z.enum(['min', 'max']).optional().describe(`${mode.description ?? ''} Left out: read from the name of the metric, and min (PyTorch's default) where that does not tell.`),
  learningRate: optionalRate(learningRate.description ?? ''),
  ...plateauFields,
});

const scheduleFunction = z
  .unknown()
  // Without abort, the union would take this branch for the one that was meant.
  .refine((value) => typeof value === 'function', { abort: true })
  // JSON has no functions: nothing in a config file matches this branch.
  .meta({ not: {}, description: 'In code alone: a pure function of the count.' }) as unknown as z.ZodType<Schedule, Schedule>;

/** A rate that no bound of a spec lies above: it stands for the optimizer's, which is not known before a fit. */
const anyRate = Number.MAX_VALUE;

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What is wrong with a value of the option beside its form, as far as it can be seen without the optimizer's learning rate. */
function problemsOf(option: ScheduleOption): readonly Problem[] {
  if (typeof option === 'function') return [];
  try {
    if (isPlateau(option)) reduceOnPlateau(plateauOptions(option, anyRate));
    else buildSchedule(withRate(option, anyRate) as ScheduleSpec);
    return [];
  } catch (error) {
    if (!(error instanceof Error && 'problems' in error && Array.isArray(error.problems))) throw error;
    return error.problems as readonly Problem[];
  }
}

/** The option `schedule`. With io: 'input', z.toJSONSchema shows the union. */
export const scheduleOption = z
  .union([ratelessSpec, plateauSpec as unknown as z.ZodType<PlateauSpec, PlateauSpec>, scheduleFunction])
  .superRefine((option, context) => {
    for (const { path, message } of problemsOf(option)) context.addIssue({ code: 'custom', path: [...path], message, input: option });
  });
