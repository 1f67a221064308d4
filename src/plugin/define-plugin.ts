import { z } from 'zod';
import { ConfigError, PluginError } from '../errors.js';
import { decodeInto } from '../events/index.js';
import type { Measurements, Needs, ValuesOf } from '../measure/index.js';
import { didYouMean } from '../nearest-name.js';
import { listProblems, problemsOf, showValue, valueAt } from '../problems.js';
import { checkAttachOptions, checkDefinition } from './check-definition.js';
import type { EventData, ObserverContext, SteererContext } from './context.js';
import { hookKinds, hookNames, type HookName, type ObserverHooks, type SteererHooks } from './hooks.js';

export type Role = 'observe' | 'steer';

/**
 * What is done when a hook throws. `isolate`: said, and the plugin goes on. `disable`: said, and the plugin is not
 * called any more. `stop`: the run fails with a PluginError.
 */
export type ErrorPolicy = 'isolate' | 'disable' | 'stop';

/**
 * What a plugin cannot work without, looked at before the first step: validation data, a metric (`metric:val_accuracy`),
 * another kind of plugin (`plugin:checkpoint`), to be the only one of its kind (`only`), or a Trainer, where callbacks of
 * model.fit would not do (`trainer`).
 */
export type Requirement = 'validation' | 'only' | 'trainer' | `metric:${string}` | `plugin:${string}`;

export type EventSchemas = Readonly<Record<string, z.ZodType>>;
type DataOf<Schemas extends EventSchemas> = { readonly [K in keyof Schemas]: z.input<Schemas[K]> };
type ObserverHooksOf<Schemas extends EventSchemas, State, M extends Measurements> = ObserverHooks<ObserverContext<DataOf<Schemas>, State>, ValuesOf<M>>;
type SteererHooksOf<Schemas extends EventSchemas, State, M extends Measurements> = SteererHooks<SteererContext<DataOf<Schemas>, State>, ValuesOf<M>>;

/** How a plugin is attached, beside its own options. */
export interface AttachOptions {
  /** The name to run under; two plugins of one kind need two names. Default: the plugin's. */
  readonly name?: string;
  readonly enforce?: 'pre' | 'post';
  /** Default: `disable` for a plugin that observes, `stop` for one that steers. */
  readonly onError?: ErrorPolicy;
}

/** The recipe of a plugin. */
export interface PluginDefinition<
  R extends Role,
  Options extends z.ZodType,
  Schemas extends EventSchemas,
  State extends z.ZodType,
  M extends Measurements,
  Hooks extends object,
> {
  readonly name: string;
  /** One sentence for lists and generated docs. */
  readonly summary: string;
  /** `observe`: it only looks. `steer`: it may transform, stop and set the learning rate. */
  readonly role: R;
  /** A zod schema, best a z.strictObject, so that a mistyped option is refused. */
  readonly options?: Options;
  /** The plugin's events: kebab-case name to schema of the data. */
  readonly events?: Schemas;
  /** What must survive a checkpoint. Every field needs a default: the initial state is the schema's answer to {}. */
  readonly state?: State;
  /** Names of options that only code may set, and no config file: a file that is data must not name a program to run. */
  readonly codeOnly?: readonly string[];
  /** Names of options that are paths. In code they are relative to the working directory; a config file's stay in its folder. */
  readonly paths?: readonly string[];
  readonly enforce?: 'pre' | 'post';
  readonly onError?: ErrorPolicy;
  /** Which measurements at which steps: `measured` gets their values. */
  readonly needs?: (options: z.output<Options>) => Needs<M> | undefined;
  readonly requires?: (options: z.output<Options>) => readonly Requirement[];
  /** Fresh hooks for one trainer: what they share beside the state lives in this closure. */
  readonly hooks: (options: z.output<Options>) => Hooks;
}

/** Any plugin, whatever its events. */
export type AnyPlugin = Plugin<object>;

