import { resolve } from 'node:path';
import type { LoadedConfig } from '../config.js';
import type { Override } from '../config/overrides.js';
import type { Experiment, ExperimentDefinition } from '../diagnosis/preflight/experiment.js';
import { ConfigError } from '../errors.js';

/** Where the settings of a command come from. */
export interface Settings {
  readonly config?: string;
  /** `--set` as it was given, and what other arguments stand for. */
  readonly overrides: readonly (string | Override)[];
  /** The folder that paths of the settings are in. Default: that of the file. */
  readonly outDir?: string;
}

/** Optimizer, loss and metrics may be code; as plain data a part of them can be set. */
const isPlain = (value: unknown): boolean => typeof value === 'string' || (typeof value === 'object' && value !== null && (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype));

/**
 * Whether settings can be read before the script has run: a part of an optimizer, a loss or a metric may be one of the
 * script's own. Those of a file that is wrong are told before it loads its data.
 */
export const needsScript = ({ overrides }: Settings): boolean => overrides.some((each) => /^(optimizer|loss|metrics)[.[]/.test(typeof each === 'string' ? each : ''));

/** The settings of a file and of arguments; {} where there are neither. @throws ConfigError with all problems at once */
export async function readSettings({ config, overrides, outDir }: Settings, experiment: ExperimentDefinition | undefined): Promise<LoadedConfig | undefined> {
  if (config === undefined && overrides.length === 0) return undefined;
  const { loadConfig, parseConfig } = await import('../config.js');
  const { optimizer, loss, metrics } = experiment ?? {};
  const options = {
    set: overrides,
    // Where nobody names an optimizer, a part that is set is of the trainer's own.
    beneath: Object.fromEntries(Object.entries({ optimizer: experiment === undefined ? optimizer : (optimizer ?? 'adam'), loss, metrics }).filter(([, value]) => isPlain(value))),
    ...(outDir === undefined ? {} : { outDir }),
  };
  // Without a file the arguments stand alone, and what they name is looked for in the working directory.
  return config === undefined ? parseConfig('{}', { ...options, file: resolve('arguments.yaml') }) : loadConfig(config, options);
}

/**
 * An experiment with settings over it. Of `fit` each key by itself; a plugin takes the place of the one of its name, and
 * the others stay; anything else as a whole.
 * @throws ConfigError OPTIONS_INVALID where neither has a loss
 */
export function withConfig(experiment: ExperimentDefinition, config: LoadedConfig | undefined): Experiment {
  const loss = config?.loss ?? experiment.loss;
  if (loss === undefined) throw new ConfigError('OPTIONS_INVALID', { found: 'the experiment has no loss', expected: 'it has one, or its config file does', remedy: "Give one, such as loss: 'meanSquaredError', or --set loss=meanSquaredError." });
  if (config === undefined) return { ...experiment, loss };
  const { plugins = [], fit, ...settings } = config;
  const names = new Set(plugins.map(({ name }) => name));
  return {
    ...experiment,
    ...settings,
    loss,
    fit: { ...experiment.fit, ...fit },
    plugins: [...(experiment.plugins ?? []).filter(({ name }) => !names.has(name)), ...plugins],
  };
}
