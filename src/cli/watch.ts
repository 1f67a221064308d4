import { InvalidArgumentError, type Command } from 'commander';
import type { LogWatch } from '../report/index.js';
import { exitCodes } from './exit-codes.js';
import { logPath } from './log-path.js';

interface WatchCommandOptions {
  readonly port?: number;
  readonly host?: string;
  readonly title?: string;
  readonly last?: boolean;
  readonly open?: boolean;
  readonly json?: boolean;
}

const portNumber = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65535) throw new InvalidArgumentError('It takes a port, 0 to 65535.');
  return value;
};

export function addWatch(program: Command): void {
  program
    .command('watch')
    .summary('a page of a log that follows it while it is written')
    .description(
      'Serves the page of `trainscope report`, and updates it while the log is written. A log that is not there yet is\n' +
        'waited for. It looks and does nothing: to pause, stop or steer a training, use the plugin dashboard in it.',
    )
    .argument('<logs...>', 'files of events, a line each')
    .option('--port <n>', 'port of the page; the next one where it is taken, 0: any (default: 6007)', portNumber)
    .option('--host <address>', 'address to listen at; beyond 127.0.0.1 everyone who reaches it can look (default: 127.0.0.1)')
    .option('--title <text>', 'heading of the page (default: the names of the logs)')
    .option('--last', 'of a log that holds several runs, the last one alone')
    .option('--open', 'open it in the browser')
    .option('--json', 'print {"url": ...} on stdout, a line')
    .addHelpText('after', '\nIt ends with Ctrl-C. Exit codes: 0 ended, 2 could not be done.\n\nExamples:\n  trainscope watch events.ndjson\n  trainscope watch adam.ndjson sgd.ndjson --open')
    .action(runWatch);
}

async function runWatch(logs: readonly string[], { port, host, title, last = false, open = false, json = false }: WatchCommandOptions): Promise<void> {
  const { openBrowser, watchLogs } = await import('../report/index.js');
  const watching = await watchLogs(logs.map(logPath), {
    ...(port === undefined ? {} : { port }),
    ...(host === undefined ? {} : { host }),
    ...(title === undefined ? {} : { title }),
    run: last ? 'last' : 'all',
  });
  const { url, warnings } = watching;
  // Before the address is told: who reads it may end the command at once.
  const ended = interrupted();
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ url })}\n`);
  else process.stderr.write(`${url}\n${waitingFor(logs, watching)}Ctrl-C ends it.\n`);
  if (open) openBrowser(url, (message) => process.stderr.write(`${message}\n`));
  await ended;
  await watching.close();
  process.exitCode = exitCodes.fine;
}

const waitingFor = (logs: readonly string[], watching: LogWatch): string =>
  watching
    .status()
    .flatMap(({ kind }, i) => (kind === 'waiting' ? [`${logs[i] ?? ''} is not there yet, and is waited for.\n`] : []))
    .join('');

/** Ctrl-C, or what a service manager sends. A second one ends the process as it does by itself. */
const interrupted = (): Promise<void> =>
  new Promise((done) => {
    const end = (): void => {
      process.removeListener('SIGINT', end).removeListener('SIGTERM', end);
      done();
    };
    process.on('SIGINT', end).on('SIGTERM', end);
  });