/** A plugin with its options fixed, ready for a trainer. `EventsOf` carries the types of its events. */
export interface Plugin<EventsOf extends object = EventData> {
  readonly name: string;
  readonly kind: string;
  readonly summary: string;
  readonly role: Role;
  readonly enforce: 'pre' | 'post' | undefined;
  readonly onError: ErrorPolicy;
  /** As parsed, for the run's record. */
  readonly options: unknown;
  readonly events: EventSchemas;
  readonly needs: Needs<Measurements> | undefined;
  readonly requires: readonly Requirement[];
  /** What it writes: names and values of its options that are paths. */
  readonly paths: Readonly<Record<string, string>>;
  readonly hookNames: readonly HookName[];
  /** Fresh hooks and state, for one trainer. */
  readonly bind: () => BoundPlugin;
  /** Carries the event types; never set. */
  readonly __events?: EventsOf;
}

/** Hooks as the runner sees them: the types of payload and context were checked where the plugin was defined. */
export type UntypedHook = (payload: never, context: never, more: never) => unknown;

export interface BoundPlugin {
  readonly hooks: Readonly<Partial<Record<HookName, UntypedHook>>>;
  readonly state: unknown;
  /** @throws PluginError PLUGIN_STATE when the value does not fit the plugin's state schema. */
  readonly parseState: (value: unknown) => unknown;
}

/** What lists, config files and docs need to know of a kind of plugin. */
interface PluginKind {
  readonly pluginName: string;
  readonly summary: string;
  readonly role: Role;
  readonly options: z.ZodType;
  readonly events: EventSchemas;
  readonly codeOnly?: readonly string[];
  readonly paths?: readonly string[];
}

/** Makes plugins of one kind. */
export interface PluginFactory<Options extends z.ZodType = z.ZodType, EventsOf extends object = EventData> extends PluginKind {
  (options?: z.input<Options>, attach?: AttachOptions): Plugin<EventsOf>;
}

/** A maker of any kind of plugin: what a registry holds, and what config files call with options that they have not checked. */
export interface AnyPluginFactory extends PluginKind {
  (options?: never, attach?: AttachOptions): AnyPlugin;
}

const noOptions = z.strictObject({});
/** What a plugin may run under. */
export const pluginNamePattern = /^[a-zA-Z][a-zA-Z0-9._:-]*$/;

function parseOptions<Options extends z.ZodType>(plugin: string, schema: Options, given: unknown): z.output<Options> {
  const result = schema.safeParse(given ?? {});
  if (result.success) return result.data;
  const problems = problemsOf(result.error, schema, given ?? {});
  throw new ConfigError('OPTIONS_INVALID', {
    found: `options of the plugin "${plugin}" are not valid: ${listProblems(problems)}`,
    problems,
  });
}

