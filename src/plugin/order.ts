import { PluginError } from '../errors.js';
import type { Plugin } from './define-plugin.js';

const place = { pre: 0, listed: 1, post: 2 } as const;

/**
 * The order in which hooks are called: `enforce: 'pre'`, as listed, `enforce: 'post'`.
 * @throws PluginError PLUGIN_DUPLICATE when two plugins run under one name.
 */
export function orderPlugins(plugins: readonly Plugin<object>[]): readonly Plugin<object>[] {
  const seen = new Set<string>();
  for (const { name } of plugins) {
    if (seen.has(name)) {
      throw new PluginError('PLUGIN_DUPLICATE', {
        plugin: name,
        found: `two plugins are named "${name}"`,
        expected: 'each plugin runs under a name of its own',
        remedy: `Leave one out, or name it: ${name}(options, { name: '${name}2' }).`,
      });
    }
    seen.add(name);
  }
  return plugins.toSorted((a, b) => place[a.enforce ?? 'listed'] - place[b.enforce ?? 'listed']);
}
