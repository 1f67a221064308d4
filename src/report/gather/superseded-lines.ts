import { eachLine } from './lines.js';
import { eventOfLine, numberIn } from './wire-event.js';

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
 * @param end Bytes of the file that are looked at; default: all.
 */
export async function cutsOf(path: string, end?: number): Promise<readonly Cut[]> {
  const cuts: Cut[] = [];
  /** Of the bytes that are at hand: where the word stands next. A line that is handed over by itself is looked at whole. */
  let looked: Buffer | undefined;
  let next = -1;
  await eachLine(
    path,
    (bytes, from, to, start) => {
      if (bytes !== looked) {
        looked = bytes;
        next = bytes.indexOf(mark);
      }
      while (next >= 0 && next < from) next = bytes.indexOf(mark, next + 1);
      if (next < 0 || next >= to) return;
      const event = eventOfLine(bytes.toString('utf8', from, to));
      const above = event?.event === 'resume' ? numberIn(event.data['seq']) : undefined;
      if (event !== undefined && above !== undefined) cuts.push({ runId: event.runId, start, above });
    },
    end,
  );
  return cuts;
}
