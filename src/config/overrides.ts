import type { ConfigProblem } from '../errors.js';
import { nearestName } from '../nearest-name.js';
import { pathText, showValue, valueAt } from '../problems.js';
import { readDocument } from './document.js';
import { longFormSchema, type PluginRegistry } from './plugin-entries.js';

type Path = ConfigProblem['path'];

/** A setting that is changed from outside of the file: `fit.epochs=3`. */
export interface Override {
  readonly path: Path;
  /** Plain data; null takes the setting out. */
  readonly value: unknown;
  /** As a message names it: `--set fit.epochs=3`. */
  readonly argument: string;
}

/** What makes of data what an override says, and where the data has it then. */
export interface Overridden {
  readonly value: unknown;
  /** Of each override that could be applied, where the data has it. */
  readonly places: readonly { readonly path: Path; readonly argument: string }[];
  readonly problems: readonly ConfigProblem[];
}

const refusedKeys: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** Deeper than any setting; the reader of files ends at 64 as well. */
const mostParts = 64;

/** A key, `[2]`, or a key in quotes where it holds a dot or an equals sign: `lossWeights["a.b"]`. */
const part = /\.?(?:\[(\d{1,9})\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]="]+))/y;

const problem = (argument: string, message: string, path: Path = [], suggestion?: string): ConfigProblem => ({ path, message, argument, ...(suggestion === undefined ? {} : { suggestion }) });

/**
 * Reads `path=value`. The value is read as in a YAML file: `0.1`, `true`, `[accuracy]`, `{ norm: 1 }`, `null`.
 * @returns a problem where it is neither
 */
export function readOverride(text: string, argument = `--set ${text}`): Override | ConfigProblem {
  const path: (string | number)[] = [];
  let at = 0;
  for (;;) {
    part.lastIndex = at;
    const found = part.exec(text);
    if (found === null || (at === 0 && text.startsWith('.')) || (at > 0 && found[3] !== undefined && text[at] !== '.')) break;
    const [whole, index, quoted, key] = found;
    path.push(index !== undefined ? Number(index) : quoted !== undefined ? quoted.replaceAll(/\\(.)/g, '$1') : (key ?? '').trim());
    at += whole.length;
  }
  if (path.length === 0 || text[at] !== '=' || path.includes('')) return problem(argument, 'expected PATH=VALUE, such as fit.epochs=3 or plugins.gradientNorm.every=5');
  if (path.length > mostParts) return problem(argument, `a path of more than ${String(mostParts)} parts`);
  const refused = path.find((each) => typeof each === 'string' && refusedKeys.includes(each));
  if (refused !== undefined) return problem(argument, `${String(refused)} is refused as a key`);
  const given = text.slice(at + 1);
  if (given.trim() === '') return problem(argument, `no value behind "="; ${pathText(path)}=null takes a setting out`, path);
  if (/[\n\r]/.test(given)) return problem(argument, 'a value of several lines; write it as [a, b] or { a: 1 }', path);
  const { value, findings } = readDocument(`value: ${given}`, 'yaml');
  const [wrong] = findings;
  if (wrong !== undefined) return problem(argument, `the value cannot be read: ${wrong.message}`, path);
  return { path, value: valueAt(value, 'value'), argument };
}

/**
 * Data with its overrides, in their order. Objects and lists on the way are made where there are none; a name stands for
 * { name } where a part of it is set; a plugin is found in the list by its name, and put at the end where it is not there.
 */
export function applyOverrides(given: unknown, overrides: readonly Override[], registry: PluginRegistry): Overridden {
  let value = given;
  const places: { path: Path; argument: string }[] = [];
  const problems: ConfigProblem[] = [];
  for (const override of overrides) {
    const at = placeOf(value, override, registry);
    if ('message' in at) {
      problems.push(at);
      continue;
    }
    const set = setAt(value, at.path, at.value, override.argument, []);
    if (set.problem !== undefined) problems.push(set.problem);
    else {
      value = set.value;
      places.push({ path: at.path, argument: override.argument });
    }
  }
  return { value, places, problems };
}

interface Place {
  readonly path: Path;
  readonly value: unknown;
}

/** Where in the data an override sets what: `plugins.gradientNorm.every` is `plugins[1].gradientNorm.every`. */
function placeOf(data: unknown, { path, value, argument }: Override, registry: PluginRegistry): Place | ConfigProblem {
  const [first, name, ...rest] = path;
  if (first !== 'plugins' || typeof name !== 'string') return { path, value };
  const listed = valueAt(data, 'plugins') ?? [];
  if (!Array.isArray(listed)) return problem(argument, `found ${showValue(listed)}, expected an array of plugins`, ['plugins']);
  if (/^\d+$/.test(name)) return { path: ['plugins', Number(name), ...rest], value };
  const entries = listed as readonly unknown[];
  const at = entries.findIndex((entry) => namesOf(entry).includes(name));
  if (at === -1 && !Object.hasOwn(registry, name)) {
    const known = [...new Set([...entries.flatMap(namesOf), ...Object.keys(registry)])];
    const near = nearestName(name, known);
    return problem(argument, `unknown plugin "${name}"${near === undefined ? `; known are ${known.join(', ')}` : ''}`, ['plugins'], near);
  }
  const index = at === -1 ? entries.length : at;
  if (rest.length === 0) {
    if (value === null || value === false) return { path: ['plugins', index], value: null };
    if (value === true) return { path: ['plugins', index], value: at === -1 ? name : entries[at] };
    if (typeof value !== 'object' || Array.isArray(value)) return problem(argument, `found ${showValue(value)}, expected its options as { ... }, true, or false to leave it out`, ['plugins', index]);
    const entry = entries[at];
    return isLong(entry) ? { path: ['plugins', index, 'options'], value } : { path: ['plugins', index], value: { [name]: value } };
  }
  return { path: ['plugins', index, isLong(entries[at]) ? 'options' : name, ...rest], value };
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isLong = (entry: unknown): entry is { readonly use: string; readonly name?: unknown } => isMap(entry) && typeof entry['use'] === 'string';

/** What an entry of the list may be called by: the name that it runs under, else what it uses. */
function namesOf(entry: unknown): readonly string[] {
  if (typeof entry === 'string') return [entry];
  if (!isMap(entry)) return [];
  if (isLong(entry)) return [typeof entry.name === 'string' ? entry.name : entry.use];
  const [key, ...more] = Object.keys(entry);
  return key === undefined || more.length > 0 || Object.hasOwn(longFormSchema.shape, key) ? [] : [key];
}

type Set = { readonly value: unknown; readonly problem?: undefined } | { readonly problem: ConfigProblem };

/** Lists of a config, where `sinks.0` means the first and not a key. */
const lists: readonly string[] = ['plugins', 'sinks'];

/** A copy with one part set; null takes it out. */
function setAt(holder: unknown, path: Path, value: unknown, argument: string, above: Path): Set {
  const [key, ...rest] = path;
  if (key === undefined) return { value };
  const place = [...above, key];
  if (Array.isArray(holder) || (holder === undefined && (typeof key === 'number' || lists.includes(String(above.at(-1)))))) {
    const items = (holder ?? []) as readonly unknown[];
    const index = typeof key === 'number' ? key : /^\d{1,9}$/.test(key) ? Number(key) : undefined;
    if (index === undefined) return { problem: problem(argument, `found "${key}", expected the number of an item, from 0`, above) };
    if (index > items.length) return { problem: problem(argument, `found item ${String(index)}, expected 0 to ${String(items.length)}: the list has ${String(items.length)}`, above) };
    const set = setAt(bareAsObject(items[index], rest), rest, value, argument, place);
    if (set.problem !== undefined) return set;
    return { value: set.value === null ? items.toSpliced(index, 1) : [...items.slice(0, index), set.value, ...items.slice(index + 1)] };
  }
  if (holder !== undefined && holder !== null && !isMap(holder)) return { problem: problem(argument, `found ${showValue(holder)}, which has no part "${String(key)}"`, above) };
  const fields: Readonly<Record<string, unknown>> = holder ?? {};
  const name = String(key);
  const own = Object.hasOwn(fields, name) ? fields[name] : undefined;
  const set = setAt(bareAsObject(own ?? undefined, rest), rest, value, argument, place);
  if (set.problem !== undefined) return set;
  if (set.value !== null) return { value: { ...fields, [name]: set.value } };
  return { value: Object.fromEntries(Object.entries(fields).filter(([each]) => each !== name)) };
}

/** `adam` is short for { name: adam }, and `gradientNorm` in the list of plugins for { gradientNorm: {} }. */
function bareAsObject(value: unknown, rest: Path): unknown {
  const [next] = rest;
  if (typeof value !== 'string' || typeof next !== 'string') return value;
  return value === next ? { [value]: {} } : { name: value };
}
