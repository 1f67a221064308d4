import { resolve } from 'node:path';
import { PluginError } from '../errors.js';
import { didYouMean } from '../nearest-name.js';
import type { AnyPlugin } from '../plugin/define-plugin.js';

/** @throws PluginError PLUGIN_REQUIRES when a plugin needs validation data and there is none */
export function requireValidation(plugins: readonly AnyPlugin[]): void {
  const name = plugins.find(({ requires }) => requires.includes('validation'))?.name;
  if (name === undefined) return;
  throw new PluginError('PLUGIN_REQUIRES', { plugin: name, found: `the plugin "${name}" needs validation data, and fit was given none`, remedy: 'Pass { validation: { inputs, labels } } to fit, or leave the plugin out.' });
}

/** Two plugins that write to one place would undo each other's work. */
function requireOwnPaths(plugins: readonly AnyPlugin[]): void {
  const taken = new Map<string, string>();
  for (const { name, paths } of plugins) {
    for (const [option, given] of Object.entries(paths)) {
      const path = resolve(given);
      const other = taken.get(path);
      if (other !== undefined) throw new PluginError('PLUGIN_DUPLICATE', { plugin: name, found: `the plugins "${other}" and "${name}" both write to ${given}`, expected: 'a place for each', remedy: `Give "${name}" another ${option}.` });
      taken.set(path, name);
    }
  }
}

/**
 * @throws PluginError PLUGIN_REQUIRES when a plugin needs one of another kind, which is not attached; PLUGIN_DUPLICATE
 * when one has to be the only one of its kind, or two write to the same place
 */
export function requirePlugins(plugins: readonly AnyPlugin[]): void {
  requireOwnPaths(plugins);
  const kinds = plugins.map(({ kind }) => kind);
  const second = plugins.find(({ kind, requires }, i) => requires.includes('only') && kinds.indexOf(kind) !== i);
  if (second !== undefined) throw new PluginError('PLUGIN_DUPLICATE', { plugin: second.name, found: `there are two plugins of the kind "${second.kind}"`, expected: 'one: two would work against each other', remedy: 'Leave one of them out.' });
  for (const { name, requires } of plugins) {
    const missing = requires.flatMap((each) => (each.startsWith('plugin:') ? each.slice('plugin:'.length) : [])).find((kind) => !kinds.includes(kind));
    if (missing === undefined) continue;
    throw new PluginError('PLUGIN_REQUIRES', { plugin: name, found: `the plugin "${name}" works with the plugin "${missing}", which is not attached`, remedy: `Attach ${missing} as well.` });
  }
}

/**
 * @param known All metrics that the fit will have, `val_` ones among them where it validates.
 * @throws PluginError PLUGIN_REQUIRES when a plugin watches a metric that is not there: told now, and not after an epoch
 */
export function requireMetrics(plugins: readonly AnyPlugin[], known: readonly string[]): void {
  for (const { name, requires } of plugins) {
    const unknown = requires.flatMap((each) => (each.startsWith('metric:') ? each.slice('metric:'.length) : [])).find((metric) => !known.includes(metric));
    if (unknown === undefined) continue;
    throw new PluginError('PLUGIN_REQUIRES', {
      plugin: name,
      found: `the plugin "${name}" watches the metric "${unknown}", which is not measured`,
      expected: `there are ${known.join(', ')}`,
      remedy: didYouMean(unknown, known) || "Add it to the trainer's metrics, or let the plugin watch one of these.",
    });
  }
}
