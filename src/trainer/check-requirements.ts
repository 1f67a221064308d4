import { PluginError } from '../errors.js';
import { didYouMean } from '../nearest-name.js';
import type { AnyPlugin } from '../plugin/define-plugin.js';

/** @throws PluginError PLUGIN_REQUIRES when a plugin needs validation data and there is none */
export function requireValidation(plugins: readonly AnyPlugin[]): void {
  const name = plugins.find(({ requires }) => requires.includes('validation'))?.name;
  if (name === undefined) return;
  throw new PluginError('PLUGIN_REQUIRES', { plugin: name, found: `the plugin "${name}" needs validation data, and fit was given none`, remedy: 'Pass { validation: { inputs, labels } } to fit, or leave the plugin out.' });
}

/** @throws PluginError PLUGIN_REQUIRES when a plugin needs one of another kind, which is not attached */
export function requirePlugins(plugins: readonly AnyPlugin[]): void {
  const kinds = plugins.map(({ kind }) => kind);
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
