import { existsSync, type Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { ConfigError, TrainscopeError } from '../errors.js';
import { didYouMean } from '../nearest-name.js';
import { thrownText } from '../thrown-text.js';
import { ReportGatherer, reportOf } from './gather/report-gatherer.js';
import { eachLine } from './gather/lines.js';
import { cutsOf } from './gather/superseded-lines.js';
import type { ReportModel, RunModel } from './model.js';

export interface ReadReportOptions {
  /** Heading of the page; default: the names of the logs. */
  readonly title?: string;
  /** 'last': of each log the run whose event stands last, alone. Default 'all'. */
  readonly run?: 'all' | 'last';
}

const optionsSchema = z.strictObject({ title: z.string().optional(), run: z.enum(['all', 'last']).optional() });

/** Runs side by side: more lines than there are colours cannot be told apart. */
export const mostRuns = 8;

/** As most logs are called: the folder of the run says more. */
const usualName = 'events.ndjson';

/** Logs by names that tell them apart: a folder is named where two files are called alike. */
export function namesOf(paths: readonly string[]): readonly string[] {
  const named = paths.map((path) => {
    const folder = dirname(resolve(path));
    return basename(path) === usualName && basename(folder) !== '' ? folder : path;
  });
  const bases = named.map((path) => basename(path));
  return bases.map((base, i) => (bases.indexOf(base) === bases.lastIndexOf(base) ? base : `${basename(dirname(named[i] ?? ''))}/${base}`));
}

const unreadable = (path: string, why: string, cause?: unknown, remedy = 'Name the file of the sink; a relative path starts at the working directory.'): TrainscopeError =>
  new TrainscopeError('EVENT_LOG_UNREADABLE', { found: `${path} cannot be read: ${why}`, expected: 'a log is a file of events, a line each', remedy, cause });

/**
 * Reads logs of events, line by line, into what a report shows. Unfinished and torn logs are read as far as they go;
 * what a resumed run made again counts once.
 *
 * @throws TrainscopeError EVENT_LOG_UNREADABLE for a file that cannot be read or has no event; ConfigError
 * OPTIONS_INVALID for no files, and for more than eight runs
 * @example
 * const { runs } = await readReport(['events.ndjson']);
 * console.log(runs[0]?.findings);
 */
export async function readReport(paths: readonly string[], options: ReadReportOptions = {}): Promise<ReportModel> {
  const { title, run = 'all' } = checkArgument('options of readReport', optionsSchema, options);
  if (paths.length === 0) throw new ConfigError('OPTIONS_INVALID', { found: 'no log is named', expected: 'a report is of one log or several' });
  const names = namesOf(paths);
  const runs: RunModel[] = [];
  for (const [i, path] of paths.entries()) {
    const gatherer = new ReportGatherer({ title: '', source: names[i] ?? path, run, cuts: await cuts(path) });
    try {
      await eachLine(path, (bytes, from, to, start) => {
        gatherer.bytes(bytes, from, to, start);
      });
    } catch (cause) {
      throw unreadable(path, thrownText(cause), cause);
    }
    const found = gatherer.runs(runs.length);
    if (found.length === 0) throw unreadable(path, 'none of its lines is an event');
    runs.push(...found);
  }
  if (runs.length > mostRuns) {
    throw new ConfigError('OPTIONS_INVALID', { found: `the logs hold ${String(runs.length)} runs`, expected: `a report shows up to ${String(mostRuns)} side by side`, remedy: "Take the last run of each log (run: 'last', or --last), or fewer logs." });
  }
  return reportOf(title ?? names.join(', '), runs);
}

async function cuts(path: string): ReturnType<typeof cutsOf> {
  await checkLog(path);
  try {
    return await cutsOf(path);
  } catch (cause) {
    throw unreadable(path, thrownText(cause), cause);
  }
}

const namesIn = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);

/** A log is read twice, and a pipe gives what it has once: a file it must be. */
async function checkLog(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => cause);
  if (found instanceof Error) {
    const isMissing = 'code' in found && found.code === 'ENOENT';
    const near = isMissing ? didYouMean(basename(path), await namesIn(dirname(path))) : '';
    throw unreadable(path, isMissing ? 'there is no such file' : thrownText(found), found, near === '' ? undefined : near);
  }
  const stats = found as Stats;
  if (stats.isDirectory()) {
    const runs = (await namesIn(path)).filter((name) => existsSync(join(path, name, usualName)));
    throw unreadable(path, `it is a folder without a log (${usualName})`, undefined, runs.length === 0 ? undefined : `It holds runs: name one or several of ${runs.slice(-mostRuns).map((name) => join(basename(path), name)).join(', ')}.`);
  }
  if (!stats.isFile()) throw unreadable(path, 'it is no file but a pipe or a device, and it is read twice', undefined, 'Write what comes out of it to a file first.');
}
