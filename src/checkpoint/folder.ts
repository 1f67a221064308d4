import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { CheckpointError } from '../errors.js';
import type { CheckpointContent, CheckpointEntry, CheckpointFacts } from './content.js';
import { nodeDisk, type Disk } from './disk.js';
import { encodeCheckpoint } from './encode.js';
import { isCheckpointName, listCheckpoints } from './listing.js';
import { manifestFile } from './manifest.js';
import { errorCode, unwritable } from './refusals.js';
import { isAnotherProcess, readTemporaryName, temporaryName } from './temporary.js';

/** Paths that this process is at work in. */
const inUse = new Set<string>();

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
  readonly #disk: Disk;

  /** @throws ConfigError OPTIONS_INVALID */
  constructor(folder: string, disk: Disk = nodeDisk) {
    this.path = resolve(checkArgument('arguments of CheckpointFolder', z.strictObject({ folder: z.string().min(1) }), { folder }).folder);
    this.#disk = disk;
  }

  /**
   * Makes the folder, tries whether it can be written, and clears away what processes that died left half done. What a
   * living process is at work on is let be.
   *
   * @throws CheckpointError CHECKPOINT_UNWRITABLE
   */
  async open(): Promise<void> {
    await this.#writing(async () => {
      const first = await mkdir(this.path, { recursive: true });
      if (first !== undefined) for (let made = this.path; made.length >= first.length; made = dirname(made)) await this.#disk.sync(dirname(made));
      await this.#clearAway();
      await this.#within('probe', async (probe) => {
        await this.#disk.makeFolder(probe);
        await this.#disk.write(join(probe, 'probe'), new Uint8Array(1));
      });
    });
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
    return this.#within(name, async (made) => {
      const bytes = await this.#writing(async () => {
        await this.#disk.makeFolder(made);
        const [manifest] = await allOf([seal(), ...files.map(([file, bytes]) => this.#disk.write(join(made, file), bytes))]);
        await this.#disk.write(join(made, manifestFile), manifest);
        await this.#disk.sync(made);
        return files.reduce((sum, [, { length }]) => sum + length, manifest.length);
      });
      await before?.();
      await this.#writing(() => this.#put(made, name));
      return { bytes };
    });
  }

  /**
   * Removes a checkpoint; nothing where it is not there. It is whole until it is gone.
   *
   * @throws CheckpointError CHECKPOINT_UNWRITABLE
   */
  async remove(name: string): Promise<void> {
    checkName(name);
    await this.#writing(() =>
      this.#within(name, async (gone) => {
        if (await this.#move(join(this.path, name), gone)) await this.#disk.sync(this.path);
      }),
    );
  }

  async #put(made: string, name: string): Promise<void> {
    const place = join(this.path, name);
    const old = join(this.path, temporaryName('old', name));
    inUse.add(old);
    try {
      const isReplaced = await this.#move(place, old);
      try {
        await this.#disk.rename(made, place);
      } catch (error) {
        // Should this fail too, it still is found under its temporary name.
        if (isReplaced) await this.#move(old, place).catch(() => undefined);
        throw error;
      }
      await this.#disk.sync(this.path);
      await this.#clear(old);
    } finally {
      inUse.delete(old);
    }
  }

  /** False where there is nothing to be moved. */
  async #move(from: string, to: string): Promise<boolean> {
    try {
      await this.#disk.rename(from, to);
      return true;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** Lends a temporary path and clears it away, whatever happens. */
  async #within<T>(name: string, work: (path: string) => Promise<T>): Promise<T> {
    const path = join(this.path, temporaryName('tmp', name));
    inUse.add(path);
    try {
      return await work(path);
    } finally {
      await this.#clear(path);
      inUse.delete(path);
    }
  }

  /** What cannot be removed now is cleared away by the next open(). */
  async #clear(path: string): Promise<void> {
    await this.#disk.remove(path).catch(() => undefined);
  }

  async #clearAway(): Promise<void> {
    const children = new Set(await readdir(this.path));
    for (const child of children) {
      const temporary = readTemporaryName(child);
      const path = join(this.path, child);
      if (temporary === undefined || inUse.has(path) || isAnotherProcess(temporary.pid)) continue;
      if (temporary.kind === 'old' && !children.has(temporary.name)) {
        children.add(temporary.name);
        await this.#disk.rename(path, join(this.path, temporary.name));
        await this.#disk.sync(this.path);
      } else await this.#disk.remove(path);
    }
  }

  async #writing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof CheckpointError ? error : unwritable(this.path, error);
    }
  }
}

function checkName(name: string): void {
  if (typeof name === 'string' && isCheckpointName(name)) return;
  throw new CheckpointError('CHECKPOINT_FORMAT', { found: `"${name}" is no name of a checkpoint`, expected: 'letters, digits, - and _, 200 at most' });
}

/** Waits for all of them before the first error is thrown: nothing is at work any more when what they made is cleared away. */
async function allOf<const All extends readonly Promise<unknown>[]>(all: All): Promise<{ -readonly [K in keyof All]: Awaited<All[K]> }> {
  await Promise.allSettled(all);
  return Promise.all(all);
}
