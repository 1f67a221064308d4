import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { ConfigError } from '../errors.js';
import type { Sink } from '../events/index.js';
import type { AnyPlugin } from '../plugin/index.js';
import { problemText, showValue } from '../problems.js';
import type { TrainerOptions } from '../trainer/options.js';
import { readDocument, type ConfigDocument, type Position } from './document.js';
import { invalid, type Finding } from './finding.js';
import { applyOverrides, readOverride, type Override } from './overrides.js';
import { makePlugins, type PluginRegistry } from './plugin-entries.js';
import { formatOf, readConfigFile } from './read-file.js';
import { checkSettings, formSchema } from './settings.js';
import { makeSinks, readSinks } from './sink-entries.js';

export interface LoadConfigOptions {
  /** The plugins that a config may use by a bare name. */
  readonly registry: PluginRegistry;
  /** The folder that the paths of sinks are relative to and stay in. Default: that of the config file. */
  readonly outDir?: string;
  /**
   * Settings over those of the file, as `trainscope train --set` takes them: `fit.epochs=3`, `plugins.gradientNorm.every=5`,
   * `clip=null`, which takes one out. Checked as the file is.
   */
  readonly set?: readonly (string | Override)[];
  /** What code gives of optimizer, loss and metrics: there in place of the file's own where `set` changes a part alone. */
  readonly beneath?: Readonly<Record<string, unknown>>;
}

/**
 * The options of a trainer that a file gives, ready to be spread: `new Trainer({ model, ...config })`. It has the keys
 * that are in the file and no others. `loss` is typed as the trainer wants it; where the file has none, give one behind
 * the spread, or the trainer says that it is missing.
 */
export interface LoadedConfig extends Omit<TrainerOptions, 'model' | 'logger' | 'plugins' | 'sinks'> {
  readonly plugins?: readonly AnyPlugin[];
  readonly sinks?: readonly Sink[];
}

/**
 * Reads a YAML or JSON file (.yaml, .yml, .json) that sets what plain data can set of a trainer: seed, backend,
 * optimizer, loss, metrics, fit, plugins, sinks.
 *
 * The file is data: tags are refused and nothing in it is evaluated. Plugins that it names are imported: built-in ones,
 * installed packages, and files in its own folder. Paths of sinks stay in its folder, or in `outDir`.
 *
 * @throws ConfigError with all problems at once, each with its path, line and column, and the nearest right key. Its
 *   code is that of its problems, or CONFIG_INVALID when they have several: CONFIG_NOT_FOUND, CONFIG_SYNTAX,
 *   CONFIG_EMPTY, CONFIG_INVALID, CONFIG_PATH_ESCAPES, CONFIG_MODULE.
 */
export async function loadConfig(file: string, options: LoadConfigOptions): Promise<LoadedConfig> {
  checkArgument('arguments of loadConfig', z.strictObject({ file: z.string() }), { file });
  return parseConfig(readConfigFile(file), { ...options, file });
}

const override = z.custom<Override>((given) => typeof given === 'object' && given !== null && 'path' in given && 'argument' in given);
const callSchema = z.strictObject({ text: z.string(), file: z.string(), outDir: z.string().optional(), set: z.array(z.union([z.string(), override])).optional() });

/**
 * As loadConfig, of a text.
 * @param options.file Says how the text is written, where modules are looked for, and what messages call it.
 */
