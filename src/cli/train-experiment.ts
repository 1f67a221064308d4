import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gravity } from '../diagnosis/finding.js';
import type { Experiment } from '../diagnosis/preflight/experiment.js';
import { ConfigError } from '../errors.js';
import { fileSink, type Sink } from '../events/index.js';
import type { TrainerOptions } from '../trainer/options.js';
import { Trainer, type FitResult } from '../trainer/trainer.js';
import type { FailOn } from './arguments.js';
import { exitCodes, signalCodes } from './exit-codes.js';
import { counted } from './output.js';
import type { RunFolder } from './run-folder.js';

/** What became of a training: one of the two. */
export interface Run {
  readonly result?: FitResult;
  /** Of a training that had begun. */
  readonly failure?: unknown;
  readonly events: string;
  /** Sinks that failed or lost events, in sentences. */
  readonly troubles: readonly string[];
}

/**
 * Trains with the log of the run in its folder.
 * @param checkpoints What it goes on from.
 * @param log Where log lines go beside it: 'stdout', or a file.
 * @throws what the fit throws before it begins
 */
export async function trainExperiment(experiment: Experiment, folder: RunFolder, checkpoints: string | undefined, log: string | undefined): Promise<Run> {
  const { data, validation, ladder: _ladder, causal: _causal, featureNames: _names, ...options } = experiment;
  const { events, sinks } = withLog(options.sinks ?? [], join(folder.path, 'events.ndjson'));
  if (log !== undefined && log !== 'stdout' && resolve(log) === resolve(events)) throw new ConfigError('OPTIONS_INVALID', { found: `--log ${log} is the log of the run itself`, expected: 'another file: that one has every event already' });
  const trainer = new Trainer({
    ...options,
    sinks,
    ...(log === undefined ? {} : { logger: loggerTo(log) }),
    fit: { signals: true, ...options.fit },
  } satisfies TrainerOptions);
  if (checkpoints === undefined && existsSync(events)) process.stderr.write(`${events} is there: this run is written behind what stands in it (--resume goes on with a run, another --out begins a new log)\n`);
  const begun: string[] = [];
  const troubles: string[] = [];
  const tell = (trouble: string): void => {
    troubles.push(trouble);
    process.stderr.write(`${trouble}\n`);
  };
  trainer.on('sink-error', ({ data: { sink, message } }) => tell(`the sink ${sink} failed, and gets no more events: ${message}`));
  trainer.on('sink-loss', ({ data: { sink, lost } }) => tell(`the sink ${sink} lost ${counted(lost, 'event')}: it could not keep up`));
  trainer.on('run-start', ({ runId }) => void begun.push(runId));
  try {
    if (checkpoints !== undefined) await trainer.resume(checkpoints);
    const result = await trainer.fit(data, validation === undefined ? {} : { validation });
    return { result, events, troubles };
  } catch (failure) {
    if (begun.length === 0) throw failure;
    return { failure, events, troubles };
  } finally {
    await trainer.dispose();
  }
}

/** The log of the run, beside the sinks of the settings; it is not written twice where one of them writes it already. */
function withLog(sinks: readonly Sink[], path: string): { readonly events: string; readonly sinks: readonly Sink[] } {
  const own = fileSink({ path });
  return { events: path, sinks: sinks.some(({ name }) => name === own.name) ? sinks : [...sinks, own] };
}

/** Every event: steps and measurements are of level debug. By its number stdout is the real one, which scripts do not print to. */
const loggerTo = (where: string): NonNullable<TrainerOptions['logger']> => ({ level: 'debug', transport: { target: 'pino/file', options: { destination: where === 'stdout' ? 1 : resolve(where), mkdir: true } } });

/** A signal first: a shell wants to know of it whatever was found. */
export function codeOf({ reason, message, findings }: FitResult, failOn: FailOn): number {
  const [, signal = ''] = reason === 'aborted' ? (/^(SIG[A-Z]+) was received$/.exec(message) ?? []) : [];
  const ofSignal = signalCodes[signal];
  if (ofSignal !== undefined) return ofSignal;
  return failOn !== 'never' && findings.some(({ severity }) => gravity(severity) <= gravity(failOn)) ? exitCodes.found : exitCodes.fine;
}
