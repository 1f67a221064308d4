import { basename, resolve } from 'node:path';
import { z } from 'zod';
import { checkArgument } from '../../check-argument.js';
import { ConfigError } from '../../errors.js';
import { reportOf } from '../gather/report-gatherer.js';
import type { ReportModel, RunModel } from '../model.js';
import { mostRuns, namesOf } from '../read-report.js';
import { LogFollower, type FollowStatus } from './follow.js';
import type { LiveServer } from './server.js';

export interface WatchLogsOptions {
  /** Address to listen at. Default 127.0.0.1: this machine alone can look. */
  readonly host?: string;
  /** The first port that is tried; 0: any that is free. Default 6007. */
  readonly port?: number;
  /** Names in the Host header that are answered besides: those of a proxy in front. */
  readonly hosts?: readonly string[];
  /** Heading of the page; default: the names of the logs. */
  readonly title?: string;
  /** 'last': of each log the run whose event stands last, alone. Default 'all': the newest eight. */
  readonly run?: 'all' | 'last';
}

export interface LogWatch {
  readonly url: string;
  readonly port: number;
  /** What who started it should know. */
  readonly warnings: readonly string[];
  /** By log. */
  status(): readonly FollowStatus[];
  model(): ReportModel;
  close(): Promise<void>;
}

const schema = z.strictObject({ host: z.string().optional(), port: z.int().min(0).max(65535).optional(), hosts: z.array(z.string()).optional(), title: z.string().optional(), run: z.enum(['all', 'last']).optional() });

/**
 * Serves a page that follows logs while they are written. A log that is not there yet is waited for.
 *
 * @throws ConfigError OPTIONS_INVALID; TrainscopeError EVENT_LOG_UNREADABLE for a folder or a file that may not be
 * read, LIVE_PORT
 * @example
 * const { url, close } = await watchLogs(['events.ndjson']);
 */
export async function watchLogs(paths: readonly string[], options: WatchLogsOptions = {}): Promise<LogWatch> {
  const { host, port, hosts, title, run = 'all' } = checkArgument('options of watchLogs', schema, options);
  if (paths.length === 0 || paths.length > mostRuns) throw new ConfigError('OPTIONS_INVALID', { found: `${String(paths.length)} logs are named`, expected: `a page follows 1 to ${String(mostRuns)}` });
  const names = namesOf(paths.map((path) => resolve(path)));
  let server: LiveServer | undefined;
  const changed = (): void => server?.changed();
  const followers = paths.map((path, i) => new LogFollower(resolve(path), { source: names[i] ?? basename(path), run, changed }));
  const model = (): ReportModel => {
    const runs = followers.reduce<readonly RunModel[]>((all, { gatherer }) => [...all, ...gatherer.runs(all.length)], []);
    return reportOf(title ?? names.join(', '), newestRuns(runs));
  };
  const closeAll = async (): Promise<void> => {
    await Promise.all(followers.map((each) => each.close()));
  };
  // With its HTTP framework, which whoever only writes a report is spared.
  const { serveLive } = await import('./server.js');
  try {
    // The page is there at once: a long log fills it while it is read.
    server = await serveLive({ host, port, hosts, model, version: () => followers.reduce((sum, { version }) => sum + version, 0) });
    await Promise.all(followers.map((each) => each.start()));
  } catch (error) {
    await server?.close();
    await closeAll();
    throw error;
  }
  const { url, port: listening, warnings } = server;
  return {
    url,
    port: listening,
    warnings,
    status: () => followers.map(({ status }) => status),
    model,
    close: async () => {
      await closeAll();
      await server.close();
    },
  };
}

/** Those of the newest events, in the order in which they stand: more lines than there are colours cannot be told apart. */
export function newestRuns(runs: readonly RunModel[]): readonly RunModel[] {
  if (runs.length <= mostRuns) return runs;
  const newest = new Set(runs.toSorted((a, b) => b.ended - a.ended).slice(0, mostRuns));
  return runs.filter((run) => newest.has(run));
}
