import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { TrainscopeError } from '../errors.js';
import { thrownText } from '../thrown-text.js';
import type { TrainscopeEvent } from './envelope.js';
import { readEventLine } from './event-line.js';
import { withoutSuperseded } from './superseded.js';

export interface ReadLogOptions {
  /** 'last': of the run whose event stands last, alone. Default 'all'. */
  readonly run?: 'all' | 'last';
}

/** What a log holds. */
export interface EventLog {
  /** In the order of the log, without those that a resumed run made again. Those of plugins are among them, their data unchecked. */
  readonly events: TrainscopeEvent[];
  /** Numbers, from 1, of the lines that are no events: torn by the end of a process, or another logger's. */
  readonly otherLines: readonly number[];
  /** How many events were left out, as they were made again. */
  readonly superseded: number;
}

/**
 * Reads a log of events, a line each, whichever sink wrote it; line by line, as a log may be larger than a text can be.
 *
 * @throws TrainscopeError EVENT_LOG_UNREADABLE
 * @example const { events } = await readEventLog('events.ndjson', { run: 'last' });
 */
export async function readEventLog(path: string, { run = 'all' }: ReadLogOptions = {}): Promise<EventLog> {
  const all: TrainscopeEvent[] = [];
  const otherLines: number[] = [];
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      number += 1;
      if (line.trim() === '') continue;
      try {
        all.push(readEventLine(line).event);
      } catch {
        otherLines.push(number);
      }
    }
  } catch (cause) {
    throw new TrainscopeError('EVENT_LOG_UNREADABLE', { found: `${path} cannot be read: ${thrownText(cause)}`, expected: 'it is a file of events, a line each', remedy: 'Name the file of the sink; a relative path starts at the working directory.', cause });
  }
  const last = all.at(-1)?.runId;
  const wanted = run === 'all' ? all : all.filter(({ runId }) => runId === last);
  const events = withoutSuperseded(wanted);
  return { events, otherLines, superseded: wanted.length - events.length };
}
