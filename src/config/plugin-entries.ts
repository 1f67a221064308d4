import { z } from 'zod';
import type { ConfigProblem } from '../errors.js';
import { nearestName } from '../nearest-name.js';
import { pluginNamePattern } from '../plugin/define-plugin.js';
import type { AnyPlugin, AnyPluginFactory, AttachOptions } from '../plugin/index.js';
import { problemsOf, showValue, unknownKeyProblem } from '../problems.js';
import { findingsAt, invalid, problemsOfError, type Finding } from './finding.js';
import { confinedPath } from './confined-path.js';
import { importFactory, resolveModule } from './modules.js';

type Path = ConfigProblem['path'];

/** Name in a config file -> what makes the plugin. */
export type PluginRegistry = Readonly<Record<string, AnyPluginFactory>>;

/** The long form of a plugin. */
export const longFormSchema = z.strictObject({
  use: z.string().min(1).describe("A built-in plugin's name, an installed package, or a file in the folder of the config: ./my-plugin.js."),
  export: z.string().min(1).optional().describe('Which export of the module. Default: the default one, or the only plugin.'),
  options: z.unknown().optional().describe("The plugin's own options."),
  name: z.string().regex(pluginNamePattern).optional().describe("The name to run under; two plugins of one kind need two. Default: the plugin's."),
  enforce: z.enum(['pre', 'post']).optional().describe('Before or after the plugins in their listed order.'),
  onError: z.enum(['isolate', 'disable', 'stop']).optional().describe('What is done when it throws. Default: disable for a plugin that observes, stop for one that steers.'),
});

export interface PluginPlace {
  readonly registry: PluginRegistry;
  /** Where packages and files are looked for. */
  readonly folder: string;
  /** Where plugins write. */
  readonly outDir: string;
  /** The config's own `seed`. */
  readonly seed: number | undefined;
}

/** An item of the list, whichever its form. */
interface Entry {
  readonly path: Path;
  readonly use: string;
  readonly usePath: Path;
  /** The long form may name modules, the short ones built-in plugins alone. */
  readonly isLong: boolean;
  readonly exportName: string | undefined;
  readonly options: unknown;
  readonly optionsPath: Path;
  readonly attach: AttachOptions;
}

type Made = { readonly plugin: AnyPlugin; readonly path: Path } | { readonly findings: readonly Finding[] };

/** The plugins that a config lists, in its order; or what is wrong with them. With a seed and no plugin of the kind `seed`, that one is put first. */
export async function makePlugins(given: unknown, place: PluginPlace): Promise<{ readonly plugins: readonly AnyPlugin[]; readonly findings: readonly Finding[] }> {
  if (given !== undefined && !Array.isArray(given)) {
    return { plugins: [], findings: [invalid(['plugins'], `found ${showValue(given)}, expected an array of plugins`)] };
  }
  const made = await Promise.all((given ?? []).map((item: unknown, i) => makeOne(item, ['plugins', i], place)));
  const plugins = made.flatMap((each) => ('plugin' in each ? [each] : []));
  const findings = [...made.flatMap((each) => ('findings' in each ? each.findings : [])), ...doubles(plugins)];
  const seed = Object.hasOwn(place.registry, 'seed') ? place.registry['seed'] : undefined;
  if (place.seed === undefined || seed === undefined || plugins.some(({ plugin }) => plugin.kind === seed.pluginName)) return { plugins: plugins.map(({ plugin }) => plugin), findings };
  return { plugins: [seed({ seed: place.seed } as never), ...plugins.map(({ plugin }) => plugin)], findings };
}

async function makeOne(item: unknown, path: Path, place: PluginPlace): Promise<Made> {
  const entry = readEntry(item, path, place.registry);
  if ('findings' in entry) return entry;
  const found = await factoryOf(entry, place);
  if ('findings' in found) return found;
  const { optionsPath, options, attach } = entry;
  const denied = (found.factory.codeOnly ?? []).filter((name) => typeof options === 'object' && options !== null && Object.hasOwn(options, name));
  if (denied.length > 0) return { findings: denied.map((name) => invalid([...optionsPath, name], `${name} can be set in code alone: a config file is data, and runs nothing`)) };
  try {
    const first = found.factory((options ?? {}) as never, attach) as Partial<AnyPlugin>;
    const confined = confinedOptions(found.factory.paths ?? [], first.options, entry, place);
    if ('findings' in confined) return confined;
    const plugin = confined.options === undefined ? first : (found.factory(confined.options as never, attach) as Partial<AnyPlugin>);
    if (typeof plugin.name !== 'string' || typeof plugin.bind !== 'function') {
      return { findings: [{ code: 'CONFIG_MODULE', path: entry.usePath, message: `"${entry.use}" makes something that is no plugin` }] };
    }
    const own = (plugin.options as { readonly seed?: unknown } | undefined)?.seed;
    if (plugin.kind === 'seed' && place.seed !== undefined && own !== place.seed) {
      return { findings: [invalid([...optionsPath, 'seed'], `found ${showValue(own)}, and the seed of the config is ${place.seed}`)] };
    }
    return { plugin: plugin as AnyPlugin, path };
  } catch (error) {
    return { findings: findingsAt(optionsPath, problemsOfError(error)) };
  }
}

