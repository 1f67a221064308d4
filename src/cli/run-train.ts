import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Override } from '../config/overrides.js';
import { ConfigError } from '../errors.js';
import { thrownText } from '../thrown-text.js';
import { exitCodes } from './exit-codes.js';
import { stdoutToStderr, writeJson, writeOut } from './output.js';
import { resumePath, runFolder, type RunFolder } from './run-folder.js';
import { noTraining } from './script-error.js';
import { scriptPath } from './script-path.js';
import type { TrainOptions } from './train.js';
import type { Run } from './train-experiment.js';
import { needsScript, readSettings, withConfig } from './with-config.js';

/** Options that change the training or what comes of it, as they were given. */
function given({ config, set, epochs, seed, out, resume, report, log, dashboard, json }: TrainOptions): readonly string[] {
  const values = { config, set: set.length === 0 ? undefined : set, epochs, seed, out, resume, report, log, dashboard, json };
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]));
}

/** Where two arguments say the same thing otherwise, the short one wins: it stands for one --set that comes last. */
const overridesIn = ({ set, epochs, seed, dashboard }: TrainOptions): readonly (string | Override)[] => [
  ...set,
  ...(epochs === undefined ? [] : [{ path: ['fit', 'epochs'], value: epochs, argument: `--epochs ${String(epochs)}` }]),
  ...(seed === undefined ? [] : [{ path: ['seed'], value: seed, argument: `--seed ${String(seed)}` }]),
  ...(dashboard === true ? [{ path: ['plugins', 'dashboard'], value: true, argument: '--dashboard' }] : []),
];

export async function runTrain(script: string, args: readonly string[], options: TrainOptions): Promise<void> {
  const path = scriptPath(script);
  if (options.json === true && options.log === 'stdout') throw new ConfigError('OPTIONS_INVALID', { found: '--json and --log stdout', expected: 'one of them has stdout', remedy: 'Give --log a file.' });
  const resumed = options.resume === undefined ? undefined : resumePath(options.resume);
  process.argv = [process.argv[0] ?? 'node', path, ...args];
  const isQuiet = options.json === true || options.log === 'stdout';
  const asBefore = isQuiet ? stdoutToStderr() : (): void => undefined;
  const folder = runFolder(options.out, resumed?.run);
  const settings = { ...(options.config === undefined ? {} : { config: options.config }), overrides: overridesIn(options), outDir: folder.path };
  let run: Run;
  try {
    const early = needsScript(settings) ? undefined : await readSettings(settings, undefined);
    // TensorFlow.js is loaded when nothing is wrong with the arguments.
    const [{ loadTraining }, { trainExperiment }] = await Promise.all([import('./load-training.js'), import('./train-experiment.js')]);
    const loaded = await loadTraining(script, path, given(options));
    if (loaded.kind === 'neither') throw noTraining(script);
    // Its output and its exit code are its own.
    if (loaded.kind === 'trains-itself') return;
    run = await trainExperiment(withConfig(loaded.experiment, early ?? (await readSettings(settings, loaded.experiment))), folder, resumed?.checkpoints, options.log);
  } finally {
    folder.dropEmpty();
  }
  const { result, failure, events, troubles } = run;
  if (failure !== undefined) {
    // Why the training failed matters more than why its report did.
    const page = options.report === true ? await reportOf(events, folder).catch(() => undefined) : undefined;
    throw new TrainingFailed(failure, page === undefined ? '' : `\n${place(page)} shows how it went.`);
  }
  if (result === undefined) return;
  let [report, reportFailure]: [string | undefined, unknown] = [undefined, undefined];
  try {
    if (options.report === true) report = await reportOf(events, folder);
  } catch (thrown) {
    // The training is done, and what came of it is told all the same.
    reportFailure = thrown;
  }
  const [{ formatSummary }, { codeOf }] = await Promise.all([import('../trainer/summary.js'), import('./train-experiment.js')]);
  asBefore();
  if (options.json === true) await writeJson({ script, folder: folder.path, events: existsSync(events) ? events : null, report: report ?? null, troubles, ...result });
  else {
    const told = [formatSummary(result), ...(existsSync(events) ? [`events: ${place(events)}`] : []), ...(report === undefined ? [] : [`report: ${place(report)}`])].join('\n');
    await (isQuiet ? new Promise<void>((done) => process.stderr.write(`${told}\n`, () => done())) : writeOut(`${told}\n`));
  }
  if (reportFailure !== undefined) await new Promise<void>((done) => process.stderr.write(`no report: ${thrownText(reportFailure)}\n`, () => done()));
  // A script may have timers or workers of its own: the training is over.
  process.exit(codeOf(result, options.failOn) || (reportFailure === undefined ? exitCodes.fine : exitCodes.failed));
}

/** A path as a person would write it. */
const place = (path: string): string => {
  const from = relative(process.cwd(), path);
  return from.startsWith('..') ? path : from;
};

/** A training that had begun and failed. */
export class TrainingFailed extends Error {
  readonly exitCode = exitCodes.broke;
  override readonly cause: unknown;
  /** What is told behind the message. */
  readonly more: string;

  constructor(cause: unknown, more: string) {
    super('the training failed', { cause });
    this.cause = cause;
    this.more = more;
  }
}

async function reportOf(events: string, folder: RunFolder): Promise<string> {
  const { writeReport } = await import('../report/index.js');
  const path = join(folder.path, 'report.html');
  await writeReport([events], path, { run: 'last' });
  return path;
}
