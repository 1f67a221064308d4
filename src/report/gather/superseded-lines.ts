import { createReadStream } from 'node:fs';
import { eventOfLine, numberIn } from './wire-event.js';
import { linesOf } from './lines.js';

/** Events of the run that stand before a place of the file, and have a higher seq than `above`, are made again after it. */
export interface Cut {
  readonly runId: string;
  /** Bytes from the beginning of the file. */
  readonly start: number;
  readonly above: number;
}

/** What a line of the event must hold, whoever wrote it. */
const mark = Buffer.from('"resume"');

/**
 * The cuts of a log in which runs were resumed: see withoutSuperseded, which says the same of events in memory. One pass
 * over the bytes; a line is read only where the word stands in it.
 */
export async function cutsOf(path: string, end?: number): Promise<readonly Cut[]> {
  if (!(await holds(path, end))) return [];
  const cuts: Cut[] = [];
  for await (const { text, start } of linesOf(path, end)) {
    if (!text.includes('"resume"')) continue;
    const event = eventOfLine(text);
    const above = event?.event === 'resume' ? numberIn(event.data['seq']) : undefined;
    if (event !== undefined && above !== undefined) cuts.push({ runId: event.runId, start, above });
  }
  return cuts;
}

async function holds(path: string, end?: number): Promise<boolean> {
  let tail = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(end === undefined ? {} : { end: Math.max(0, end - 1) }) }) as AsyncIterable<Buffer>) {
    const joined = Buffer.concat([tail, chunk]);
    if (joined.includes(mark)) return true;
    tail = joined.subarray(Math.max(0, joined.length - mark.length));
  }
  return false;
}
