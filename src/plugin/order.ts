import { PluginError } from '../errors.js';
import { showValue } from '../problems.js';
import type { Plugin } from './define-plugin.js';

const place = { pre: 0, listed: 1, post: 2 } as const;

/**
 * The order in which hooks are called: `enforce: 'pre'`, as listed, `enforce: 'post'`.
 * @throws PluginError PLUGIN_DUPLICATE when two plugins run under one name, PLUGIN_INVALID for what is no plugin.
 */
export function orderPlugins(plugins: readonly Plugin<object>[]): readonly Plugin<object>[] {
  const seen = new Set<string>();
  checkPlugins(plugins);
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

/** JavaScript lets anything pass: a factory that was not called, or a value that is empty on some condition. */
function checkPlugins(plugins: readonly unknown[]): void {
  const expected = 'plugins is an array of what definePlugin’s functions make';
  const fail = (found: string, remedy: string): never => {
    throw new PluginError('PLUGIN_INVALID', { plugin: '', found, expected, remedy });
  };
  if (!Array.isArray(plugins)) fail(`plugins is of type ${typeof plugins}`, 'Put it in an array: { plugins: [plugin] }.');
  // Array.from: forEach passes over the holes of an array, of which the order then trips.
  Array.from(plugins).forEach((plugin, i) => {
    const place = `plugins[${String(i)}]`;
    if (typeof plugin === 'function') {
      const name = 'pluginName' in plugin ? String(plugin.pluginName) : plugin.name;
      fail(`${place} is the function ${name}`, `Call it: ${name}().`);
    }
    if (typeof plugin !== 'object' || plugin === null || !('bind' in plugin) || typeof plugin.bind !== 'function' || !('name' in plugin)) {
      fail(`${place} is ${typeof plugin === 'object' && plugin !== null ? 'an object that is no plugin' : showValue(plugin)}`, plugin === undefined || plugin === null || plugin === false ? 'Leave it out: [...(wanted ? [plugin()] : [])].' : 'Make it with definePlugin.');
    }
  });
}
