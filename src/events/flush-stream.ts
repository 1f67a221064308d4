/** A stream of pino's that buffers: sonic-boom (files, stdout) or thread-stream (a worker). */
export interface Flushable {
  flush(done: (error?: Error | null) => void): void;
}

/** What fsync answers for what is no file: the lines are written, there is just no disk to wait for (fsync(2), ERRORS). */
const noDisk: ReadonlySet<unknown> = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EROFS']);

/** Asks a stream to pass on what it holds, and resolves when it says that it has. */
export function flushStream(stream: Flushable): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.flush((error: NodeJS.ErrnoException | null | undefined) => {
      if (error && !noDisk.has(error.code)) reject(error);
      else resolve();
    });
  });
}
