import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { CheckpointError } from '../errors.js';
import { splitArrays } from './arrays.js';
import type { CheckpointContent, CheckpointEntry } from './content.js';
import { sha256 } from './digest.js';
import { decodeJson } from './json.js';
import { decodeManifest, manifestFile, type CheckpointManifest, type ContentFile } from './manifest.js';
import { decodeModel } from './model-json.js';
import { readFileOf } from './read-file.js';
import { errorCode, notFound, torn } from './refusals.js';

/** A checkpoint that was read and verified. */
export interface FoundCheckpoint {
  readonly entry: CheckpointEntry;
  readonly content: CheckpointContent;
}

const argumentsSchema = z.strictObject({ path: z.string().min(1) });

/**
 * Reads a checkpoint and verifies every byte of it. The arrays share memory: each is good as long as any of them is.
 *
 * @param path The checkpoint's own folder.
 * @throws CheckpointError CHECKPOINT_NOT_FOUND, CHECKPOINT_TORN, CHECKPOINT_FORMAT: with the name of the file
 *
 * @example
 * const { entry, content } = await readCheckpoint('checkpoints/epoch-0010-end');
 * console.log(entry.facts.step, content.weights.map(({ name, shape }) => `${name} ${shape}`));
 */
export async function readCheckpoint(path: string): Promise<FoundCheckpoint> {
  const folder = resolve(checkArgument('arguments of readCheckpoint', argumentsSchema, { path }).path);
  await checkFolder(folder);
  return readContent({ name: basename(folder), path: folder });
}

/** @param place A folder that is there. */
export async function readContent(place: { readonly name: string; readonly path: string }): Promise<FoundCheckpoint> {
  const { name, path } = place;
  const manifest = decodeManifest(name, await readFileOf(place, manifestFile));
  const read = (file: ContentFile): ReturnType<typeof readVerified> => readVerified(place, manifest, file);
  const [model, weights, optimizer, snapshots, state] = await Promise.all([read('model.json'), read('weights.bin'), read('optimizer.bin'), read('snapshots.bin'), read('state.json')]);
  const { topology, weights: specs } = decodeModel(name, model);
  const copies = splitArrays(name, 'snapshots.bin', manifest.snapshots.flatMap(({ arrays }) => arrays), snapshots);
  let at = 0;
  return {
    entry: { name, path, facts: manifest.facts },
    content: {
      weights: splitArrays(name, 'weights.bin', specs, weights),
      optimizer: splitArrays(name, 'optimizer.bin', manifest.optimizer, optimizer),
      // fromEntries makes "__proto__" a key like any other.
      snapshots: Object.fromEntries(manifest.snapshots.map(({ key, arrays }) => [key, copies.slice(at, (at += arrays.length))])),
      state: decodeJson(name, 'state.json', state),
      topology,
    },
  };
}

/** @throws CheckpointError CHECKPOINT_TORN when it is not what the manifest says */
export async function readVerified(place: { readonly name: string; readonly path: string }, { files }: CheckpointManifest, file: ContentFile): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readFileOf(place, file, files[file].bytes);
  if ((await sha256(bytes)) !== files[file].sha256) throw torn(place.name, file, 'does not have the SHA-256 that its manifest says');
  return bytes;
}

/** @throws CheckpointError CHECKPOINT_NOT_FOUND where nothing is, CHECKPOINT_FORMAT for what is no folder, CHECKPOINT_TORN for what cannot be read */
export async function checkFolder(path: string): Promise<void> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(path)).isDirectory();
  } catch (error) {
    if (isNothing.has(errorCode(error))) throw notFound(path, 'is not there', error);
    // Not as if there were none: a run that starts anew where there is none would lose what is there.
    throw unreadable(path, error);
  }
  if (!isFolder) throw new CheckpointError('CHECKPOINT_FORMAT', { found: `${path} is no folder`, expected: 'a folder of checkpoints, or one of them' });
}

export const unreadable = (path: string, error: unknown): CheckpointError =>
  new CheckpointError('CHECKPOINT_TORN', {
    found: `${path} cannot be read (${errorCode(error)})`,
    expected: 'a folder of checkpoints, or one of them',
    remedy: 'Let this process read the folder.',
    cause: error,
  });

/** Paths under which nothing can be, as well. */
const isNothing: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE']);
