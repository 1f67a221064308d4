import { z } from 'zod';
import { PluginError, TrainscopeError, type ErrorFacts } from '../errors.js';
import { didYouMean } from '../nearest-name.js';
import { listProblems, problemsOf } from '../problems.js';
import { compileCheckedCopy, refused, type CheckedCopy } from './checked-copy.js';
import { canonicalJson } from './configuration-hash.js';
import { eventLineSchema, type Level } from './envelope.js';
import { frozenCopy, type DeepReadonly } from './frozen-copy.js';

/** Event name -> schema of its data: an object of JSON, without transforms, since the same schema reads the line back. */
export type EventSchemas = Readonly<Record<string, z.ZodType>>;

/** Event name -> type of its data, from the schemas; read-only, since events are frozen. */
export type EventsOf<Schemas extends EventSchemas> = { [Name in keyof Schemas & string]: DeepReadonly<z.output<Schemas[Name]>> };

/**
 * Names a plugin's own events and says what their data holds.
 *
 *     const events = defineEvents({
 *       'dead-units': z.strictObject({ layer: z.string(), share: real.describe('0 to 1') }),
 *     });
 */
export const defineEvents = <const Schemas extends EventSchemas>(schemas: Schemas): Schemas => schemas;

/** What goes with the schemas of one owner. */
export interface CatalogueOptions<Name extends string = string> {
  /** The level of an event that is emitted without one; 'info' where nothing is said. */
  readonly levels?: Readonly<Partial<Record<Name, Level>>>;
  /** Who defines the events, for messages: a plugin's name. */
  readonly owner?: string;
}

type Entry = {
  readonly schema: z.ZodType;
  readonly level: Level;
  readonly owner: string;
  /** Made when the first event comes. */
  copy: CheckedCopy | undefined;
};

const namePattern = /^[a-z][a-z0-9]*(?:[-.:][a-z0-9]+)*$/;

/** The events that are known, the core's and the plugins': a value that never changes; `with` gives a larger one. */
export class Catalogue<Events> {
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(entries: ReadonlyMap<string, Entry>) {
    this.#entries = entries;
  }

  static of<const Schemas extends EventSchemas>(schemas: Schemas, options: CatalogueOptions<keyof Schemas & string> = {}): Catalogue<EventsOf<Schemas>> {
    return new Catalogue(new Map(entriesOf(schemas, options)));
  }

