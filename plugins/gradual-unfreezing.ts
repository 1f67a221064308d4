import * as tf from '@tensorflow/tfjs-core';
import { definePlugin, type SteererContext } from 'trainscope/plugin';
import { z } from 'zod';
import { groupsOf, type Grouping, type Part } from './gradual-unfreezing/groups.js';
import { betas, betasOf, lateFactor } from './gradual-unfreezing/late-adam.js';
import { LayerFlags } from './gradual-unfreezing/layer-flags.js';

const options = z.strictObject({
  groups: z
    .array(z.array(z.string().min(1)).min(1))
    .min(1)
    .optional()
    .describe("Names of layers by group, from the output back; `*` stands for any characters, and the name of a model within the model for all of its layers. What no group names is left as it is. Of a model written by hand: names of weights. Default: each layer that is trained is a group of its own, as in ULMFiT."),
  every: z.int().min(1).default(1).describe('After how many epochs one more group is trained. 1: as ULMFiT.'),
  startWith: z.int().min(1).default(1).describe('How many groups are trained from the start. 1: the last layer alone, as ULMFiT.'),
  rateRatio: z.number().min(1).default(1).describe("Each group's learning rate is that of the group before it, nearer to the output, divided by this. 1: the same for all. 2.6: the discriminative rates of ULMFiT."),
  batchNorm: z.enum(['hold', 'move']).default('hold').describe("What becomes of the moving statistics of batch normalisation in frozen layers. hold: they stay as they are, to the bit. move: they go on, as tfjs-layers itself lets them."),
});

const names = z.array(z.string());
const events = {
  'gradual-unfreezing': z
    .strictObject({
      unfrozen: names.describe('layers that are trained from now on, and were not before'),
      trained: names.describe('layers that are trained'),
      frozen: names.describe('layers that are yet to come'),
      groups: z.strictObject({ trained: z.int().min(1), all: z.int().min(1) }),
      rates: z.record(z.string(), z.number()).describe('what the learning rate is multiplied with, by layer that is trained'),
    })
    .describe('The fit begins with some layers frozen, or one more group of them is trained. Of a model written by hand, weights stand in place of layers.'),
};

const state = z.strictObject({
  /** Done since the first fit began. */
  epochs: z.int().min(0).default(0),
  /** Groups that are trained; 0 before the first fit. */
  opened: z.int().min(0).default(0),
  /** Done since the first fit began. */
  updates: z.int().min(0).default(0),
  /** By group: how many there were when it was opened. */
  openedAt: z.array(z.int().min(0)).default([]),
  /** Of the optimizer, where it is Adam. */
  betas: betas.nullable().default(null),
});
type Context = SteererContext<{ readonly [K in keyof typeof events]: z.input<(typeof events)[K]> }, z.output<typeof state>>;

/**
 * Trains the last layers first and unfreezes the others group by group, from the output back: the gradual unfreezing of
 * ULMFiT (Howard & Ruder 2018, section 3.3), Lightning's BackboneFinetuning.
 *
 * - Frozen layers do not change by a bit. No gradients of theirs are computed, so the first epochs are faster.
 * - The optimizer knows a weight from its first update on: moments begin at zero, and those of others stay theirs. Adam
 *   corrects all moments by the count of all updates; here each layer's updates are as if it were counted from its own first.
 * - rateRatio scales updates, not gradients, so it holds for Adam too.
 * - Layers have their own `trainable` flags back when the fit has ended. A second fit() goes on where the first was.
 * - Dropout and batch normalisation of frozen layers still work as in training.
 *
 * @throws Error, as PluginError PLUGIN_FAILED before the first step, for a pattern that fits no layer and for a layer in two groups
 *
 * @example
 * new Trainer({ model, loss, plugins: [gradualUnfreezing({ groups: [['head'], ['block5_*'], ['block4_*']], every: 2, rateRatio: 2.6 })] });
 */
