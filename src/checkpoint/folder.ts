import { resolve } from 'node:path';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { CheckpointError } from '../errors.js';
import { AtomicFolders } from './atomic-folders.js';
import type { CheckpointContent, CheckpointEntry, CheckpointFacts } from './content.js';
import { nodeDisk, type Disk } from './disk.js';
import { encodeCheckpoint } from './encode.js';
import { isCheckpointName, listCheckpoints } from './listing.js';
import { manifestFile } from './manifest.js';

/**
 * A folder of checkpoints, of one process at a time. At every moment each checkpoint in it is whole or not there: it is
 * made under a temporary name, flushed to the disk, and then renamed.
 *
 * @example
 * const folder = new CheckpointFolder('checkpoints');
 * await folder.open();
 * await folder.write('step-00000120', facts, content);
 * const [newest] = await folder.list();
 */
export class CheckpointFolder {
  /** Absolute. */
  readonly path: string;
  readonly #folders: AtomicFolders;

  /** @throws ConfigError OPTIONS_INVALID */
  constructor(folder: string, disk: Disk = nodeDisk) {
    this.path = resolve(checkArgument('arguments of CheckpointFolder', z.strictObject({ folder: z.string().min(1) }), { folder }).folder);
    this.#folders = new AtomicFolders(this.path, disk);
  }

  /**
   * Makes the folder, tries whether it can be written, and clears away what processes that died left half done. What a
   * living process is at work on is let be.
   *
   * @throws CheckpointError CHECKPOINT_UNWRITABLE
   */
  async open(): Promise<void> {
    await this.#folders.open();
  }

  /** Newest first: by attempt, then by seq. What is no readable checkpoint is left out. */
  async list(): Promise<readonly CheckpointEntry[]> {
    try {
      return (await listCheckpoints(this.path)).entries;
    } catch {
      return [];
    }
  }

  /** Names of what was a checkpoint once and cannot be read as one. */
  async damaged(): Promise<readonly string[]> {
    try {
      return (await listCheckpoints(this.path)).refused.map(({ name }) => name);
    } catch {
      return [];
    }
  }

  /**
   * Writes a checkpoint; when it settles, the checkpoint outlives the process and a loss of power. One of that name that
   * was there before is replaced: should the process die in between, it is there still. The values are copied before
   * this returns.
   *
   * @param name Letters, digits, - and _, 200 at most.
   * @param before Awaited when all is written, right before the checkpoint becomes valid. When it fails, so does this.
   * @returns the bytes of all files
   * @throws CheckpointError CHECKPOINT_UNWRITABLE, with all other checkpoints as they were; CHECKPOINT_FORMAT for a name
   * or a content that could not be read back
   */
  async write(name: string, facts: CheckpointFacts, content: CheckpointContent, before?: () => Promise<void>): Promise<{ readonly bytes: number }> {
    checkName(name);
    const { files, seal } = encodeCheckpoint(name, facts, content);
    return { bytes: await this.#folders.write(name, { files, last: [manifestFile, seal], before }) };
  }

  /**
   * Removes a checkpoint; nothing where it is not there. It is whole until it is gone.
   *
   * @throws CheckpointError CHECKPOINT_UNWRITABLE
   */
  async remove(name: string): Promise<void> {
    checkName(name);
    await this.#folders.remove(name);
  }
}

function checkName(name: string): void {
  if (typeof name === 'string' && isCheckpointName(name)) return;
  throw new CheckpointError('CHECKPOINT_FORMAT', { found: `"${name}" is no name of a checkpoint`, expected: 'letters, digits, - and _, 200 at most' });
}
