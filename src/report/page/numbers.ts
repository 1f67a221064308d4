import type { Real } from '../model.js';

const thin = '\u202f';

/** Four significant digits: 0.04321, 12 345, 1.2e-7. */
export function digits(value: Real | null | undefined): string {
  if (value === null || value === undefined) return '—';
  if (typeof value === 'string') return value;
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return grouped(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(3).replace(/\.?0+e/, 'e').replace('e+', 'e');
  if (size >= 10_000) return grouped(Math.round(value));
  return String(Number(value.toPrecision(4)));
}

/** Thousands apart from 10 000 on. */
const grouped = (value: number): string => (Math.abs(value) < 10_000 ? String(value) : String(value).replace(/\B(?=(\d{3})+$)/g, thin));

export function duration(seconds: number): string {
  if (seconds < 60) return `${String(Number(seconds.toPrecision(3)))} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return hours > 0 ? `${String(hours)} h ${String(minutes).padStart(2, '0')} min` : `${String(minutes)} min ${String(rest).padStart(2, '0')} s`;
}

export const percent = (share: number): string => `${digits(Number((100 * share).toPrecision(3)))}${thin}%`;

export const counted = (count: number, what: string, many = `${what}s`): string => `${digits(count)} ${count === 1 ? what : many}`;