export async function parseConfig(text: string, { file = 'config.yaml', registry, outDir, set = [], beneath = {} }: LoadConfigOptions & { readonly file?: string }): Promise<LoadedConfig> {
  checkArgument('arguments of parseConfig', callSchema, { text, file, outDir, set });
  const read = set.map((each) => (typeof each === 'string' ? readOverride(each) : each));
  const overrides = read.flatMap((each) => ('message' in each ? [] : [each]));
  const document = readDocument(text.replace(/^\uFEFF/, ''), formatOf(file));
  // A file of comments alone is as good as an empty object, where there is something to set.
  const isBlank = set.length > 0 && document.findings.every(({ code }) => code === 'CONFIG_EMPTY');
  if (document.value === undefined && !isBlank) throw errorOf(document.findings, file);
  const below = Object.fromEntries(overrides.flatMap(({ path: [key, ...rest] }) => (rest.length > 0 && Object.hasOwn(beneath, String(key)) ? [[String(key), beneath[String(key)]]] : [])));
  const written = document.value ?? {};
  const { value, places, problems } = applyOverrides(typeof written === 'object' && !Array.isArray(written) ? { ...below, ...written } : written, overrides, registry);
  const locate = (finding: Finding): Located => locatedIn(document, places, finding);
  const ofOverrides = [...read.flatMap((each) => ('message' in each ? [each] : [])), ...problems].map((problem): Located => ({ code: 'CONFIG_INVALID', ...problem }));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw errorOf([...document.findings, ...ofOverrides, locate(invalid([], `found ${showValue(value)}, expected an object of settings`))], file);
  }

  const { $schema: _, plugins: listed, sinks: listedSinks, ...settings } = value as Readonly<Record<string, unknown>>;
  const path = resolve(file);
  const folder = dirname(path);
  const seed = formSchema.shape.seed.safeParse(settings['seed']);
  const { plugins, findings: ofPlugins } = await makePlugins(listed, { registry, folder, outDir: outDir === undefined ? folder : resolve(outDir), seed: seed.success ? seed.data : undefined });
  const { makers, findings: ofSinks } = readSinks(listedSinks, { folder, outDir: outDir === undefined ? folder : resolve(outDir), file: path });
  const findings = [...(isBlank ? [] : document.findings), ...ofOverrides, ...[...checkSettings(value), ...ofPlugins, ...ofSinks].map(locate)];
  if (findings.length > 0) throw errorOf(findings, file);
  const made = await makeSinks(makers);
  if (made.findings.length > 0) throw errorOf(made.findings.map(locate), file);
  return {
    ...(settings as unknown as LoadedConfig),
    ...(listed === undefined && plugins.length === 0 ? {} : { plugins }),
    ...(listedSinks === undefined ? {} : { sinks: made.sinks }),
  };
}

type Located = Finding & Partial<Position>;

/** A problem at its place in the file, or with the override that set it. */
function locatedIn(document: ConfigDocument, places: readonly { readonly path: Finding['path']; readonly argument: string }[], finding: Finding): Located {
  const isWithin = (path: Finding['path'], holder: Finding['path']): boolean => holder.length > 0 && holder.every((key, i) => String(path[i]) === String(key));
  const own = places.findLast(({ path }) => isWithin(finding.path, path));
  if (own !== undefined) return { ...finding, argument: own.argument };
  // A part was set and the whole is wrong, such as two settings that do not go together.
  const partly = places.findLast(({ path }) => isWithin(path, finding.path));
  return { ...finding, ...document.positionOf(finding), ...(partly === undefined ? {} : { argument: partly.argument }) };
}

/** Problems that the message lists; the error's own list has all of them. */
const listed = 50;

function errorOf(findings: readonly Located[], file: string): ConfigError {
  // What arguments set comes behind what stands in the file.
  const sorted = findings.toSorted((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity) || (a.column ?? 0) - (b.column ?? 0));
  const problems = sorted.map(({ code: _, cause: __, ...problem }) => ({ ...problem, ...(problem.line === undefined ? {} : { file }) }));
  const codes = new Set(sorted.map(({ code }) => code));
  const [first] = codes;
  const cause = sorted.find((each) => each.cause !== undefined)?.cause;
  return new ConfigError(codes.size === 1 && first !== undefined ? first : 'CONFIG_INVALID', {
    found: [...problems.slice(0, listed).map(problemText), ...(problems.length > listed ? [`and ${problems.length - listed} more`] : [])].join('\n'),
    problems,
    // Arguments alone, without a file, are not of one.
    ...(problems.length > 0 && problems.every(({ line, argument }) => line === undefined && argument !== undefined) ? {} : { file }),
    ...(cause === undefined ? {} : { cause }),
  });
}
