import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own, in memory. */
export interface SmallDisk {
  readonly folder: string;
  /** From now on nothing can be written to it; what is open stays open, and fails at the next write. */
  makeReadOnly(): void;
  remove(): void;
}

/** @returns undefined where this process may not mount: only root on Linux may, and not in every container. */
export function mountSmallDisk(kibibytes: number): SmallDisk | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'trainscope-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${String(kibibytes)}k`, 'none', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  return {
    folder,
    // Refused while a file is open for writing ("target is busy"), unless it is bound once more and that mount is changed.
    makeReadOnly: () => {
      execFileSync('mount', ['--bind', folder, folder]);
      execFileSync('mount', ['-o', 'remount,bind,ro', folder]);
    },
    remove: () => {
      execFileSync('umount', ['-l', folder]);
      try {
        execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
      } catch {
        // It was not made read-only: one mount is all there was.
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const canMount = (() => {
  const disk = mountSmallDisk(64);
  disk?.remove();
  return disk !== undefined;
})();
