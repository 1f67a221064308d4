import { constants } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '../errors.js';
import { errorCode, malformed, torn } from './refusals.js';

/** No link is followed, and no named pipe waited for; Windows has neither flag. */
const readFlags = constants.O_RDONLY | flag('O_NOFOLLOW') | flag('O_NONBLOCK');

function flag(name: 'O_NOFOLLOW' | 'O_NONBLOCK'): number {
  return (constants as Partial<Record<typeof name, number>>)[name] ?? 0;
}

/** 64 MiB: a thousand layers with two slots for each weight are half a MiB. */
const largestUnannounced = 64 * 1024 * 1024;

/** Linux reads 2^31 - 4096 bytes at once at most (read(2)). */
const mostAtOnce = 2 ** 30;

/**
 * A file of a checkpoint, whole.
 *
 * @param size Bytes that it must have. Compared with the file's own size before memory is taken for it.
 * @throws CheckpointError CHECKPOINT_TORN when it is missing, cannot be read or has another size
 */
export async function readFileOf({ name, path }: { readonly name: string; readonly path: string }, file: string, size?: number): Promise<Uint8Array<ArrayBuffer>> {
  let opened: FileHandle | undefined;
  try {
    const place = join(path, file);
    if (!(await lstat(place)).isFile()) throw torn(name, file, 'is no file');
    opened = await open(place, readFlags);
    const status = await opened.stat();
    if (!status.isFile()) throw torn(name, file, 'is no file');
    if (size === undefined && status.size > largestUnannounced) throw malformed(name, file, `has ${String(status.size)} bytes, more than a manifest ever has`);
    if (size !== undefined && status.size !== size) throw torn(name, file, `has ${String(status.size)} bytes; its manifest says ${String(size)}`);
    const bytes = new Uint8Array(status.size);
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await opened.read(bytes, at, Math.min(bytes.length - at, mostAtOnce), at);
      if (bytesRead === 0) throw torn(name, file, `ends after ${String(at)} bytes`);
      at += bytesRead;
    }
    return bytes;
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    const code = errorCode(error);
    throw torn(name, file, code === 'ENOENT' ? 'is missing' : `cannot be read (${code})`, error);
  } finally {
    await opened?.close();
  }
}
