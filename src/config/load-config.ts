import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { ConfigError } from '../errors.js';
import type { Sink } from '../events/index.js';
import type { AnyPlugin } from '../plugin/index.js';
import { problemText, showValue } from '../problems.js';
import type { TrainerOptions } from '../trainer/options.js';
import { readDocument, type Position } from './document.js';
import { invalid, type Finding } from './finding.js';
import { makePlugins, type PluginRegistry } from './plugin-entries.js';
import { formatOf, readConfigFile } from './read-file.js';
import { checkSettings, formSchema } from './settings.js';
import { makeSinks, readSinks } from './sink-entries.js';

export interface LoadConfigOptions {
  /** The plugins that a config may use by a bare name. */
  readonly registry: PluginRegistry;
  /** The folder that the paths of sinks are relative to and stay in. Default: that of the config file. */
  readonly outDir?: string;
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

const callSchema = z.strictObject({ text: z.string(), file: z.string(), outDir: z.string().optional() });

/**
 * As loadConfig, of a text.
 * @param options.file Says how the text is written, where modules are looked for, and what messages call it.
 */
export async function parseConfig(text: string, { file = 'config.yaml', registry, outDir }: LoadConfigOptions & { readonly file?: string }): Promise<LoadedConfig> {
  checkArgument('arguments of parseConfig', callSchema, { text, file, outDir });
  const document = readDocument(text.replace(/^\uFEFF/, ''), formatOf(file));
  const { value } = document;
  if (value === undefined) throw errorOf(document.findings, file);
  const locate = (finding: Finding): Finding & Position => ({ ...finding, ...document.positionOf(finding) });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw errorOf([...document.findings, locate(invalid([], `found ${showValue(value)}, expected an object of settings`))], file);
  }

  const { $schema: _, plugins: listed, sinks: listedSinks, ...settings } = value as Readonly<Record<string, unknown>>;
  const path = resolve(file);
  const folder = dirname(path);
  const seed = formSchema.shape.seed.safeParse(settings['seed']);
  const { plugins, findings: ofPlugins } = await makePlugins(listed, { registry, folder, outDir: outDir === undefined ? folder : resolve(outDir), seed: seed.success ? seed.data : undefined });
  const { makers, findings: ofSinks } = readSinks(listedSinks, { folder, outDir: outDir === undefined ? folder : resolve(outDir), file: path });
  const findings = [...document.findings, ...[...checkSettings(value), ...ofPlugins, ...ofSinks].map(locate)];
  if (findings.length > 0) throw errorOf(findings, file);
  const made = await makeSinks(makers);
  if (made.findings.length > 0) throw errorOf(made.findings.map(locate), file);
  return {
    ...(settings as unknown as LoadedConfig),
    ...(listed === undefined && plugins.length === 0 ? {} : { plugins }),
    ...(listedSinks === undefined ? {} : { sinks: made.sinks }),
  };
}

/** Problems that the message lists; the error's own list has all of them. */
const listed = 50;

function errorOf(findings: readonly (Finding & Position)[], file: string): ConfigError {
  const sorted = findings.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const problems = sorted.map(({ code: _, cause: __, ...problem }) => ({ ...problem, file }));
  const codes = new Set(sorted.map(({ code }) => code));
  const [first] = codes;
  const cause = sorted.find((each) => each.cause !== undefined)?.cause;
  return new ConfigError(codes.size === 1 && first !== undefined ? first : 'CONFIG_INVALID', {
    found: [...problems.slice(0, listed).map(problemText), ...(problems.length > listed ? [`and ${problems.length - listed} more`] : [])].join('\n'),
    problems,
    file,
    ...(cause === undefined ? {} : { cause }),
  });
}
