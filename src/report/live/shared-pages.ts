import { LivePageThread } from './live-page.js';
import type { PageStart } from './messages.js';

/** Pages that no training uses now: the next one with the same wishes goes on with it, at the same address. */
const idle = new Map<string, LivePageThread>();
/** Pages that are about to give back their port. */
const closing = new Set<Promise<void>>();

/** A token that was drawn is its page's own: any will do. */
const keyOf = ({ host, port, hosts, token }: PageStart, isTokenGiven: boolean): string => JSON.stringify([host, port, hosts, isTokenGiven ? token : token !== null]);

/** A page for one training at a time. */
export interface TakenPage {
  readonly page: LivePageThread;
  /** Null: nothing can be done from it. */
  readonly token: string | null;
  /** Whether an earlier training had it. */
  readonly isReused: boolean;
  /** Leaves it to the next training; it stays as long as the process. */
  leave(): void;
  close(): Promise<void>;
}

const tokens = new WeakMap<LivePageThread, string>();

/** @throws what LivePageThread.open throws */
export async function takePage(start: PageStart, isTokenGiven: boolean): Promise<TakenPage> {
  const key = keyOf(start, isTokenGiven);
  await Promise.all(closing);
  const found = idle.get(key);
  idle.delete(key);
  const isReused = found?.isThere === true;
  const page = isReused ? found : await LivePageThread.open(start);
  if (!isReused && start.token !== null) tokens.set(page, start.token);
  return {
    page,
    token: tokens.get(page) ?? null,
    isReused,
    leave: () => {
      // Two trainings at once had a page each: one is enough for the next.
      const before = idle.get(key);
      if (before !== undefined && before !== page) void before.close();
      idle.set(key, page);
    },
    close: () => {
      const closed = page.close().finally(() => closing.delete(closed));
      closing.add(closed);
      return closed;
    },
  };
}
