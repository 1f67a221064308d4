import type { z } from 'zod';
import { CheckpointError } from '../errors.js';
import { listProblems, problemsOf } from '../problems.js';
import { fieldOf, thrownText } from '../thrown-text.js';

/** A file of a checkpoint is not there, or not what it was. */
export const torn = (checkpoint: string, file: string, what: string, cause?: unknown): CheckpointError =>
  new CheckpointError('CHECKPOINT_TORN', {
    found: `${file} of the checkpoint "${checkpoint}" ${what}`,
    expected: 'every file has to be as it was written',
    remedy: 'Use another checkpoint, or restore this one from a copy.',
    cause,
  });

/** A file of a checkpoint says what this version does not know, or what cannot be. */
export const malformed = (checkpoint: string, file: string, what: string, cause?: unknown): CheckpointError =>
  new CheckpointError('CHECKPOINT_FORMAT', {
    found: `${file} of the checkpoint "${checkpoint}" ${what}`,
    expected: 'it is what this version of trainscope writes',
    remedy: 'Use another checkpoint, or the version that wrote it.',
    cause,
  });

/** What is to be saved cannot be. */
export const unsaveable = (checkpoint: string, what: string, expected: string, cause?: unknown): CheckpointError =>
  new CheckpointError('CHECKPOINT_FORMAT', { found: `the checkpoint "${checkpoint}" cannot be saved: ${what}`, expected, cause });

export const notFound = (path: string, what: string, cause?: unknown): CheckpointError =>
  new CheckpointError('CHECKPOINT_NOT_FOUND', {
    found: `${path} ${what}`,
    expected: 'a folder of checkpoints, or one of them',
    remedy: 'Name the folder that the plugin "checkpoint" was given; a relative path starts at the working directory. resume(path, { missing: \'start\' }) begins a new run where there is none.',
    cause,
  });

/** The disk did not take it. */
export const unwritable = (path: string, cause: unknown): CheckpointError =>
  new CheckpointError('CHECKPOINT_UNWRITABLE', {
    found: `no checkpoint can be written to ${path}: ${thrownText(cause)}`,
    expected: 'a folder on a disk with room, that this process may write to',
    remedy: remedies[errorCode(cause)] ?? 'Give another folder, or mend this one.',
    cause,
  });

const noRoom = 'Make room on the disk, keep fewer checkpoints (keepLast), or give a folder on another disk.';
const notAllowed = 'Let this process write to the folder, or give another one.';
const noFolder = 'Part of the path is a file: give a path of folders.';
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: noRoom,
  EDQUOT: noRoom,
  EACCES: notAllowed,
  EPERM: notAllowed,
  EROFS: notAllowed,
  ENOTDIR: noFolder,
  EEXIST: noFolder,
};

/** A file of a hundred thousand wrong numbers has as many problems: some of them tell what it is. */
const mostProblems = 5;

/** What zod found wrong, as a text. */
export function firstProblems({ issues }: z.ZodError, schema: z.ZodType, given: unknown): string {
  const more = issues.length > mostProblems ? `; and ${String(issues.length - mostProblems)} more` : '';
  return `${listProblems(problemsOf({ issues: issues.slice(0, mostProblems) }, schema, given))}${more}`;
}

/** The code of an error of the file system; its text where it has none. */
export function errorCode(error: unknown): string {
  const code = fieldOf(error, 'code');
  return typeof code === 'string' ? code : thrownText(error);
}
