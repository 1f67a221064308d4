import { pino, type LoggerOptions } from 'pino';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { ConfigError } from '../errors.js';
import { patienceMs, withDeadline } from './deadline.js';
import { levelNumbers, type TrainscopeEvent } from './envelope.js';
import { encodeNumbers } from './numbers.js';
import { PinoDestination } from './pino-destination.js';
import { ecsOptions, ecsRecord, fieldNames, type FieldNames } from './pino-fields.js';
import { internal, isPinoLogger, ownKeys, type OwnKeys, type PinoLogger } from './pino-logger.js';
import { sentence } from './sentence.js';
import type { Sink } from './sink.js';
import { thrownText } from '../thrown-text.js';

export interface PinoSinkOptions {
  readonly name?: string;
  /** Lines that may wait for a destination that cannot keep up; beyond, events are left out and counted. */
  readonly maxPending?: number;
  /** How long close() waits for the destination, ms. */
  readonly patience?: number;
  /**
   * Names of the fields: trainscope's own, which readEventLog reads, or those of the Elastic Common Schema (`@timestamp`,
   * `log.level`, `event.action`), which it does not. ECS takes the options of a logger, since the logger writes half of them.
   */
  readonly fields?: FieldNames;
}

/** At half a KiB a line 4 MiB, as much again as thread-stream's shared buffer holds (thread-stream, index.js, bufferSize). */
const defaultMaxPending = 8192;

const schema = z.strictObject({
  target: z.custom((value) => typeof value === 'object' && value !== null, 'it takes a pino logger, or the options of one'),
  options: z.strictObject({ name: z.string().optional(), maxPending: z.int().min(1).optional(), patience: z.number().min(0).optional(), fields: z.enum(fieldNames).optional() }),
});

/** Events without which a log cannot be read, and what a person must see: the last to be left out. */
const isPrecious = (event: TrainscopeEvent): boolean =>
  levelNumbers[event.level] >= levelNumbers.warn || event.event === 'run-start' || event.event === 'epoch-end' || event.event === 'run-end';

/** How much of the room an event may take: steps leave half of it to the rest, and the rest a quarter to the precious ones. */
export function shareOf(event: TrainscopeEvent): number {
  if (isPrecious(event)) return 1;
  return event.event === 'step' || levelNumbers[event.level] <= levelNumbers.debug ? 0.5 : 0.75;
}

/**
 * Writes one pino line an event: the keys of the envelope, and pino's own (pid, hostname, msg) beside them. pino's
 * `level` and `time` stand for the event's, so that no key is there twice. What the logger's level hides is not written.
 *
 * Given options, it makes a logger and ends its transport on close(); the line's time is the event's. Given a logger,
 * it only flushes it; the line's time is when pino wrote it, in pino's format.
 *
 * A worker or stream that dies fails this sink and not the run. In a logger over several streams (pino.multistream) the
 * first that dies fails it, and only branches that know `writableNeedDrain` are bounded.
 *
 * @throws ConfigError for options that do not fit, when the logger's lines could not be events (see ownKeys), or a transport is not found
 */
export function pinoSink(target: PinoLogger | LoggerOptions, options: PinoSinkOptions = {}): Sink {
  checkArgument('arguments of pinoSink', schema, { target, options });
  const { name = 'pino', maxPending = defaultMaxPending, patience = patienceMs, fields = 'trainscope' } = options;
  const given = isPinoLogger(target);
  if (given && fields === 'ecs') throw needsOptions();
  const { logger, tick } = given ? { logger: target, tick: undefined } : makeLogger(target, fields);
  const own = ownKeys(logger);
  const destination = new PinoDestination(internal(logger, 'pino.stream'));
  let written = 0;
  let lost = 0;

  return {
    name,
    write(event) {
      const { failure } = destination;
      if (failure !== undefined) throw failure;
      if (!logger.isLevelEnabled(event.level)) return;
      if (destination.pending >= maxPending * shareOf(event)) {
        lost += 1;
        return;
      }
      tick?.(event.time);
      logger[event.level](fields === 'ecs' ? ecsRecord(event) : recordOf(event, own), sentence(event));
      destination.wrote();
      written += 1;
    },
    flush: () => destination.flush(),
    async close() {
      try {
        await withDeadline(destination.flush(), patience, `the flush of the logger of the sink "${name}"`);
        if (!given) await withDeadline(destination.end(), patience, `the end of the logger of the sink "${name}"`);
      } catch (error) {
        if (!given) destination.abandon();
        throw error;
      } finally {
        if (given) destination.leave();
      }
    },
    stats: () => ({ written, lost }),
  };
}

/** The envelope without what pino writes. */
const recordOf = ({ v, runId, seq, time, event, plugin, epoch, step, level, data }: TrainscopeEvent, own: OwnKeys): object => ({
  v,
  runId,
  seq,
  ...(own.time ? {} : { time }),
  event,
  plugin,
  epoch,
  step,
  ...(own.level ? {} : { level }),
  data: encodeNumbers(data),
});

const needsOptions = (): ConfigError => {
  const found = 'a logger that is made already writes its level, time and message under names of its own';
  return new ConfigError('OPTIONS_INVALID', {
    found,
    expected: "fields: 'ecs' goes with the options of a logger",
    remedy: "Give pinoSink the options: pinoSink({ level: 'debug' }, { fields: 'ecs' }).",
    problems: [{ path: ['options', 'fields'], message: found }],
  });
};

/** A logger whose lines have the time that tick() was last given. */
function makeLogger(options: LoggerOptions, fields: FieldNames): { logger: PinoLogger; tick: (time: number) => void } {
  let now = 0;
  const timestamp = (): string => `,"time":${now}`;
  try {
    return {
      logger: pino(fields === 'ecs' ? ecsOptions(() => now, options) : { timestamp, ...options }),
      tick(time) {
        now = time;
      },
    };
  } catch (cause) {
    const message = thrownText(cause);
    throw new ConfigError('OPTIONS_INVALID', {
      found: `pino does not take the options of the logger: ${message}`,
      expected: 'the options are those of pino, and a transport is a path or an installed package',
      problems: [{ path: ['logger'], message }],
      cause,
    });
  }
}
