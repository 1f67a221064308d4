import { consolidate } from './consolidate.js';
import { decompose, optimismIn, type Decomposition } from './decomposition.js';
import { finding, type Finding } from './finding.js';
import { emptyWatch, see, trainingStatistics, type Seen, type Watch } from './rules/index.js';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { ConfigError } from '../errors.js';
import { coreEvents, nonFiniteNames, withoutSuperseded, type TrainscopeEvent } from '../events/index.js';
import { showValue } from '../problems.js';

export interface Diagnosis {
  /** One finding a root cause, the gravest first. */
  readonly findings: readonly Finding[];
  /** All of them, in the order of the run: those in the log and those of the rules. */
  readonly all: readonly Finding[];
  /** Null when no epoch was completed. */
  readonly decomposition: Decomposition | null;
}

export interface DiagnoseOptions {
  readonly skip?: readonly string[];
  readonly irreducible?: number;
  readonly test?: number;
}

const optionsSchema = z.strictObject({ skip: z.array(z.string()).optional(), irreducible: z.number().optional(), test: z.number().optional() });

const isIterable = (value: unknown): value is Iterable<unknown> => typeof value === 'object' && value !== null && Symbol.iterator in value && typeof value[Symbol.iterator] === 'function';

/** A layer that makes the loss of the training another than that of the validation. */
const isRegularising = (className: string): boolean => /Dropout|GaussianNoise|BatchNormalization/.test(className);

/** An event as rules see it, or null when it is of no concern to them. An event that does not fit its schema is none. */
function seenOf({ event, step, epoch, data }: TrainscopeEvent): Seen | null {
  switch (event) {
    case 'run-start': {
      const result = coreEvents['run-start'].safeParse(data);
      if (!result.success) return null;
      // Penalties do not show in a log: without such a layer it is not known.
      const regularised = result.data.model.layers.some(({ className }) => isRegularising(className)) ? true : null;
      return { event, step, epoch, data: { epochs: result.data.epochs, regularised } };
    }
    case 'resume':
      return { event, step, epoch, data: { plannedEpochs: null } };
    case 'training-statistics': {
      const result = trainingStatistics.safeParse(data);
      return result.success ? { event, step, epoch, data: result.data } : null;
    }
    case 'step': {
      const result = coreEvents.step.safeParse(data);
      return result.success ? { event, step, epoch, data: result.data } : null;
    }
    case 'epoch-end': {
      const result = coreEvents['epoch-end'].safeParse(data);
      return result.success ? { event, step, epoch, data: result.data } : null;
    }
    case 'run-end': {
      const result = coreEvents['run-end'].safeParse(data);
      return result.success ? { event, step, epoch, data: { reason: result.data.reason } } : null;
    }
    default:
      return null;
  }
}

/** NaN and infinities, in memory and by their names on the wire. */
const isNotFinite = (loss: unknown): boolean => (typeof loss === 'number' && !Number.isFinite(loss)) || (nonFiniteNames as readonly unknown[]).includes(loss);

const lossNotFinite = ({ step, loss }: { readonly step: number; readonly loss: unknown }): Finding =>
  finding({
    rule: 'non-finite-loss',
    severity: 'error',
    where: { steps: { from: step, to: step } },
    message: `the loss of step ${String(step)} is ${String(loss)}`,
    evidence: { step, loss: String(loss) },
    remedy: 'Find what becomes not finite first, with the plugin diagnosis: most often the learning rate is too high, or the loss takes the logarithm of 0.',
  });

const isEvent = (value: unknown): boolean => typeof value === 'object' && value !== null && 'event' in value && 'step' in value && typeof value.step === 'number' && 'epoch' in value && typeof value.epoch === 'number';

const noEvents = (found: string): ConfigError =>
  new ConfigError('OPTIONS_INVALID', { found: `what diagnose was given are no events: ${found}`, expected: 'it takes a list of events, as a sink was given them', remedy: 'Read the lines of a log with parseEventLine.' });

/**
 * Looks at a log with the rules that watch a training: what was found in it at the time, and what they find now. A log
 * of the plugin `diagnosis` holds the statistics that most rules need; any other holds at least the losses.
 *
 * @throws ConfigError OPTIONS_INVALID for options that do not fit, and for what is no list of events
 * @example
 * const { findings } = diagnose((await readEventLog('events.ndjson')).events);
 */
export function diagnose(events: Iterable<TrainscopeEvent>, options: DiagnoseOptions = {}): Diagnosis {
  checkArgument('options of diagnose', optionsSchema, options);
  const { skip = [], ...errors } = options;
  if (!isIterable(events)) throw noEvents(showValue(events));
  const given = [...events];
  const wrong = given.findIndex((event) => !isEvent(event));
  if (wrong >= 0) throw noEvents(`${showValue(given[wrong])} among them`);
  const log = new LogDiagnosis({ skip });
  for (const event of withoutSuperseded(given)) log.add(event);
  return log.result(errors);
}

/** As diagnose, of events that come one after the other, without those that a resumed run made again. */
export class LogDiagnosis {
  readonly #skip: readonly string[];
  readonly asksRules: boolean;
  readonly #all: Finding[] = [];
  #watch = emptyWatch();
  #ended = false;
  #last = { step: 0, epoch: 0 };
  /** The first step whose loss was not finite. */
  #lost: { readonly step: number; readonly loss: unknown } | undefined;

  /** @param options.rules false: the findings in the log alone. */
  constructor({ skip = [], rules = true }: { readonly skip?: readonly string[]; readonly rules?: boolean } = {}) {
    this.#skip = skip;
    this.asksRules = rules;
  }

  add(event: TrainscopeEvent): readonly Finding[] {
    const before = this.#all.length;
    this.#last = { step: event.step, epoch: event.epoch };
    if (event.event === 'step' && this.#lost === undefined && isNotFinite(event.data['loss'])) this.#lost = { step: event.step, loss: event.data['loss'] };
    if (event.event === 'finding') {
      const result = coreEvents.finding.safeParse(event.data);
      if (result.success && !this.#skip.includes(result.data.rule)) this.#all.push(result.data);
    } else if (this.asksRules) {
      const seen = seenOf(event);
      if (seen !== null) {
        this.#ended = seen.event === 'run-end' || (this.#ended && seen.event !== 'run-start');
        this.#watch = this.#show(this.#watch, seen, this.#all);
      }
    }
    return this.#all.slice(before);
  }

  /** What there is to say by now. More events may follow. */
  result(errors: Omit<DiagnoseOptions, 'skip'> = {}): Diagnosis {
    const all = [...this.#all];
    // Of a run that was killed, or is still under way.
    if (this.asksRules && !this.#ended && this.#last.step > 0) this.#show(this.#watch, { event: 'run-end', ...this.#last, data: { reason: 'aborted' } }, all);
    // The trainer and several plugins tell it; a log that was written without them must not pass for a sound one.
    if (this.#lost !== undefined && !all.some(({ rule }) => rule.includes('non-finite')) && !this.#skip.includes('non-finite-loss')) all.push(lossNotFinite(this.#lost));
    const newest = this.#watch.history.epochs.at(-1);
    return { findings: consolidate(all), all, decomposition: newest?.loss == null ? null : decompose({ training: newest.loss, validation: newest.validation, optimism: optimismIn(all), ...errors }) };
  }

  #show(watch: Watch, seen: Seen, all: Finding[]): Watch {
    const result = see(watch, seen, this.#skip);
    all.push(...result.findings);
    return result.watch;
  }
}
