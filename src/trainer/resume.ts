import { z } from 'zod';
import { readNewest, type CheckpointContent } from '../checkpoint/index.js';
import { checkArgument } from '../check-argument.js';
import { CheckpointError } from '../errors.js';
import { encodeNumbers, type CoreEvents } from '../events/index.js';
import type { LoadedData } from '../data/index.js';
import { changesBetween } from './configuration-changes.js';
import { decodeRun, type SavedRun } from './saved-run.js';

export interface ResumeOptions {
  /** Where there is no checkpoint: 'fail' (the default), or 'start' a new run, for scripts that are started again and again. */
  readonly missing?: 'fail' | 'start';
}

/** Where a resumed run goes on. */
export interface ResumedFrom {
  /** Of the checkpoint. */
  readonly name: string;
  readonly runId: string;
  /** 2 for the first resume of a run. */
  readonly attempt: number;
  /** The fit that was under way: 2 when the run was saved in the trainer's second. Those before it return at once. */
  readonly fit: number;
  readonly epoch: number;
  readonly step: number;
  /** Newer checkpoints that were torn or altered, and why they were not taken. */
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
}

/** A saved run that was read, and not yet put in place. */
export interface FoundRun {
  readonly name: string;
  readonly run: SavedRun;
  readonly content: CheckpointContent;
  readonly refused: ResumedFrom['refused'];
}

const resumeArguments = z.strictObject({ path: z.string().min(1), missing: z.enum(['fail', 'start']).default('fail') });

/** @throws ConfigError OPTIONS_INVALID */
export const checkResumeArguments = (path: unknown, options: unknown): z.output<typeof resumeArguments> => checkArgument('arguments of resume', resumeArguments, { ...(options as object), path });

/** Reads the newest sound checkpoint. */
export async function findCheckpoint(path: string, missing: 'fail' | 'start'): Promise<FoundRun | undefined> {
  try {
    const { entry, content, refused } = await readNewest(path);
    return { name: entry.name, run: decodeRun(content.state, entry.name), content, refused };
  } catch (error) {
    if (missing === 'start' && error instanceof CheckpointError && error.code === 'CHECKPOINT_NOT_FOUND') return undefined;
    throw error;
  }
}

export const resumedFrom = ({ name, run, refused }: FoundRun, attempt: number): ResumedFrom => ({ name, runId: run.runId, attempt, fit: run.fit.number, epoch: run.trainer.epoch, step: run.trainer.step, refused });

/** The data of the event that tells of it. */
export function describeResume(
  { name, run, refused }: FoundRun,
  now: CoreEvents['run-start'],
  { attempt, seeking }: { readonly attempt: number; readonly seeking: LoadedData['seeking'] },
): CoreEvents['resume'] {
  return {
    checkpoint: name,
    attempt,
    seq: run.trainer.seq,
    epoch: run.trainer.epoch,
    step: run.trainer.step,
    stepInEpoch: run.stepInEpoch,
    data: seeking,
    refused: [...refused],
    changed: changesBetween(encodeNumbers(run.fit.configuration), encodeNumbers(now.configuration)).map((each) => ({ ...each })),
    configurationHash: now.configurationHash,
    versions: now.versions,
    platform: now.platform,
    backend: now.backend.name,
  };
}
