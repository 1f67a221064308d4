import { z } from 'zod';
import { compileFilter, type Filter, type Subscription } from '../events/index.js';
import { PluginError } from '../errors.js';
import { didYouMean } from '../nearest-name.js';
import { showValue } from '../problems.js';
import { definePlugin, type AnyPlugin } from '../plugin/define-plugin.js';
import { hookKinds, hookNames, type HookName } from '../plugin/hooks.js';
import type { RunState } from './run-state.js';

const counting = z.strictObject({ count: z.int().min(0).default(0) });

/**
 * A plugin made of one function on one hook, with a filter; the number tells it from others.
 * @throws PluginError PLUGIN_HOOK_UNKNOWN, PLUGIN_INVALID for a handler that is no function
 */
export function hookPlugin(
  number: number,
  hook: HookName,
  handler: (payload: unknown, context: unknown, more?: unknown) => unknown,
  filter: Filter | undefined,
  state: RunState,
): { readonly plugin: AnyPlugin; readonly subscription: Subscription } {
  const given: unknown = hook;
  if (typeof given !== 'string' || !Object.hasOwn(hookKinds, given)) {
    const found = typeof given === 'string' ? `there is no hook "${given}"` : `the hook is ${showValue(given)}`;
    throw new PluginError('PLUGIN_HOOK_UNKNOWN', { plugin: '', found, expected: `hooks are ${hookNames.join(', ')}`, remedy: typeof given === 'string' ? didYouMean(given, hookNames) : '' });
  }
  if (typeof handler !== 'function') throw new PluginError('PLUGIN_INVALID', { plugin: '', hook, found: `what is attached to the hook "${hook}" is ${showValue(handler)}`, expected: 'it is a function' });
  const wanted = filter === undefined ? undefined : compileFilter(filter);
  let active = true;
  const filtered = (payload: unknown, context: unknown, more?: unknown): unknown => {
    if (!active) return undefined;
    if (wanted !== undefined) {
      // In the state, so that a resumed run counts on.
      const { state: counted } = context as { readonly state: { count: number } };
      counted.count += 1;
      if (!wanted({ count: counted.count, step: state.step, epoch: state.epoch })) return undefined;
    }
    return handler(payload, context, more);
  };
  const summary = `A function attached to ${hook}.`;
  const hooks = (): never => ({ [hook]: filtered }) as never;
  const kind = hookKinds[hook] === 'observe' ? definePlugin({ name: `hook:${hook}:${String(number)}`, summary, role: 'observe', state: counting, hooks }) : definePlugin({ name: `hook:${hook}:${String(number)}`, summary, role: 'steer', state: counting, hooks });
  return {
    plugin: kind(),
    subscription: {
      remove: () => {
        active = false;
      },
      get active() {
        return active;
      },
    },
  };
}
