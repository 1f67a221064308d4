import { mkdir, open, rename, rm } from 'node:fs/promises';

/** What is done to a disk when a checkpoint is written: each is through, or throws. */
export interface Disk {
  makeFolder(path: string): Promise<void>;
  /** A new file. When it settles, what it holds outlives a loss of power. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** What was renamed, made and removed in a folder outlives a loss of power. */
  sync(folder: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** With all that is in it; nothing where it is not there. Links are removed, never followed. */
  remove(path: string): Promise<void>;
}

/** Windows opens no folder as a file; some network file systems flush none. Their renames are in the order that they were made. */
const cannotSync: ReadonlySet<unknown> = new Set(['EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP']);

export const nodeDisk: Disk = {
  async makeFolder(path) {
    await mkdir(path);
  },
  async write(path, bytes) {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  },
  async sync(folder) {
    try {
      const opened = await open(folder, 'r');
      try {
        await opened.sync();
      } finally {
        await opened.close();
      }
    } catch (error) {
      if (!cannotSync.has((error as NodeJS.ErrnoException).code)) throw error;
    }
  },
  rename,
  async remove(path) {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  },
};
