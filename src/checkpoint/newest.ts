import { basename, resolve } from 'node:path';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { CheckpointError } from '../errors.js';
import { holdsCheckpoint, listCheckpoints, type Listing, type Refused } from './listing.js';
import { checkFolder, readContent, unreadable, type FoundCheckpoint } from './read.js';
import { notFound } from './refusals.js';

export interface ReadNewestOptions {
  /** Passes over those with NaN or infinities in their weights or slots. */
  readonly goodOnly?: boolean;
}

/** The newest sound checkpoint, and those that were refused on the way to it. */
export interface NewestCheckpoint extends FoundCheckpoint {
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
}

const argumentsSchema = z.strictObject({ path: z.string().min(1), goodOnly: z.boolean().default(false) });

/**
 * Reads the newest checkpoint that is sound. One that is not is refused, and the one before it is tried. Those whose
 * manifest is torn, and whose age cannot be told, are always among the refused.
 *
 * @param path A folder of checkpoints, or one checkpoint.
 * @throws CheckpointError CHECKPOINT_NOT_FOUND when there is none; CHECKPOINT_TORN when none is sound, or
 * CHECKPOINT_FORMAT when all of them are of other versions: with the refusal of the newest as its cause
 *
 * @example
 * const { entry, refused } = await readNewest('checkpoints');
 */
export async function readNewest(path: string, options: ReadNewestOptions = {}): Promise<NewestCheckpoint> {
  const given = checkArgument('arguments of readNewest', argumentsSchema, { ...options, path });
  const folder = resolve(given.path);
  await checkFolder(folder);
  const listing = await listed(folder);
  if (listing.entries.length + listing.refused.length > 0) return newestOf(folder, listing, given.goodOnly);
  if (!(await holdsCheckpoint(folder))) throw notFound(folder, 'holds no checkpoint');
  const found = await readContent({ name: basename(folder), path: folder });
  if (given.goodOnly && !found.entry.facts.finite) throw notFound(folder, noGood);
  return { ...found, refused: [] };
}

async function listed(folder: string): Promise<Listing> {
  try {
    return await listCheckpoints(folder);
  } catch (error) {
    throw unreadable(folder, error);
  }
}

async function newestOf(folder: string, listing: Listing, goodOnly: boolean): Promise<NewestCheckpoint> {
  const refused = [...listing.refused];
  for (const entry of listing.entries) {
    if (goodOnly && !entry.facts.finite) continue;
    try {
      return { ...(await readContent(entry)), refused: refused.map(({ name, error }) => ({ name, reason: error.found })) };
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      refused.push({ name: entry.name, error });
    }
  }
  if (refused.length > 0) throw noneSound(folder, refused);
  throw notFound(folder, noGood);
}

const noGood = 'holds no checkpoint without NaN and infinities';

function noneSound(folder: string, refused: readonly Refused[]): CheckpointError {
  const isOther = refused.every(({ error }) => error.code === 'CHECKPOINT_FORMAT');
  return new CheckpointError(isOther ? 'CHECKPOINT_FORMAT' : 'CHECKPOINT_TORN', {
    found: `no checkpoint in ${folder} is sound: ${refused.map(({ error }) => error.found).join('; ')}`,
    remedy: isOther ? 'Use the version that wrote them.' : 'Restore one from a copy, or begin a new run in another folder.',
    cause: refused[0]?.error,
  });
}