  /**
   * This catalogue and more events. A name that is there already is let pass when its schema says the same (the same
   * plugin twice).
   *
   * @throws TrainscopeError EVENT_DUPLICATE when it says something else; EVENT_INVALID when a name is not kebab-case or
   * a schema cannot be written as JSON Schema (a transform, a Date, a bigint), or describes something else than an object.
   */
  with<const Schemas extends EventSchemas>(schemas: Schemas, options: CatalogueOptions<keyof Schemas & string> = {}): Catalogue<Events & EventsOf<Schemas>> {
    const entries = new Map(this.#entries);
    for (const [name, entry] of entriesOf(schemas, options)) {
      const present = entries.get(name);
      checkDefinition(name, entry);
      if (present === undefined) entries.set(name, entry);
      else if (present.schema !== entry.schema && canonicalJson(z.toJSONSchema(present.schema)) !== canonicalJson(z.toJSONSchema(entry.schema))) {
        throw new TrainscopeError('EVENT_DUPLICATE', {
          found: `${entry.owner} defines the event "${name}" otherwise than ${present.owner} does`,
          expected: 'a name stands for one kind of data',
          remedy: 'Rename one of them, for instance with the name of the plugin in front.',
        });
      }
    }
    return new Catalogue(entries);
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** @throws TrainscopeError EVENT_UNKNOWN */
  schema<Name extends keyof Events & string>(name: Name): z.ZodType<Events[Name]> {
    return this.#entry(name).schema as unknown as z.ZodType<Events[Name]>;
  }

  /** The level of an event that is emitted without one. @throws TrainscopeError EVENT_UNKNOWN */
  level(name: keyof Events & string): Level {
    return this.#entry(name).level;
  }

  /**
   * The data of an event, validated.
   *
   * @param plugin who emits it, for the message; null for the trainer
   * @throws TrainscopeError EVENT_UNKNOWN or EVENT_INVALID; a PluginError, with the same codes, where a plugin is named
   */
  parse<Name extends keyof Events & string>(name: Name, data: unknown, plugin: string | null = null): Events[Name] {
    const { schema } = this.#entry(name, plugin);
    const result = schema.safeParse(data);
    if (result.success) return result.data as Events[Name];
    throw eventError('EVENT_INVALID', plugin, {
      found: `the data of the event "${name}"${by(plugin)} does not fit its schema: ${listProblems(problemsOf(result.error, schema, data))}`,
      expected: 'the event is checked when it is emitted, so that its readers need not check it',
      remedy: 'Correct the data, or its schema in defineEvents.',
      cause: result.error,
    });
  }

  /** The same, as a copy that shares nothing with the data and is frozen at every depth. */
  copy<Name extends keyof Events & string>(name: Name, data: unknown, plugin: string | null = null): Events[Name] {
    const entry = this.#entry(name, plugin);
    entry.copy ??= compileCheckedCopy(entry.schema);
    const copy = entry.copy(data);
    return (copy === refused ? frozenCopy(this.parse(name, data, plugin)) : copy) as Events[Name];
  }

  /** JSON Schema (2020-12) of a line, whichever the event; the schema of each event's data stands under $defs. */
  jsonSchema(): Record<string, unknown> {
    const { properties, required } = z.toJSONSchema(eventLineSchema);
    return {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'A line of a trainscope log: one event',
      type: 'object',
      properties: { ...properties, event: { ...(properties?.['event'] as object), enum: this.names } },
      required,
      oneOf: this.names.map((name) => ({ type: 'object', properties: { event: { const: name }, data: { $ref: `#/$defs/${name}` } } })),
      $defs: Object.fromEntries(
        [...this.#entries].map(([name, { schema }]) => {
          const { $schema: _, ...definition } = z.toJSONSchema(schema);
          return [name, definition];
        }),
      ),
    };
  }

  #entry(name: string, plugin: string | null = null): Entry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    throw eventError('EVENT_UNKNOWN', plugin, {
      found: `the event "${name}"${by(plugin)} is not in the catalogue`,
      expected: `known are ${this.names.join(', ')}`,
      remedy: didYouMean(name, this.names) || 'A plugin names its events with defineEvents.',
    });
  }
}

const by = (plugin: string | null): string => (plugin === null ? '' : ` of the plugin "${plugin}"`);

const eventError = (code: 'EVENT_INVALID' | 'EVENT_UNKNOWN', plugin: string | null, facts: ErrorFacts): TrainscopeError =>
  plugin === null ? new TrainscopeError(code, facts) : new PluginError(code, { ...facts, plugin });

function entriesOf(schemas: EventSchemas, { levels = {}, owner = 'the core' }: CatalogueOptions): [string, Entry][] {
  return Object.entries(schemas).map(([name, schema]) => [name, { schema, level: (Object.hasOwn(levels, name) ? levels[name] : undefined) ?? 'info', owner, copy: undefined }]);
}

function checkDefinition(name: string, { schema, owner }: Entry): void {
  const fail = (found: string, expected: string, cause?: unknown): never => {
    throw new TrainscopeError('EVENT_INVALID', { found: `${found} (defined by ${owner})`, expected, remedy: 'Correct it in defineEvents.', cause });
  };
  if (!namePattern.test(name)) fail(`the event name "${name}" is not kebab-case`, 'small letters, digits and single - . : between them');
  let json: z.core.JSONSchema.BaseSchema = {};
  try {
    json = z.toJSONSchema(schema);
  } catch (cause) {
    fail(`the schema of the event "${name}" cannot be written as JSON Schema`, 'schemas of JSON without transforms, so that a line can be read back', cause);
  }
  const branches = json.anyOf ?? json.oneOf ?? json.allOf; // a union of objects has no type of its own
  if (json.type !== 'object' && branches === undefined) fail(`the data of the event "${name}" is not described as an object`, 'the data is an object with named fields');
}
