import { TrainscopeError } from '../errors.js';
import { didYouMean } from '../nearest-name.js';
import { listProblems, problemsOf, showValue } from '../problems.js';
import type { Catalogue } from './catalogue.js';
import { coreCatalogue, type CoreEvents } from './core-events.js';
import { eventLineSchema, levelLabel, type EventLine, type EventOf, type TrainscopeEvent } from './envelope.js';
import { frozenCopy } from './frozen-copy.js';
import { decodeInto, decodeNumbers, encodeNumbers } from './numbers.js';
import type { JsonRecord } from './json-value.js';

/** An event as one line of JSON, without the line's end. */
export function toEventLine(event: TrainscopeEvent): string {
  const data = encodeNumbers(event.data);
  return JSON.stringify(data === event.data ? event : { ...event, data });
}

/** A line that was read: of an event in the catalogue, typed; or of another, say of a plugin that is not at hand. */
export type ReadEvent<Events> =
  | { readonly known: true; readonly event: EventOf<Events> }
  | { readonly known: false; readonly event: TrainscopeEvent<string, JsonRecord> };

/**
 * Reads one line of a log, written by any of the sinks. An event that the catalogue does not know is handed over with
 * data unchecked (a text "NaN" in it reads as the number).
 *
 * @throws TrainscopeError EVENT_INVALID when the line is no JSON (a torn last line), no event, or its data does not fit.
 */
export function readEventLine<Events = CoreEvents>(line: string, catalogue?: Catalogue<Events>): ReadEvent<Events> {
  const known = (catalogue ?? coreCatalogue) as Catalogue<Events>;
  const wire = envelopeOf(line);
  if (!known.has(wire.event)) return { known: false, event: assemble(wire, decodeNumbers(wire.data)) as TrainscopeEvent<string, JsonRecord> };
  const schema = known.schema(wire.event as keyof Events & string);
  const data = decodeInto(schema, wire.data);
  if (!data.success) throw invalid(`the data of the event "${wire.event}" (seq ${wire.seq}) does not fit its schema: ${listProblems(problemsOf(data.error, schema, wire.data))}`, data.error);
  return { known: true, event: assemble(wire, data.data) as EventOf<Events> };
}

/**
 * Reads one line of a log into a typed event: the core's without a catalogue, those of the catalogue with one.
 *
 * @throws TrainscopeError EVENT_INVALID as readEventLine does; EVENT_UNKNOWN for an event that the catalogue does not know.
 */
export function parseEventLine<Events = CoreEvents>(line: string, catalogue?: Catalogue<Events>): EventOf<Events> {
  const read = readEventLine(line, catalogue);
  if (read.known) return read.event;
  const { names } = catalogue ?? coreCatalogue;
  throw new TrainscopeError('EVENT_UNKNOWN', {
    found: `the line holds an event "${read.event.event}"`,
    expected: `the catalogue knows ${names.join(', ')}`,
    remedy: didYouMean(read.event.event, names) || 'Add the events of the plugin that wrote it to the catalogue, or read it with readEventLine.',
  });
}

function envelopeOf(line: string): EventLine {
  if (typeof line !== 'string') throw invalid(`the line is ${showValue(line)}, and no text`, undefined);
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw invalid(`the line is no JSON: ${line.length > 80 ? `${line.slice(0, 80)}…` : line}`, cause);
  }
  const result = eventLineSchema.safeParse(json);
  if (!result.success) throw invalid(`the line is no event of trainscope: ${listProblems(problemsOf(result.error, eventLineSchema, json))}`, result.error);
  return result.data;
}

/** The envelope's own keys, in their order: what else a logger put on the line stays behind. */
const assemble = ({ v, runId, seq, time, event, plugin, epoch, step, level }: EventLine, data: unknown): TrainscopeEvent =>
  Object.freeze({
    ...{ v, runId, seq, time: typeof time === 'number' ? time : Date.parse(time), event, plugin, epoch, step, level: levelLabel(level) },
    data: frozenCopy(data) as TrainscopeEvent['data'],
  });

const invalid = (found: string, cause: unknown): TrainscopeError =>
  new TrainscopeError('EVENT_INVALID', { found, expected: 'a line is one event as JSON, as the sinks write it', cause });
