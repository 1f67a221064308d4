import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CheckpointError } from '../errors.js';
import type { Disk } from './disk.js';
import { errorCode, unwritable } from './refusals.js';
import { isAnotherProcess, readTemporaryName, temporaryName } from './temporary.js';

/** Paths that this process is at work in. */
const inUse = new Set<string>();

/** The files of a folder by name. */
export interface FolderFiles {
  readonly files: readonly (readonly [name: string, bytes: Uint8Array])[];
  /** One that is made while the others are written, and is written after them. */
  readonly last?: readonly [name: string, make: () => Promise<Uint8Array>];
  /** Awaited when all is written, right before the folder gets its name. When it fails, nothing has changed. */
  readonly before?: (() => Promise<void>) | undefined;
}

/**
 * Folders of files in one folder, each of them whole or not there at every moment: it is made under a temporary name,
 * flushed to the disk, and then renamed.
 */
export class AtomicFolders {
  /** @param path The folder that they are in, absolute. */
  constructor(
    readonly path: string,
    readonly disk: Disk,
  ) {}

  /**
   * Makes the folder, tries whether it can be written, and clears away what processes that died left half done. What a
   * living process is at work on is let be.
   *
   * @throws CheckpointError CHECKPOINT_UNWRITABLE
   */
  async open(): Promise<void> {
    await this.#writing(async () => {
      const first = await mkdir(this.path, { recursive: true });
      if (first !== undefined) for (let made = this.path; made.length >= first.length; made = dirname(made)) await this.disk.sync(dirname(made));
      await this.#clearAway();
      await this.#within('probe', async (probe) => {
        await this.disk.makeFolder(probe);
        await this.disk.write(join(probe, 'probe'), new Uint8Array(1));
      });
    });
  }

  /**
   * Writes one in place of what had its name; should the process die in between, that is there still.
   * @returns the bytes of all files
   * @throws CheckpointError CHECKPOINT_UNWRITABLE, with all others as they were
   */
  async write(name: string, { files, last, before }: FolderFiles): Promise<number> {
    return this.#within(name, async (made) => {
      const bytes = await this.#writing(async () => {
        await this.disk.makeFolder(made);
        const [sealed] = await allOf([last?.[1]() ?? Promise.resolve(undefined), ...files.map(([file, each]) => this.disk.write(join(made, file), each))]);
        if (last !== undefined && sealed !== undefined) await this.disk.write(join(made, last[0]), sealed);
        await this.disk.sync(made);
        return files.reduce((sum, [, { length }]) => sum + length, sealed?.length ?? 0);
      });
      await before?.();
      await this.#writing(() => this.#put(made, name));
      return bytes;
    });
  }

  /**
   * Removes one; nothing where it is not there. It is whole until it is gone.
   * @throws CheckpointError CHECKPOINT_UNWRITABLE
   */
  async remove(name: string): Promise<void> {
    await this.#writing(() =>
      this.#within(name, async (gone) => {
        if (await this.#move(join(this.path, name), gone)) await this.disk.sync(this.path);
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
        await this.disk.rename(made, place);
      } catch (error) {
        // Should this fail too, it still is found under its temporary name.
        if (isReplaced) await this.#move(old, place).catch(() => undefined);
        throw error;
      }
      await this.disk.sync(this.path);
      await this.#clear(old);
    } finally {
      inUse.delete(old);
    }
  }

  /** False where there is nothing to be moved. */
  async #move(from: string, to: string): Promise<boolean> {
    try {
      await this.disk.rename(from, to);
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
    await this.disk.remove(path).catch(() => undefined);
  }

  async #clearAway(): Promise<void> {
    const children = new Set(await readdir(this.path));
    for (const child of children) {
      const temporary = readTemporaryName(child);
      const path = join(this.path, child);
      if (temporary === undefined || inUse.has(path) || isAnotherProcess(temporary.pid)) continue;
      if (temporary.kind === 'old' && !children.has(temporary.name)) {
        children.add(temporary.name);
        await this.disk.rename(path, join(this.path, temporary.name));
        await this.disk.sync(this.path);
      } else await this.disk.remove(path);
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

/** Waits for all of them before the first error is thrown: nothing is at work any more when what they made is cleared away. */
async function allOf<const All extends readonly Promise<unknown>[]>(all: All): Promise<{ -readonly [K in keyof All]: Awaited<All[K]> }> {
  await Promise.allSettled(all);
  return Promise.all(all);
}
