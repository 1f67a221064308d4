import { builtInPlugins } from '../../plugins/index.js';
import { configJsonSchema } from '../config.js';
import type { AnyPluginFactory } from '../plugin/index.js';
import { jsonSchemaOf, type JsonSchema } from './schema-text.js';

export interface Suggestion {
  readonly value: string;
  readonly description: string;
}

const registry: Readonly<Record<string, AnyPluginFactory>> = builtInPlugins;

export const pluginSuggestions = (): readonly Suggestion[] => Object.entries(registry).map(([value, { summary }]) => ({ value, description: brief(summary) }));

/** The first sentence of a description: a terminal has one line for it. */
const brief = (text: string): string => text.split(/(?<=\.) /)[0]?.slice(0, 100) ?? '';

/** A schema and what it may be otherwise. */
const branches = (schema: JsonSchema): readonly JsonSchema[] => [schema, ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(branches)];

const childrenOf = (schema: JsonSchema): Readonly<Record<string, JsonSchema>> => {
  const children: Record<string, JsonSchema> = {};
  for (const { properties = {} } of branches(schema)) for (const [key, child] of Object.entries(properties)) children[key] ??= child;
  return children;
};

/** What a setting may be, where that can be listed. */
const valuesOf = (schema: JsonSchema): readonly string[] => [
  ...new Set(branches(schema).flatMap(({ type, enum: choices = [], const: only }) => [...choices, ...(only === undefined ? [] : [only]), ...(type === 'boolean' ? [true, false] : [])]).filter((value) => typeof value !== 'object').map(String)),
];

const root = (): JsonSchema => configJsonSchema();

/** The schema of a setting, by the keys of its path. */
function schemaAt(keys: readonly string[]): JsonSchema | undefined {
  const [first, name, ...rest] = keys;
  const inPlugins = first === 'plugins' && name !== undefined;
  const factory = inPlugins && Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (inPlugins && factory === undefined) return undefined;
  const [start, path] = factory === undefined ? [root(), keys] : [jsonSchemaOf(factory.options), rest];
  return path.reduce<JsonSchema | undefined>((schema, key) => (schema === undefined ? undefined : childrenOf(schema)[key]), start);
}

/** What may follow in `path=value`: keys that hold others end with a dot, those that take a value with an equals sign. */
export function completeSetting(typed: string): readonly Suggestion[] {
  const [path = '', value] = typed.split(/=(.*)/s);
  const keys = path.split('.');
  if (value !== undefined) {
    const schema = schemaAt(keys);
    const isPlugin = keys.length === 2 && keys[0] === 'plugins';
    return schema === undefined ? [] : (isPlugin ? ['true', 'false'] : valuesOf(schema)).map((each) => ({ value: `${path}=${each}`, description: '' }));
  }
  const above = keys.slice(0, -1);
  const prefix = above.map((key) => `${key}.`).join('');
  if (above.length === 1 && above[0] === 'plugins') return pluginSuggestions().map(({ value: name, description }) => ({ value: `${prefix}${name}.`, description }));
  const schema = schemaAt(above);
  if (schema === undefined) return [];
  return Object.entries(childrenOf(schema)).flatMap(([key, child]): readonly Suggestion[] => {
    const description = brief(child.description ?? '');
    if (above.length === 0 && key === '$schema') return [];
    if (above.length === 0 && key === 'plugins') return [{ value: 'plugins.', description }];
    const holds = Object.keys(childrenOf(child)).length > 0;
    const takes = !holds || valuesOf(child).length > 0;
    return [...(takes ? [{ value: `${prefix}${key}=`, description }] : []), ...(holds ? [{ value: `${prefix}${key}.`, description }] : [])];
  });
}
