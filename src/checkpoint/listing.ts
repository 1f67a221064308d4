import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointError } from '../errors.js';
import { byAge } from './by-age.js';
import type { CheckpointEntry } from './content.js';
import { contentFiles, decodeManifest, manifestFile } from './manifest.js';
import { readFileOf } from './read-file.js';
import { errorCode } from './refusals.js';
import { readTemporaryName } from './temporary.js';

/** Letters, digits, - and _: a name that is no path on any system, with room for what is put before it while it is written. */
export const isCheckpointName = (name: string): boolean => /^[\w-]{1,200}$/.test(name);

/** A folder that is, or once was, a checkpoint. */
export interface Refused {
  readonly name: string;
  readonly error: CheckpointError;
}

/** What a folder holds, by what the manifests say. */
export interface Listing {
  /** Newest first. */
  readonly entries: readonly CheckpointEntry[];
  /** Those whose manifest is missing or torn: of what age is not known. */
  readonly refused: readonly Refused[];
}

/** @throws the error of the file system when the folder cannot be read */
export async function listCheckpoints(folder: string): Promise<Listing> {
  const found = await Promise.all((await placesIn(folder)).map(readEntry));
  return {
    entries: found.flatMap((each) => (each !== undefined && 'facts' in each ? [each] : [])).toSorted(byAge),
    refused: found.flatMap((each) => (each !== undefined && 'error' in each ? [each] : [])),
  };
}

interface Place {
  readonly name: string;
  readonly path: string;
}

/** Where checkpoints may be. Links are left out: what is taken is in this folder. */
async function placesIn(folder: string): Promise<readonly Place[]> {
  const children = (await readdir(folder, { withFileTypes: true })).filter((child) => child.isDirectory()).map(({ name }) => name);
  const named = children.filter(isCheckpointName);
  // A process that dies while it replaces a checkpoint leaves the one before under this name, and nothing in its place.
  const replaced = children.flatMap((child) => {
    const temporary = readTemporaryName(child);
    return temporary?.kind === 'old' && isCheckpointName(temporary.name) && !named.includes(temporary.name) ? [{ name: temporary.name, path: join(folder, child) }] : [];
  });
  return [...named.map((name) => ({ name, path: join(folder, name) })), ...replaced];
}

async function readEntry({ name, path }: Place): Promise<CheckpointEntry | Refused | undefined> {
  try {
    const { facts } = decodeManifest(name, await readFileOf({ name, path }, manifestFile));
    return { name, path, facts };
  } catch (error) {
    // A folder of something else is no torn checkpoint.
    return (await holdsCheckpoint(path)) ? { name, error: error as CheckpointError } : undefined;
  }
}

/** Whether a folder has any file of a checkpoint. */
export async function holdsCheckpoint(path: string): Promise<boolean> {
  try {
    const names: readonly string[] = [manifestFile, ...contentFiles];
    return (await readdir(path)).some((name) => names.includes(name));
  } catch (error) {
    return errorCode(error) !== 'ENOENT'; // removed meanwhile
  }
}
