/**
 * start * ratio^times, kept finite: a ratio above 1 overflows a double sooner or later (1.1 after some 7,400 times),
 * and from then on the value stands still at the largest finite number.
 */
export const geometric = (start: number, ratio: number, times: number): number => finite(start * finite(ratio ** times));

/** The value, or the largest finite number. Without it 0 * Infinity would make a NaN of a rate that is 0. */
export const finite = (value: number): number => Math.min(value, Number.MAX_VALUE);
