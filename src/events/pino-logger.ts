import { ConfigError } from '../errors.js';
import { envelopeKeys, levels, type Level } from './envelope.js';

/** A pino logger, of any version's types and with any custom levels, as far as events need it. */
export type PinoLogger = Readonly<Record<Level, (record: object, message: string) => void>> & {
  isLevelEnabled(level: string): boolean;
  bindings(): object;
};

/** What a logger writes on its own, and so must not be in the record that it is given: JSON keys would stand twice. */
export interface OwnKeys {
  /** pino prepends `time`, unless its timestamp is off or has another name. */
  readonly time: boolean;
  /** pino prepends `level`, unless formatters.level calls it otherwise (`severity`). */
  readonly level: boolean;
}

export const isPinoLogger = (value: object): value is PinoLogger =>
  typeof (value as Partial<PinoLogger>).isLevelEnabled === 'function' && typeof (value as Partial<PinoLogger>).bindings === 'function';

/**
 * Reads what pino keeps under symbols (pino.symbols). They are found by their descriptions, because the user's pino may
 * be another copy than ours and its symbols other ones; a child logger has its parent as prototype.
 */
export function internal(logger: object, description: string): unknown {
  for (let owner: object | null = logger; owner !== null; owner = Object.getPrototypeOf(owner) as object | null) {
    const symbol = Object.getOwnPropertySymbols(owner).find((each) => each.description === description);
    if (symbol !== undefined) return (logger as Record<symbol, unknown>)[symbol];
  }
  return undefined;
}

/**
 * What the logger writes by itself.
 *
 * @throws ConfigError when its lines could not be events: a binding or the message has the name of a key of the
 * envelope, or one of pino's six levels is missing
 */
export function ownKeys(logger: PinoLogger): OwnKeys {
  const missing = levels.filter((level) => typeof (logger as Partial<PinoLogger>)[level] !== 'function');
  const message = internal(logger, 'pino.messageKey');
  const taken = [...Object.keys(logger.bindings()), ...(typeof message === 'string' ? [message] : [])].filter((key) => (envelopeKeys as readonly string[]).includes(key));
  if (missing.length > 0) {
    throw wrong(`the logger lacks pino's levels ${missing.join(', ')}`, 'events have these levels', 'Make it without useOnlyCustomLevels.');
  }
  if (taken.length > 0) {
    throw wrong(
      `the logger writes ${taken.map((key) => `"${key}"`).join(', ')} on every line, as a binding or its message key`,
      'an event has that key itself, and a line of JSON must not have a key twice',
      'Give the event sink a logger with another name for it.',
    );
  }
  return { time: writesTime(logger), level: writesLevel(logger) };
}

function writesTime(logger: object): boolean {
  const time = internal(logger, 'pino.time');
  return typeof time !== 'function' || String((time as () => unknown)()).includes('"time":');
}

function writesLevel(logger: object): boolean {
  const formatters = internal(logger, 'pino.formatters') as { level?: (label: string, value: number) => object } | undefined;
  return formatters?.level === undefined || 'level' in formatters.level('info', 30);
}

const wrong = (found: string, expected: string, remedy: string): ConfigError =>
  new ConfigError('OPTIONS_INVALID', { found, expected, remedy, problems: [{ path: ['logger'], message: found }] });
