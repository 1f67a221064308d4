import { TrainscopeError } from '../errors.js';

/**
 * The work's result, or an error when it takes longer than `ms`. The work itself goes on: a promise cannot be stopped.
 *
 * @throws TrainscopeError SINK_STUCK
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new TrainscopeError('SINK_STUCK', { found: `${what} took longer than ${ms} ms`, expected: 'what it held is given up, so that the run can end' }));
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** As long as thread-stream, pino's worker transport, waits for its worker (thread-stream, index.js, flushSync: 10 x 1 s). */
export const patienceMs = 10_000;
