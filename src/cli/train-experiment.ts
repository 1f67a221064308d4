import { join, resolve } from 'node:path';
import { gravity } from '../diagnosis/finding.js';
import type { Experiment } from '../diagnosis/preflight/experiment.js';
import { fileSink, type Sink } from '../events/index.js';
import type { TrainerOptions } from '../trainer/options.js';
import { Trainer, type FitResult } from '../trainer/trainer.js';
import type { FailOn } from './arguments.js';
import { exitCodes, signalCodes } from './exit-codes.js';
import type { RunFolder } from './run-folder.js';

/** What became of a training: one of the two. */
export interface Run {
  readonly result?: FitResult;
  /** Of a training that had begun. */
  readonly failure?: unknown;
  readonly events: string;
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
  const trainer = new Trainer({
    ...options,
    sinks,
    ...(log === undefined ? {} : { logger: loggerTo(log) }),
    fit: { signals: true, ...options.fit },
  } satisfies TrainerOptions);
  const begun: string[] = [];
  trainer.on('run-start', ({ runId }) => void begun.push(runId));
  try {
    if (checkpoints !== undefined) await trainer.resume(checkpoints);
    const result = await trainer.fit(data, validation === undefined ? {} : { validation });
    return { result, events };
  } catch (failure) {
    if (begun.length === 0) throw failure;
    return { failure, events };
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
