import { closest, distance } from 'fastest-levenshtein';
import {
  buildSchedule,
  reduceOnPlateau,
  reduceOnPlateauOptions,
  scheduleKinds,
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

/** The schemas of `scheduleSpec` with an optional learning rate. They are for JSON Schema and defaults: `problemsOf` has the word on what is wrong. */
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
  .refine((value) => typeof value === 'function')
  // JSON has no functions: nothing in a config file matches this branch.
  .meta({ not: {}, description: 'In code alone: a pure function of the count.' }) as unknown as z.ZodType<Schedule, Schedule>;

const kinds: readonly string[] = [...scheduleKinds, 'reduceOnPlateau'];

/** A rate that no bound of a spec lies above: it stands for the optimizer's, which is not known before a fit. */
const anyRate = Number.MAX_VALUE;

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What is wrong with a value of the option, as far as it can be seen without the optimizer's learning rate. */
function problemsOf(given: unknown): readonly Problem[] {
  if (typeof given === 'function') return [];
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const found = given === undefined ? 'is missing' : `is ${Array.isArray(given) ? 'an array' : JSON.stringify(given)}`;
    return [{ path: [], message: `it ${found}; give an object with a kind (${kinds.join(', ')}) or, in code, a function of the count` }];
  }
  const { kind } = given as { readonly kind?: unknown };
  if (typeof kind !== 'string' || !kinds.includes(kind)) {
    return [{ path: ['kind'], message: `kind ${kind === undefined ? 'is missing' : `is ${JSON.stringify(kind)}`}; the kinds are ${kinds.join(', ')}${nearest(kind, kinds)}` }];
  }
  return kind === 'reduceOnPlateau' ? plateauProblems(given) : problemsThrown(() => buildSchedule(withRate(given, anyRate) as ScheduleSpec));
}

function plateauProblems(given: object): readonly Problem[] {
  const known = Object.keys(plateauSpec.shape);
  const unknown = Object.keys(given).filter((key) => !known.includes(key));
  const spec = Object.fromEntries(Object.entries(given).filter(([key]) => known.includes(key))) as PlateauSpec;
  const isNamed = plateauSpec.shape.monitor.safeParse(spec.monitor).success;
  return [
    ...unknown.map((key) => ({ path: [key], message: `${key} is not an option of reduceOnPlateau; it takes ${known.join(', ')}${nearest(key, known)}` })),
    ...(isNamed ? [] : [{ path: ['monitor'], message: `monitor is ${JSON.stringify(spec.monitor)}, expected the name of a metric` }]),
    ...problemsThrown(() => reduceOnPlateau(plateauOptions({ ...spec, monitor: isNamed ? spec.monitor : undefined }, anyRate))),
  ];
}

/** The problems that a builder throws, with the near names in their messages. */
function problemsThrown(build: () => unknown): readonly Problem[] {
  try {
    build();
    return [];
  } catch (error) {
    if (!(error instanceof Error && 'problems' in error && Array.isArray(error.problems))) throw error;
    const problems = error.problems as readonly (Problem & { readonly suggestion?: string })[];
    return problems.map(({ path, message, suggestion }) => ({ path, message: suggestion === undefined ? message : `${message} (did you mean "${suggestion}"?)` }));
  }
}

/** ` (did you mean "x"?)`, or nothing: more than a third of the letters wrong reads as another word. */
function nearest(name: unknown, known: readonly string[]): string {
  if (typeof name !== 'string') return '';
  const near = closest(name, known);
  return distance(name, near) <= Math.max(name.length, near.length) / 3 ? ` (did you mean "${near}"?)` : '';
}

/**
 * The option `schedule`. What is wrong is found before the union below is tried, since a union of unions cannot say
 * which of its branches was meant. With io: 'input', z.toJSONSchema shows the union.
 */
export const scheduleOption = z.preprocess(
  (given: ScheduleOption, context) => {
    for (const { path, message } of problemsOf(given)) context.addIssue({ code: 'custom', path: [...path], message, input: given });
    return given;
  },
  z.union([ratelessSpec, plateauSpec as unknown as z.ZodType<PlateauSpec, PlateauSpec>, scheduleFunction]),
);
