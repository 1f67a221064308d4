import { expect } from 'vitest';
import { levelNumbers, type TrainscopeEvent } from '../../src/events/index.js';
import { repeatedKeys } from '../events/json-keys.js';

/** What an event is on the wire: NaN and the infinities as text. */
export const onWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (_key, each: unknown) => (typeof each === 'number' && !Number.isFinite(each) ? String(each) : each)));

/**
 * Lines of pino are all the events, in order, without a gap in seq and with nothing changed but the level's number.
 */
export function expectAllEvents(lines: readonly string[], events: readonly TrainscopeEvent[]): void {
  expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(events.map((_, i) => i + 1));
  lines.forEach((line, i) => {
    const event = events[i];
    expect(repeatedKeys(line)).toEqual([]);
    expect(JSON.parse(line)).toMatchObject({ ...(onWire(event) as object), level: levelNumbers[event?.level ?? 'info'] });
  });
}

export const count = (events: readonly TrainscopeEvent[], name: string): number => events.filter(({ event }) => event === name).length;
