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

/** Some network file systems flush no folder, and Windows opens none as a file: there the order in which it was renamed has to do. */
const cannotSync: ReadonlySet<unknown> = new Set(['EINVAL', 'ENOTSUP', ...(process.platform === 'win32' ? ['EPERM', 'EISDIR'] : [])]);

/** Linux writes 2^31 - 4096 bytes at once at most (write(2)). FileHandle.writeFile takes 512 KiB at once, and a turn of the event loop for each. */
const mostAtOnce = 2 ** 30;

export const nodeDisk: Disk = {
  async makeFolder(path) {
    await mkdir(path);
  },
  async write(path, bytes) {
    const file = await open(path, 'wx');
    try {
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, Math.min(bytes.length - at, mostAtOnce))).bytesWritten;
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
