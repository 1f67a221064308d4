import { stringify } from 'csv-stringify/sync';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { scalarsOf, type Sink, type TrainscopeEvent } from '../events/index.js';
import { AppendedFile, lastCharacter } from './appended-file.js';

export interface CsvSinkOptions {
  /** The file; its folder is made when it is not there, and rows go to the end of a file that is there. */
  readonly path: string;
  readonly name?: string;
  /** Bytes that may wait for the disk; events beyond are left out and counted. Default: 16 MiB, as of fileSink. */
  readonly maxBytes?: number;
}

const schema = z.strictObject({ path: z.string().min(1), name: z.string().optional(), maxBytes: z.int().min(1).optional() });

export const csvColumns = ['run', 'seq', 'time', 'epoch', 'step', 'event', 'plugin', 'field', 'of', 'value'] as const;

/** Infinity and NaN by their names, which pandas and R read as such; numbers in the shortest form that reads back the same. */
const rowsOf = (event: TrainscopeEvent): string[][] => {
  const time = new Date(event.time).toISOString();
  return scalarsOf(event).map(({ field, of, value }) => [event.runId, String(event.seq), time, String(event.epoch), String(event.step), event.event, event.plugin ?? '', field, of ?? '', String(value)]);
};

/**
 * Every number of every event as a row of a CSV file (RFC 4180): run, seq, time (ISO 8601), epoch, step, event, plugin
 * (empty: the trainer), field, of (weight, layer or class; empty: the whole), value. The long form takes events that nobody
 * knew when the file was begun; pandas' pivot_table and R's pivot_wider make columns of it. NaN and infinities
 * are the texts NaN, Infinity and -Infinity. Text of events and findings is not in it: the log has that.
 *
 * A resumed run goes on in the file without a second header. Of the steps that it makes again the file has both times:
 * `seq` tells them apart, as in the log; the later row of a run, seq, field and of is the one that counts.
 *
 * @throws ConfigError OPTIONS_INVALID
 *
 * @example new Trainer({ model, loss, sinks: [csvSink('run.csv')] });
 */
export function csvSink(given: string | CsvSinkOptions): Sink {
  const { path, name = `csv:${path}`, maxBytes } = checkArgument('options of csvSink', schema, typeof given === 'string' ? { path: given } : given);
  let file: AppendedFile | undefined;
  let written = 0;
  let lost = 0;

  const open = (): AppendedFile => {
    const opened = new AppendedFile(path, maxBytes);
    if (opened.sizeAtOpen === 0) opened.append(Buffer.from(stringify([[...csvColumns]], { record_delimiter: 'windows' })));
    // A process that was killed may have left half a row, which alone is lost.
    else if (lastCharacter(path) !== '\n') opened.append(Buffer.from('\r\n'));
    return opened;
  };

  return {
    name,
    write(event) {
      file ??= open();
      const rows = rowsOf(event);
      // RFC 4180, 2.1: lines end with CRLF.
      if (rows.length === 0 || file.append(Buffer.from(stringify(rows, { record_delimiter: 'windows' })))) written += 1;
      else lost += 1;
    },
    async flush() {
      await file?.flush();
    },
    async close() {
      await file?.close();
    },
    stats: () => ({ written, lost }),
  };
}
