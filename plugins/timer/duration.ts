import { z } from 'zod';

const msOf = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1000 } as const;
const clockText = /^(\d+):([01]\d|2[0-3]):([0-5]\d):([0-5]\d)$/;

const parts = z.strictObject({
  days: z.number().min(0).optional(),
  hours: z.number().min(0).optional(),
  minutes: z.number().min(0).optional(),
  seconds: z.number().min(0).optional(),
});

/** How long: Lightning's `'DD:HH:MM:SS'`, or a record of days, hours, minutes and seconds, each of which may be a fraction. */
export const duration = z.union([z.string().regex(clockText, "expected 'DD:HH:MM:SS', as '00:12:00:00' for twelve hours"), parts]);
export type Duration = z.output<typeof duration>;

/** Milliseconds of a duration. */
export function milliseconds(given: Duration): number {
  if (typeof given !== 'string') return Object.entries(msOf).reduce((sum, [unit, ms]) => sum + (given[unit as keyof typeof msOf] ?? 0) * ms, 0);
  const [, ...numbers] = clockText.exec(given) ?? [];
  return Object.values(msOf).reduce((sum, ms, place) => sum + Number(numbers[place] ?? 0) * ms, 0);
}

/** As a person says it: `1 d 2 h 3 min 4 s`, without the parts that are nought. */
export function sayDuration(ms: number): string {
  if (ms < msOf.seconds) return `${String(Math.round(ms))} ms`;
  if (ms < msOf.minutes) return `${String(Number((ms / msOf.seconds).toFixed(1)))} s`;
  let left = Math.round(ms / msOf.seconds) * msOf.seconds;
  const said = (['days', 'hours', 'minutes', 'seconds'] as const).flatMap((unit) => {
    const count = Math.floor(left / msOf[unit]);
    left -= count * msOf[unit];
    return count === 0 ? [] : [`${String(count)} ${{ days: 'd', hours: 'h', minutes: 'min', seconds: 's' }[unit]}`];
  });
  return said.join(' ');
}
