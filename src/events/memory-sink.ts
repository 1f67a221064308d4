import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import type { TrainscopeEvent } from './envelope.js';
import type { Sink } from './sink.js';

export interface MemorySinkOptions {
  readonly name?: string;
  /** Keep the last so many events and let go of older ones. All are kept where nothing is given. */
  readonly limit?: number;
}

export interface MemorySink extends Sink {
  /** What is kept, oldest first. */
  readonly events: readonly TrainscopeEvent[];
  /** How many were let go of for the limit. That was asked for, so they do not count as lost. */
  readonly evicted: number;
}

const schema = z.strictObject({
  name: z.string().optional(),
  limit: z.union([z.int().min(0), z.literal(Infinity)]).optional(),
});

/**
 * Keeps events in memory: for tests, and for what wants the last events of a run.
 * @throws ConfigError OPTIONS_INVALID
 */
export function memorySink(options: MemorySinkOptions = {}): MemorySink {
  const { name = 'memory', limit = Infinity } = checkArgument('options of memorySink', schema, options);
  const events: TrainscopeEvent[] = [];
  let evicted = 0;
  return {
    name,
    events,
    get evicted() {
      return evicted;
    },
    write(event) {
      events.push(event);
      if (events.length <= limit) return;
      events.shift();
      evicted += 1;
    },
    stats: () => ({ written: events.length + evicted, lost: 0 }),
  };
}
