import { PluginError } from '../errors.js';
import type { AnyPlugin } from '../plugin/define-plugin.js';
import type { HookName, SteererContext } from '../plugin/index.js';
import type { SourceName } from '../measure/index.js';
import type { PatchName } from './patches.js';

/** Hooks for which model.fit has no place, and why. */
const unseenHooks: Readonly<Partial<Record<HookName, string>>> = {
  batch: 'it makes its batches and trains on them in one call',
  loss: 'it computes its loss and the gradients in one call',
  gradients: 'it hands the gradients to the optimizer in one call',
};

/** Sources of measurements that it does not show at all, or only by way of a patch. */
const sources: Readonly<Partial<Record<SourceName, PatchName | 'never'>>> = {
  inputs: 'never',
  probe: 'never',
  gradients: 'gradients',
  clippedGradients: 'gradients',
  activations: 'activations',
  predictions: 'predictions',
  labels: 'predictions',
};

const whatOf: Readonly<Partial<Record<SourceName, string>>> = { inputs: 'the batches', probe: 'its validation data' };

export const notSeen = (plugin: string, found: string, remedy: string, hook?: string): PluginError =>
  new PluginError('LAYERS_NOT_SEEN', { plugin, ...(hook === undefined ? {} : { hook }), found, remedy });

const useTrainer = 'Train with the Trainer of trainscope, which takes the same model, or leave the plugin out.';

/**
 * Refuses plugins that want what model.fit does not show.
 * @throws PluginError LAYERS_NOT_SEEN
 */
export function refuseUnseen(plugins: readonly AnyPlugin[], patched: ReadonlySet<PatchName>): void {
  for (const { name, hookNames, needs, requires } of plugins) {
    if (requires.includes('trainer')) throw notSeen(name, `the plugin "${name}" does with these options what only a Trainer can do: look at or change what is validated, or see the training data again`, useTrainer);
    const hook = hookNames.find((each) => unseenHooks[each] !== undefined);
    if (hook !== undefined) {
      throw notSeen(name, `the plugin "${name}" has the hook "${hook}", for which model.fit has no place: ${unseenHooks[hook] ?? ''}`, useTrainer, hook);
    }
    for (const source of Object.values(needs?.of ?? {}).flatMap((measurement) => measurement.sources)) {
      const by = sources[source];
      if (by === undefined || (by !== 'never' && patched.has(by))) continue;
      if (by === 'never') throw notSeen(name, `the plugin "${name}" measures "${source}", and model.fit does not show ${whatOf[source] ?? source}`, useTrainer);
      throw notSeen(name, `the plugin "${name}" measures "${source}", which is seen by way of the patch "${by}" alone`, `Leave the option patch out, or put '${by}' into it.`);
    }
  }
}

/** What a plugin that steers may do under a Trainer, and not here. */
const unserved: Readonly<Partial<Record<keyof SteererContext, string>>> = {
  skipUpdate: 'skip an update',
  rollBack: 'roll back to a checkpoint',
  rehearse: 'rehearse steps',
  setRateFactors: 'give weights learning rates of their own',
  refreshStatistics: 'see batches of the training data',
  reseed: 'fix the random numbers of the training',
  seedFor: 'fix the random numbers of the training',
  experiment: 'look at the data',
};

/** Puts refusals in place of what a context would offer under a Trainer. */
export function refuseSteering(plugin: string, context: object): object {
  const refuse = (what: string) => (): never => {
    throw notSeen(plugin, `the plugin "${plugin}" wants to ${what}, which cannot be done from callbacks of model.fit`, useTrainer);
  };
  for (const [member, what] of Object.entries(unserved)) {
    if (member in context) Object.defineProperty(context, member, { value: refuse(what), configurable: true });
  }
  const take = refuse('take checkpoints');
  return Object.defineProperty(context, 'checkpoints', { value: { open: take, request: take }, configurable: true });
}
