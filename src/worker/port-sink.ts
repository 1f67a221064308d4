import type { MessagePort } from 'node:worker_threads';
import type { Sink, TrainscopeEvent } from '../events/index.js';
import { shareOf } from '../events/pino-sink.js';
import { thrownText } from '../thrown-text.js';
import type { FromWorker } from './messages.js';

/** As many as a sink's writes may be under way (events/attached-sink.ts): at half a KiB an event some 2 MiB. */
const maxPending = 4096;

/**
 * Less than the 10 s after which the bus gives a sink up (events/deadline.ts): a main thread that is busy for longer
 * must not cost the rest of the events, which would be delivered once it is free.
 */
const flushPatienceMs = 8000;

export interface PortSink extends Sink {
  /** The main thread has handled so many events, from the first one on. */
  handled(count: number): void;
  /** The main thread has written all that came before the flush of this number. */
  flushed(id: number): void;
  stats(): { readonly written: number; readonly lost: number };
}

/**
 * Sends events to the main thread as they are: structured clone keeps NaN and the infinities. What the main thread has
 * not handled is bounded; beyond that events are left out and counted, steps and debug events first, and the bus tells
 * of them with `sink-loss`.
 */
export function portSink(port: MessagePort, { pending = maxPending, patience = flushPatienceMs } = {}): PortSink {
  let sent = 0;
  let handled = 0;
  let lost = 0;
  let flushes = 0;
  let toldUnsendable = false;
  const waiting = new Map<number, () => void>();
  const post = (message: FromWorker): void => {
    port.postMessage(message);
  };

  /** At the first one alone: a plugin that emits what cannot be sent does so again and again. */
  const tellUnsendable = (event: TrainscopeEvent, error: unknown): void => {
    lost += 1;
    if (toldUnsendable) return;
    toldUnsendable = true;
    post({ kind: 'trouble', message: `an event "${event.event}" cannot be sent to the main thread: ${thrownText(error)}` });
  };

  return {
    name: 'worker-port',
    write(event) {
      if (sent - handled >= pending * shareOf(event)) {
        lost += 1;
        return;
      }
      try {
        post({ kind: 'event', event });
        sent += 1;
      } catch (error) {
        tellUnsendable(event, error);
      }
    },
    async flush() {
      const id = ++flushes;
      post({ kind: 'flush', id });
      let timer: NodeJS.Timeout | undefined;
      const inTime = await new Promise<boolean>((resolve) => {
        waiting.set(id, () => resolve(true));
        // It also keeps the worker alive, which the port does not.
        timer = setTimeout(() => resolve(false), patience);
      });
      clearTimeout(timer);
      waiting.delete(id);
      if (!inTime) post({ kind: 'trouble', message: `the main thread did not write the events within ${patience} ms; the training went on without waiting` });
    },
    handled(count) {
      handled = count;
    },
    flushed(id) {
      waiting.get(id)?.();
    },
    stats: () => ({ written: sent, lost }),
  };
}
