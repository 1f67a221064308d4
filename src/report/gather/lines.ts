import { createReadStream } from 'node:fs';

/** Bytes that are read at once: large enough that the calls do not count, small enough not to matter in memory. */
const chunkSize = 1 << 20;
const newline = 0x0a;
/** A line beyond this is none of ours, and must not fill the memory: the largest events are some 100 KiB. */
const longestLine = 16 << 20;

/** Handed over in place of one. */
const tooLong = Buffer.from('too long');

/** A line is the bytes from `from` to `to`, without its end; it begins `start` bytes after the beginning of the file. */
export type TakeLine = (bytes: Buffer, from: number, to: number, start: number) => void;

/**
 * Hands over the lines of a file, a last one without an end as well.
 * @param end Bytes of the file that are read; default: all.
 */
export async function eachLine(path: string, take: TakeLine, end?: number): Promise<void> {
  if (end === 0) return;
  let parts: Buffer[] = [];
  let held = 0;
  let start = 0;
  let at = 0;
  const whole = (last: Buffer): void => {
    const line = held + last.length > longestLine ? tooLong : Buffer.concat([...parts, last]);
    take(line, 0, line.length, start);
  };
  const stream = createReadStream(path, { highWaterMark: chunkSize, ...(end === undefined ? {} : { end: end - 1 }) });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let from = 0;
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      if (held === 0) take(chunk, from, to, start);
      else {
        whole(chunk.subarray(from, to));
        parts = [];
        held = 0;
      }
      from = to + 1;
      start = at + from;
    }
    if (from < chunk.length) {
      if (held <= longestLine) parts.push(chunk.subarray(from));
      held += chunk.length - from;
    }
    at += chunk.length;
  }
  if (held > 0) whole(Buffer.alloc(0));
}
