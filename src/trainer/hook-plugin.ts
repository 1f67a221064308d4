import { compileFilter, type Filter, type Subscription } from '../events/index.js';
import { definePlugin, type AnyPlugin } from '../plugin/define-plugin.js';
import { hookKinds, type HookName } from '../plugin/hooks.js';
import type { RunState } from './run-state.js';

/** A plugin made of one function on one hook, with a filter. */
export function hookPlugin(
  name: string,
  hook: HookName,
  handler: (payload: unknown, context: unknown, more?: unknown) => unknown,
  filter: Filter | undefined,
  state: RunState,
): { readonly plugin: AnyPlugin; readonly subscription: Subscription } {
  const wanted = filter === undefined ? undefined : compileFilter(filter);
  let active = true;
  let count = 0;
  const filtered = (payload: unknown, context: unknown, more?: unknown): unknown => {
    if (!active) return undefined;
    if (wanted !== undefined) {
      count += 1;
      if (!wanted({ count, step: state.step, epoch: state.epoch })) return undefined;
    }
    return handler(payload, context, more);
  };
  const summary = `A function attached to ${hook}.`;
  const hooks = (): never => ({ [hook]: filtered }) as never;
  const kind = hookKinds[hook] === 'observe' ? definePlugin({ name, summary, role: 'observe', hooks }) : definePlugin({ name, summary, role: 'steer', hooks });
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
