import { expect, test } from 'vitest';
import { duration, milliseconds, sayDuration } from '../../../plugins/timer/duration.js';
import { NextUnit } from '../../../plugins/timer/next-unit.js';

test.each([
  ['00:00:00:01', 1000],
  ['00:00:01:00', 60_000],
  ['00:12:00:00', 43_200_000],
  ['01:02:03:04', 93_784_000], // 86400 + 7200 + 180 + 4 s
  [{ hours: 1.5 }, 5_400_000],
  [{ days: 1, seconds: 0.25 }, 86_400_250],
  [{}, 0],
] as const)('%j is %i ms', (given, ms) => {
  expect(milliseconds(duration.parse(given))).toBe(ms);
});

test.each(['12:00:00', '00:24:00:00', '00:00:60:00', '-1:00:00:00', 'an hour', { weeks: 1 }, { hours: -1 }, 90])('%j is no duration', (given) => {
  expect(duration.safeParse(given).success).toBe(false);
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [8500, '8.5 s'],
  [61_000, '1 min 1 s'],
  [93_784_000, '1 d 2 h 3 min 4 s'],
  [3_599_600, '1 h'], // rounded to whole seconds first
])('%i ms are said as %s', (ms, said) => {
  expect(sayDuration(ms)).toBe(said);
});

test('the next unit may take as long as the longest of the latest ten', () => {
  const next = new NextUnit();
  expect(next.expected).toBe(0);
  for (const ms of [50, 1, 2, 3, 4, 5, 6, 7, 8, 9]) next.add(ms);
  expect(next.expected).toBe(50);
  next.add(1);
  expect(next.expected).toBe(9);
});