/** The options with each path in the folder that plugins write to, that of a default too; undefined where there is no path among them. */
function confinedOptions(names: readonly string[], parsed: unknown, { options, optionsPath }: Entry, { outDir }: PluginPlace): { readonly options: object | undefined } | { readonly findings: readonly Finding[] } {
  const values = (parsed ?? {}) as Readonly<Record<string, unknown>>;
  const given = names.flatMap((name) => (typeof values[name] === 'string' ? [{ name, confined: confinedPath(outDir, values[name]) }] : []));
  const refused = given.flatMap(({ name, confined }) =>
    'refusal' in confined ? [{ code: 'CONFIG_PATH_ESCAPES' as const, path: [...optionsPath, name], message: `${confined.refusal}, expected a path in ${outDir}` }] : [],
  );
  if (refused.length > 0) return { findings: refused };
  if (given.length === 0) return { options: undefined };
  return { options: { ...((options ?? {})), ...Object.fromEntries(given.flatMap(({ name, confined }) => ('path' in confined ? [[name, confined.path]] : []))) } };
}

function readEntry(item: unknown, path: Path, registry: PluginRegistry): Entry | { readonly findings: readonly Finding[] } {
  const short = { path, isLong: false, exportName: undefined, attach: {} };
  if (typeof item === 'string') return { ...short, use: item, usePath: path, options: {}, optionsPath: path };
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    return { findings: [invalid(path, `found ${showValue(item)}, expected the name of a plugin, { name: options } or { use, options }`)] };
  }
  const keys = Object.keys(item);
  const [key] = keys;
  const longKeys = Object.keys(longFormSchema.shape);
  if (key !== undefined && keys.length === 1 && !longKeys.includes(key) && (Object.hasOwn(registry, key) || nearestName(key, longKeys) === undefined)) {
    return { ...short, use: key, usePath: path, options: (item as Record<string, unknown>)[key], optionsPath: [...path, key] };
  }
  const plugin = keys.find((each) => Object.hasOwn(registry, each));
  if (plugin !== undefined && !keys.includes('use')) return { findings: besidePlugin(path, plugin, keys, longKeys) };
  const parsed = longFormSchema.safeParse(item);
  if (!parsed.success) return { findings: findingsAt(path, problemsOf(parsed.error, longFormSchema, item)) };
  const { use, export: exportName, options, name, enforce, onError } = parsed.data;
  const attach = { ...(name === undefined ? {} : { name }), ...(enforce === undefined ? {} : { enforce }), ...(onError === undefined ? {} : { onError }) };
  return { path, use, usePath: [...path, 'use'], isLong: true, exportName, options, optionsPath: [...path, 'options'], attach };
}

/** Keys that stand beside a plugin's name: most often its options, not indented enough. */
const besidePlugin = (path: Path, plugin: string, keys: readonly string[], longKeys: readonly string[]): readonly Finding[] =>
  keys
    .filter((key) => key !== plugin)
    .map((key) => invalid([...path, key], longKeys.includes(key) ? `${key} goes with { use: ${plugin}, ... }` : `${key} stands beside ${plugin}; indent it below, to make it an option`));

async function factoryOf({ use, usePath, isLong, exportName }: Entry, { registry, folder }: PluginPlace): Promise<{ readonly factory: AnyPluginFactory } | { readonly findings: readonly Finding[] }> {
  const builtIn = Object.hasOwn(registry, use) ? registry[use] : undefined;
  if (builtIn !== undefined) return { factory: builtIn };
  const names = Object.keys(registry);
  const suggestion = nearestName(use, names);
  const near = suggestion === undefined ? {} : { suggestion };
  if (!isLong) {
    const { message } = unknownKeyProblem([], use, names);
    const wanted = suggestion === undefined ? '; a package or a file is given as { use }' : '';
    return { findings: [{ ...invalid(usePath, message.replace('unknown key', 'unknown plugin') + wanted), ...near }] };
  }
  const resolved = resolveModule(use, folder);
  if ('refusal' in resolved) return { findings: [{ path: usePath, ...near, ...resolved.refusal }] };
  const imported = await importFactory(use, resolved.url, exportName);
  if ('factory' in imported) return imported;
  return { findings: [{ path: exportName === undefined ? usePath : [...usePath.slice(0, -1), 'export'], ...imported.refusal }] };
}

function doubles(plugins: readonly { readonly plugin: AnyPlugin; readonly path: Path }[]): readonly Finding[] {
  const names = plugins.map(({ plugin }) => plugin.name);
  return plugins.flatMap(({ plugin: { name }, path }, i) => (names.indexOf(name) === i ? [] : [invalid(path, `a second plugin runs under the name "${name}"; give it another: { use, options, name }`)]));
}