const pathsOf = (names: readonly string[], options: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(names.flatMap((name) => {
    const value = valueAt(options, name);
    return typeof value === 'string' ? [[name, value]] : [];
  }));

function checkHooks(plugin: string, role: Role, hooks: unknown): readonly HookName[] {
  if (typeof hooks !== 'object' || hooks === null) {
    throw new PluginError('PLUGIN_INVALID', { plugin, found: `hooks() of the plugin "${plugin}" gave ${showValue(hooks)}`, expected: 'it gives an object of hooks' });
  }
  for (const [name, hook] of Object.entries(hooks)) {
    if (!(name in hookKinds)) {
      throw new PluginError('PLUGIN_HOOK_UNKNOWN', {
        plugin,
        hook: name,
        found: `the plugin "${plugin}" has a hook "${name}", which does not exist`,
        expected: `hooks are ${hookNames.join(', ')}`,
        remedy: didYouMean(name, hookNames),
      });
    }
    if (hook !== undefined && typeof hook !== 'function') {
      throw new PluginError('PLUGIN_INVALID', { plugin, hook: name, found: `the hook "${name}" of the plugin "${plugin}" is ${typeof hook}`, expected: 'a hook is a function' });
    }
    if (role === 'observe' && hookKinds[name as HookName] !== 'observe') {
      throw new PluginError('PLUGIN_INVALID', {
        plugin,
        hook: name,
        found: `the plugin "${plugin}" observes, and has the transforming hook "${name}"`,
        remedy: "Give it the role 'steer'.",
      });
    }
  }
  return hookNames.filter((name) => typeof (hooks as Partial<Record<HookName, unknown>>)[name] === 'function');
}

function initialState(plugin: string, schema: z.ZodType | undefined): { state: unknown; parseState: (value: unknown) => unknown } {
  const parse = (value: unknown, what: string): unknown => {
    if (schema === undefined) return undefined;
    // A saved state may come from JSON, which has NaN and infinities by their names.
    const result = decodeInto(schema, value);
    if (result.success) return result.data;
    throw new PluginError('PLUGIN_STATE', {
      plugin,
      found: `${what} of the plugin "${plugin}" does not fit its schema: ${listProblems(problemsOf(result.error, schema, value))}`,
      ...(what === 'the initial state' ? { remedy: 'Give every field of the state schema a default.' } : {}),
    });
  };
  return { state: parse({}, 'the initial state'), parseState: (value) => parse(value, 'the saved state') };
}

/**
 * Defines a kind of plugin, and gives the function that makes one from its options.
 *
 * @throws PluginError PLUGIN_INVALID for a definition that lacks a part or has one of a wrong type. When a plugin is
 * made: ConfigError OPTIONS_INVALID for options, its own or of attaching, that do not fit their schema; PluginError
 * PLUGIN_HOOK_UNKNOWN for a hook that does not exist, PLUGIN_INVALID for a transform in a plugin that observes,
 * PLUGIN_STATE for a state schema without defaults.
 *
 * @example
 * const lossPrinter = definePlugin({
 *   name: 'lossPrinter',
 *   summary: 'Prints the loss of every epoch.',
 *   role: 'observe',
 *   options: z.strictObject({ digits: z.int().min(0).default(3) }),
 *   hooks: ({ digits }) => ({
 *     epochEnd({ metrics }, { epoch }) {
 *       console.error(epoch, metrics.loss.toFixed(digits));
 *     },
 *   }),
 * });
 */
export function definePlugin<
  Options extends z.ZodType = typeof noOptions,
  const Schemas extends EventSchemas = Record<never, never>,
  State extends z.ZodType = z.ZodUndefined,
  M extends Measurements = Record<never, never>,
>(definition: PluginDefinition<'observe', Options, Schemas, State, M, ObserverHooksOf<Schemas, z.output<State>, M>>): PluginFactory<Options, DataOf<Schemas>>;
export function definePlugin<
  Options extends z.ZodType = typeof noOptions,
  const Schemas extends EventSchemas = Record<never, never>,
  State extends z.ZodType = z.ZodUndefined,
  M extends Measurements = Record<never, never>,
>(
  // One signature that is generic over the role would not carry the type of `needs` over to the hook `measured`.
  // eslint-disable-next-line @typescript-eslint/unified-signatures
  definition: PluginDefinition<'steer', Options, Schemas, State, M, SteererHooksOf<Schemas, z.output<State>, M>>,
): PluginFactory<Options, DataOf<Schemas>>;
export function definePlugin(definition: PluginDefinition<Role, z.ZodType, EventSchemas, z.ZodType, Measurements, object>): PluginFactory {
  checkDefinition(definition);
  const { name: kind, role, summary } = definition;
  const schema: z.ZodType = definition.options ?? noOptions;
  const make = (given?: unknown, attach: AttachOptions = {}): Plugin => {
    checkAttachOptions(kind, attach);
    const name = attach.name ?? kind;
    if (!pluginNamePattern.test(name)) {
      throw new PluginError('PLUGIN_INVALID', { plugin: name, found: `a plugin is named "${name}"`, expected: 'a name starts with a letter and holds letters, digits, dots, colons, - and _' });
    }
    const options = parseOptions(name, schema, given);
    const bind = (): BoundPlugin => ({ hooks: definition.hooks(options), ...initialState(name, definition.state) });
    return Object.freeze({
      name,
      kind,
      summary,
      role,
      enforce: attach.enforce ?? definition.enforce,
      onError: attach.onError ?? definition.onError ?? (role === 'steer' ? 'stop' : 'disable'),
      options,
      events: definition.events ?? {},
      needs: definition.needs?.(options),
      requires: definition.requires?.(options) ?? [],
      paths: pathsOf(definition.paths ?? [], options),
      hookNames: checkHooks(name, role, bind().hooks),
      bind,
    });
  };
  return Object.assign(make, { pluginName: kind, summary, role, options: schema, events: definition.events ?? {}, codeOnly: definition.codeOnly ?? [], paths: definition.paths ?? [] });
}
