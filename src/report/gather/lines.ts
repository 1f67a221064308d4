import { createReadStream } from 'node:fs';

export interface Line {
  readonly text: string;
  /** Where it begins, bytes from the beginning of the file. */
  readonly start: number;
}

/** Bytes that are read at once: large enough that the calls do not count, small enough not to matter in memory. */
const chunkSize = 1 << 20;
const newline = 0x0a;
/** A line beyond this is none of ours, and must not fill the memory: the largest events are some 100 KiB. */
const longestLine = 16 << 20;

/**
 * The lines of a file with their places, a last one without an end as well.
 * @param end Bytes of the file that are read; default: all.
 */
export async function* linesOf(path: string, end?: number): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let held = 0;
  let start = 0;
  let at = 0;
  const stream = createReadStream(path, { highWaterMark: chunkSize, ...(end === undefined ? {} : { end: Math.max(0, end - 1) }) });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let from = 0;
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      const last = chunk.subarray(from, to);
      if (held + last.length <= longestLine) yield { text: held === 0 ? last.toString('utf8') : Buffer.concat([...parts, last]).toString('utf8'), start };
      else yield { text: 'too long', start };
      parts = [];
      held = 0;
      from = to + 1;
      start = at + from;
    }
    if (from < chunk.length) {
      if (held <= longestLine) parts.push(chunk.subarray(from));
      held += chunk.length - from;
    }
    at += chunk.length;
  }
  if (held > 0) yield { text: held <= longestLine ? Buffer.concat(parts).toString('utf8') : 'too long', start };
}