export const gradualUnfreezing = definePlugin({
  name: 'gradualUnfreezing',
  summary: 'Trains the last layers first, and unfreezes the others group by group.',
  role: 'steer',
  // Others that look at the gradients get those that are applied.
  enforce: 'pre',
  options,
  events,
  state,
  hooks: ({ groups: patterns, every, startWith, rateRatio, batchNorm }) => {
    const flags = new LayerFlags();
    let grouping: Grouping = { groups: [], byHand: false };
    /** Weights of a model written by hand whose gradients are left out. */
    let dropped: ReadonlySet<string> = new Set();
    /** Whether any rate was made another than the optimizer's. */
    let ratesAreSet = false;
    /** Moving statistics of frozen layers. */
    let still: readonly string[] = [];
    /** They, as they were before the forward pass of the step under way. */
    const held = new Map<string, tf.Tensor>();

    const partsOf = (from: number, to?: number): readonly Part[] => grouping.groups.slice(from, to).flat();
    const namesOf = (parts: readonly Part[]): string[] => parts.map(({ name }) => name);

    const letGo = (): void => {
      for (const tensor of held.values()) tensor.dispose();
      held.clear();
    };

    const apply = (context: Context, opened: number): void => {
      const frozen = partsOf(opened);
      const frozenWeights = new Set(frozen.flatMap(({ weights }) => weights));
      const trained = new Set(partsOf(0, opened));
      if (!grouping.byHand) flags.set(partsOf(0), (part) => trained.has(part));
      dropped = grouping.byHand ? frozenWeights : new Set();
      still = batchNorm === 'move' ? [] : context.weights.filter(({ name, role }) => role === 'statistic' && frozenWeights.has(name)).map(({ name }) => name);
      setRates(context);
    };

    /** Of the next update: nothing is to be done where all rates are the optimizer's own. */
    const setRates = (context: Context): void => {
      const { updates, openedAt, betas: adam } = context.state;
      const factors = grouping.groups.map((_, place) => {
        const at = openedAt[place];
        return rateRatio ** -place * (adam === null || at === undefined ? 1 : lateFactor(adam, updates - at + 1, updates + 1));
      });
      if (!ratesAreSet && factors.every((factor) => factor === 1)) return;
      ratesAreSet = true;
      context.setRateFactors(new Map(grouping.groups.flatMap((group, place) => group.flatMap(({ weights }) => weights.map((name) => [name, factors[place] ?? 1] as const)))));
    };

    const open = (context: Context): void => {
      const before = context.state.opened;
      const opened = Math.min(grouping.groups.length, startWith + Math.floor(context.state.epochs / every));
      if (opened === before) return;
      context.state.opened = opened;
      context.state.openedAt = Array.from({ length: opened }, (_, place) => context.state.openedAt[place] ?? context.state.updates);
      apply(context, opened);
      const rates = Object.fromEntries(grouping.groups.slice(0, opened).flatMap((group, place) => group.map(({ name }) => [name, rateRatio ** -place])));
      context.emit('gradual-unfreezing', {
        unfrozen: namesOf(partsOf(before, opened)),
        trained: namesOf(partsOf(0, opened)),
        frozen: namesOf(partsOf(opened)),
        groups: { trained: opened, all: grouping.groups.length },
        rates,
      });
    };

    const end = (context: Context): void => {
      letGo();
      flags.restore();
      if (ratesAreSet) context.setRateFactors(new Map());
      ratesAreSet = false;
      grouping = { groups: [], byHand: false };
    };

    return {
      setup(_info, context: Context) {
        context.listen(({ event, data }) => {
          if (event === 'run-start') context.state.betas = betasOf(data['optimizer']);
        });
      },
      fitStart({ weights }, context: Context) {
        grouping = groupsOf(context.model, patterns, weights.filter(({ trainable }) => trainable).map(({ name }) => name));
        if (grouping.groups.length === 0) throw new Error('gradualUnfreezing: the model has no layer that is trained; set trainable = true on those that are to be unfrozen, or name them in `groups`.');
        const { opened } = context.state;
        if (opened === 0) open(context);
        else apply(context, opened);
      },
      epochStart: (_info, context) => open(context),
      batch(_batch, context) {
        // Of micro-batches, before the first.
        if (still.length === 0 || held.size > 0) return;
        const tensors = context.weightTensors();
        for (const name of still) {
          const tensor = tensors.get(name);
          // A clone shares its buffer, and an assign gives the variable a new one: this costs nothing.
          if (tensor !== undefined) held.set(name, tf.clone(tensor));
        }
      },
      gradients(gradients, context) {
        if (context.state.betas !== null && context.state.opened > startWith) setRates(context);
        if (held.size > 0) {
          const tensors = context.weightTensors();
          for (const [name, before] of held) (tensors.get(name) as tf.Variable | undefined)?.assign(before);
          letGo();
        }
        return dropped.size === 0 ? undefined : new Map([...gradients].filter(([name]) => !dropped.has(name)));
      },
      stepEnd({ updated }, context) {
        if (updated) context.state.updates += 1;
      },
      epochEnd(_info, context) {
        context.state.epochs += 1;
      },
      teardown: (_info, context) => end(context),
    };
  },
});
