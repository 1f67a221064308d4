import { Catalogue, type EventsOf } from './catalogue.js';
import type { EventOf, Level } from './envelope.js';
import { runEvents } from './run-events.js';
import { troubleEvents } from './trouble-events.js';

/** The events of the trainer itself. */
export const coreEvents = { ...runEvents, ...troubleEvents };

/** Event name -> type of its data, of the core events. */
export type CoreEvents = EventsOf<typeof coreEvents>;

/** Any core event; `switch (event.event)` narrows its data. */
export type CoreEvent = EventOf<CoreEvents>;

/**
 * Levels where nothing else is said. A step is 'debug', so that at pino's default level ('info') a console shows epochs
 * and troubles and not every step; a file sink keeps all of them.
 */
const coreLevels: Readonly<Partial<Record<keyof CoreEvents, Level>>> = {
  step: 'debug',
  finding: 'warn',
  'plugin-error': 'error',
  'plugin-slow': 'warn',
  'listener-error': 'error',
  'sink-error': 'error',
  'sink-loss': 'warn',
  error: 'error',
};

/** The catalogue to which plugins' events are added. */
export const coreCatalogue: Catalogue<CoreEvents> = Catalogue.of(coreEvents, { levels: coreLevels });

/** True for the trainer's own events: their names are known and their data was checked when they were made. */
export const isCoreEvent = (event: { readonly event: string }): event is CoreEvent => coreCatalogue.has(event.event);
