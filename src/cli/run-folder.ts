import { accessSync, constants, existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CheckpointError, ConfigError } from '../errors.js';
import { makeFolder } from '../make-folder.js';
import { thrownText } from '../thrown-text.js';

/** Where a run is written. */
export interface RunFolder {
  readonly path: string;
  /** Takes folders that were made for this run away, when nothing is in them. */
  readonly dropEmpty: () => void;
}

/** Name of the folder in a run's folder that the plugin checkpoint writes to by default. */
const checkpoints = 'checkpoints';

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** The folder of the run that a checkpoint, or a folder of checkpoints, is of; undefined where that does not show. */
function runOf(path: string): string | undefined {
  if (isFolder(join(path, checkpoints))) return path;
  if (basename(path) === checkpoints) return dirname(path);
  return basename(dirname(path)) === checkpoints ? dirname(dirname(path)) : undefined;
}

/**
 * What --resume names: a run's folder stands for its checkpoints.
 * @throws CheckpointError CHECKPOINT_NOT_FOUND where there is nothing
 */
export function resumePath(given: string): { readonly checkpoints: string; readonly run: string | undefined } {
  const path = resolve(given);
  if (!existsSync(path)) throw new CheckpointError('CHECKPOINT_NOT_FOUND', { found: `there is no ${given}`, expected: '--resume names the folder of a run, a folder of checkpoints, or one of these', remedy: 'Look for it in the --out folder of the run.' });
  return { checkpoints: isFolder(join(path, checkpoints)) ? join(path, checkpoints) : path, run: runOf(path) };
}

/** Told before the training: without a folder it would leave nothing behind. @throws ConfigError OPTIONS_INVALID */
function writableFolder(given: string): string {
  const path = resolve(given);
  try {
    makeFolder(path);
    if (!isFolder(path)) throw new Error('it is a file');
    accessSync(path, constants.W_OK);
  } catch (cause) {
    throw new ConfigError('OPTIONS_INVALID', { found: `the run cannot be written to ${given}: ${thrownText(cause)}`, expected: '--out names a folder that can be written to', remedy: 'Name another folder.' });
  }
  return path;
}

/** --out, else the folder of the run that is resumed, else a new one by the time: runs/2026-01-31T09-30-00. */
export function runFolder(out: string | undefined, resumed: string | undefined, now = new Date()): RunFolder {
  const given = out ?? resumed;
  if (given !== undefined) {
    const isNew = !existsSync(resolve(given));
    const path = writableFolder(given);
    return { path, dropEmpty: () => dropEmpty(isNew ? [path] : []) };
  }
  const made = mkdirSync('runs', { recursive: true });
  const base = resolve('runs', now.toISOString().slice(0, 19).replaceAll(':', '-'));
  for (let i = 1; ; i++) {
    const path = i === 1 ? base : `${base}-${String(i)}`;
    try {
      mkdirSync(path);
      return { path, dropEmpty: () => dropEmpty(made === undefined ? [path] : [path, dirname(path)]) };
    } catch (error) {
      // Another run began in the same second.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function dropEmpty(folders: readonly string[]): void {
  try {
    for (const folder of folders) rmdirSync(folder);
  } catch {
    // something is in it
  }
}
