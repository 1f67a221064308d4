import { z } from 'zod';

/** The version of the line format, `v` in every event. */
export const eventVersion = 1;

/** pino's levels and its numbers for them (pino, docs/api.md, "logger.levels"). */
export const levelNumbers = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const;
export type Level = keyof typeof levelNumbers;
export const levels = Object.keys(levelNumbers) as Level[];

/** One event, frozen. What listeners hear, sinks write and, as a line of JSON, logs hold. */
export interface TrainscopeEvent<Name extends string = string, Data = Readonly<Record<string, unknown>>> {
  readonly v: typeof eventVersion;
  /** The run that it belongs to. */
  readonly runId: string;
  /** Counts up by one from 1, over the whole run and over a resume. */
  readonly seq: number;
  /** When it was emitted: ms since the Unix epoch. */
  readonly time: number;
  readonly event: Name;
  /** The plugin that emitted it; null for the trainer. */
  readonly plugin: string | null;
  /** The epoch of what was measured, from 1; 0 before the first. */
  readonly epoch: number;
  /** The updates that had been made at what was measured; 0 before the first. */
  readonly step: number;
  readonly level: Level;
  /** Typed and described by the event's name in the catalogue. */
  readonly data: Data;
}

/** Event name -> type of its data. */
export type EventMap = Record<string, object>;

/** The union of a catalogue's events: `switch (event.event)` narrows `event.data`. */
export type EventOf<Events> = { [Name in keyof Events & string]: TrainscopeEvent<Name, Events[Name]> }[keyof Events & string];

/** The keys that the envelope has on the wire, in their order. */
export const envelopeKeys = ['v', 'runId', 'seq', 'time', 'event', 'plugin', 'epoch', 'step', 'level', 'data'] as const satisfies (keyof TrainscopeEvent)[];

/**
 * A line as it stands in a log, whoever wrote it. A line that went through pino has pino's number for its level, may
 * have its time as ISO text, and holds keys of pino's (pid, hostname, msg, bindings): other keys are let pass.
 */
export const eventLineSchema = z.looseObject({
  v: z.literal(eventVersion).describe('version of this format'),
  runId: z.string().min(1).describe('the run that the event belongs to'),
  seq: z.int().min(1).describe('counts up by one, over the run and over a resume'),
  time: z.union([z.number(), z.iso.datetime({ offset: true })]).describe('when it was emitted: ms since the Unix epoch, or ISO 8601 where the logger is set to write that'),
  event: z.string().min(1).describe('the name of the event, which says what data holds'),
  plugin: z.string().nullable().describe('the plugin that emitted it; null for the trainer'),
  epoch: z.int().min(0).describe('epoch of what was measured, from 1; 0 before the first'),
  step: z.int().min(0).describe('updates made at what was measured; 0 before the first'),
  level: z.union([z.enum(levels), z.literal(Object.values(levelNumbers))]).describe("pino's label, or its number on a line written by pino"),
  data: z.record(z.string(), z.unknown()).describe('what happened'),
});

/** An event as JSON.parse gives it: not decoded, not yet one of a catalogue. */
export type EventLine = z.output<typeof eventLineSchema>;

const labels: ReadonlyMap<unknown, Level> = new Map(levels.map((label) => [levelNumbers[label], label]));

/** The label of a level as it stands on the wire. */
export const levelLabel = (level: EventLine['level']): Level => (typeof level === 'string' ? level : (labels.get(level) ?? 'info'));
