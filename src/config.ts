/** Trainers from files: `import { loadConfig } from 'trainscope/config'`, with the built-in plugins. */
import { builtInPlugins } from '../plugins/index.js';
import { configJsonSchema as schemaOf } from './config/json-schema.js';
import { loadConfig as load, parseConfig as parse, type LoadConfigOptions, type LoadedConfig } from './config/load-config.js';
import type { PluginRegistry } from './config/plugin-entries.js';

export type { LoadedConfig, PluginRegistry };

/** As LoadConfigOptions, with the built-in plugins where no registry is given. */
export type ConfigOptions = Partial<LoadConfigOptions>;

/**
 * The options of a trainer that a YAML or JSON file gives.
 * @param options.outDir The folder that the paths of sinks are relative to and stay in. Default: that of the file.
 * @throws ConfigError with all problems at once, each with line, column and the nearest right key
 * @example
 * const config = await loadConfig('run.yaml');
 * const trainer = new Trainer({ model: () => buildModel(), ...config });
 */
export const loadConfig = (file: string, options: ConfigOptions = {}): Promise<LoadedConfig> => load(file, { registry: builtInPlugins, ...options });

/** As loadConfig, of a text; `file` says how it is written (by its extension) and where modules are looked for. */
export const parseConfig = (text: string, options: ConfigOptions & { readonly file?: string } = {}): Promise<LoadedConfig> => parse(text, { registry: builtInPlugins, ...options });

/** JSON Schema (2020-12) of a config file, for editors. */
export const configJsonSchema = (registry: PluginRegistry = builtInPlugins): Record<string, unknown> => schemaOf(registry);
