import { PluginError } from '../errors.js';
import type { HookName } from '../plugin/index.js';
import type { Interrupt } from './interrupt.js';

/**
 * How long a hook may go on after an abort, ms. Kubernetes kills 30 s after it asks
 * (terminationGracePeriodSeconds): ten of them are for what is left to be written.
 */
export const graceMs = 20_000;

/**
 * What a hook promised. A hook may take as long as it likes (it may upload a model) until the fit is aborted: from then
 * on it has the grace, so that a promise which never settles cannot hold a process that is asked to end.
 *
 * @throws PluginError PLUGIN_STUCK; the hook itself goes on, since a promise cannot be stopped, and is not listened to.
 */
export async function withinGrace<T>(work: PromiseLike<T>, aborting: Interrupt, where: { readonly plugin: string; readonly hook: HookName; readonly step: number }): Promise<T> {
  const came = await aborting.unlessFired(work);
  if (came !== undefined) return came.value;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new PluginError('PLUGIN_STUCK', {
          ...where,
          found: `the hook "${where.hook}" of the plugin "${where.plugin}" had not ended ${String(graceMs / 1000)} s after the fit was aborted`,
          expected: 'its promise settles',
          remedy: 'Let the plugin give up what it waits for: the fit ends without it.',
        }),
      );
    }, graceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
