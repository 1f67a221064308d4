import { z } from 'zod';

/**
 * A series of any length in at most `capacity` means: when it is full, neighbours are joined, so that every mean stands
 * for equally many values and the whole run stays in sight.
 */
export const trackSchema = z.strictObject({
  /** Values to a mean. */
  stride: z.int().min(1),
  means: z.array(z.number()),
  /** Step of the first value of each mean. */
  steps: z.array(z.int()),
  /** Values that do not make a full mean yet: sum, count, and the step of the first. */
  sum: z.number(),
  pending: z.int().min(0),
  from: z.int(),
});
export type Track = z.output<typeof trackSchema>;

export const capacity = 64;
export const emptyTrack: Track = { stride: 1, means: [], steps: [], sum: 0, pending: 0, from: 0 };

/** The track with one more value; one that is not finite changes nothing. */
export function put(track: Track, step: number, value: number): Track {
  if (!Number.isFinite(value)) return track;
  const pending = track.pending + 1;
  const sum = track.sum + value;
  const from = track.pending === 0 ? step : track.from;
  if (pending < track.stride) return { ...track, sum, pending, from };
  const full = { ...track, means: [...track.means, sum / pending], steps: [...track.steps, from], sum: 0, pending: 0, from: 0 };
  if (full.means.length < capacity) return full;
  const even = <T>(values: readonly T[]): T[] => values.filter((_, i) => i % 2 === 0);
  const joined = even(full.means).map((each, i) => (each + (full.means[2 * i + 1] ?? each)) / 2);
  return { ...full, stride: 2 * full.stride, means: joined, steps: even(full.steps) };
}
