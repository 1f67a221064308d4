import type { TrainscopeEvent } from './envelope.js';

/**
 * The events that count, of a log as it was written. A run that dies and is resumed from a checkpoint makes the steps
 * since that checkpoint again; what the log holds of their first time stands before the event `resume`, under numbers
 * (seq) above the one that this event names, and is left out. The order stays; so do the events `resume`.
 *
 * @param events In the order of the log; of several runs, if need be.
 */
export function withoutSuperseded<Event extends Pick<TrainscopeEvent<string, unknown>, 'runId' | 'seq' | 'event' | 'data'>>(events: Iterable<Event>): Event[] {
  const all = [...events];
  const counts = new Uint8Array(all.length).fill(1);
  /** Of each run, the places of its events that count: their seq rises. */
  const standing = new Map<string, number[]>();
  all.forEach((event, place) => {
    const { runId } = event;
    const places = standing.get(runId) ?? [];
    standing.set(runId, places);
    const until = event.event === 'resume' ? (event.data as { readonly seq?: unknown } | null)?.seq : undefined;
    if (typeof until === 'number') {
      for (let last = places.at(-1); last !== undefined && (all[last]?.seq ?? 0) > until; last = places.at(-1)) {
        counts[last] = 0;
        places.pop();
      }
    }
    places.push(place);
  });
  return all.filter((_, place) => counts[place] === 1);
}
