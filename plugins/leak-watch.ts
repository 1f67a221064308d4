import { definePlugin, type ObserverContext } from 'trainscope/plugin';
import { z } from 'zod';
import { TensorLedger, type Group } from './leak-watch/ledger.js';
import { watchTensors } from './leak-watch/watch-tensors.js';

const options = z
  .strictObject({
    steps: z
      .strictObject({ from: z.int().min(1).default(1), to: z.int().min(1).optional() })
      .default({ from: 1 })
      .describe('Whose tensors are watched, from and to inclusive; of a long training a few dozen steps are enough. Default: all.'),
    every: z.int().min(1).default(10).describe('Looks for what stays at every so many-th step, and at the end of the fit.'),
    after: z.int().min(1).default(4).describe('A tensor stays when it is there so many steps after the one that made it. 4: more than the batches that `prefetch` holds ready, 2 unless you set it; set it higher than that.'),
    groups: z.int().min(1).max(100).default(20).describe('How many places an event names, those with the most bytes.'),
    frames: z.int().min(5).max(200).default(40).describe('Calls that are looked back at to find the place. From an operation to the custom layer that calls it there are up to 25 in tfjs-layers.'),
  })
  .refine(({ steps: { from, to } }) => to === undefined || to >= from, { path: ['steps', 'to'], message: 'the last step is before the first' });

const group = z.strictObject({
  site: z.string().nullable().describe('file:line:column of the code that made them; null when not known'),
  function: z.string().nullable(),
  kernel: z.string().nullable().describe('operation that gave them; null: made of values'),
  shape: z.array(z.int().min(0)),
  dtype: z.string(),
  count: z.int().min(1),
  bytes: z.int().min(0).describe('by shape and type; copies that share their data count each'),
  from: z.int().min(0).describe('first step in which one was made'),
  to: z.int().min(0).describe('last such step that is looked at'),
  steps: z.int().min(1).describe('in how many steps'),
  phase: z.string().nullable().describe('of the loop'),
  plugin: z.string().nullable().describe('whose hook was being called'),
  hook: z.string().nullable(),
});
const events = {
  leak: z
    .strictObject({
      tensors: z.int().min(1).describe('of all places'),
      bytes: z.int().min(0),
      places: z.int().min(1),
      groups: z.array(group).describe('by the place that made them, most bytes first'),
    })
    .describe('Tensors that stay, by the place in the code that made them.'),
};

const state = z.strictObject({
  /** Places that a finding has told. */
  told: z.array(z.string()).default([]),
});
type Context = ObserverContext<{ readonly [K in keyof typeof events]: z.input<(typeof events)[K]> }, z.output<typeof state>>;

/** A place leaks when tensors of so many steps stay, as many as the trainer's own count takes: what is kept to be replaced is of fewer. */
const leakingSteps = 5;

/**
 * Says which line of code makes the tensors that stay. The trainer's own finding tensor-leak names a plugin, or the step;
 * this one watches every tensor that is made, takes the stacks of those that are like one that has outlived its step, and
 * tells file, line and function of those that are still there some steps later.
 *
 * - Weights, slots of the optimizer, copies for checkpoints and the best weights are no leaks: they come from one step, or
 *   are replaced. A place is told when tensors of 3 steps or more stay, and is a finding when they are of 5.
 * - It sees all tensors that the process makes while the fit runs; of two fits at a time, those of both.
 * - TensorFlow.js' engine is patched while it watches, and put back after that.
 *
 * @example
 * new Trainer({ model, loss, plugins: [leakWatch({ steps: { from: 1, to: 60 } })] });
 */
export const leakWatch = definePlugin({
  name: 'leakWatch',
  summary: 'Finds the line of code that makes the tensors that stay.',
  role: 'observe',
  enforce: 'post',
  options,
  events,
  state,
  hooks: ({ steps: { from, to = Infinity }, every, after, groups: most, frames }) => {
    let ledger: TensorLedger | undefined;
    let unwatch: (() => void) | undefined;
    let lastTold = 0;

    const watch = (context: Context): void => {
      const book = (ledger ??= new TensorLedger(frames));
      unwatch ??= watchTensors((tensor, kernel) => {
        book.add(tensor, kernel, context.step, context.place);
      });
    };
    const rest = (): void => {
      unwatch?.();
      unwatch = undefined;
    };
    const forget = (): void => {
      rest();
      ledger = undefined;
      lastTold = 0;
    };

    const look = (context: Context): void => {
      const found = ledger?.groups(context.step - after) ?? [];
      const tensors = found.reduce((sum, { count }) => sum + count, 0);
      if (tensors === 0) return;
      if (tensors !== lastTold) {
        lastTold = tensors;
        const shown = found.slice(0, most).map((each) => ({ ...each, shape: [...each.shape] }));
        context.emit('leak', { tensors, bytes: found.reduce((sum, { bytes }) => sum + bytes, 0), places: found.length, groups: shown }, { level: 'warn' });
      }
      for (const each of found) {
        const key = `${each.site ?? '?'} ${each.kernel ?? ''}`;
        if (each.steps < leakingSteps || context.state.told.includes(key)) continue;
        context.state.told = [...context.state.told, key];
        tell(context, each);
      }
    };

    return {
      // What the checks before the first step make, they make once.
      fitStart(_info, context) {
        forget();
        if (context.step + 1 >= from && context.step < to) watch(context);
      },
      stepEnd(_info, context) {
        const { step } = context;
        ledger?.sweep();
        if (step % every === 0) look(context);
        if (step >= to) rest();
        else if (step + 1 >= from) watch(context);
      },
      fitEnd(_info, context) {
        ledger?.sweep();
        look(context);
      },
      teardown: forget,
    };
  },
});

function tell(context: Context, { site, function: name, kernel, shape, dtype, count, bytes, from, to, plugin, hook, phase, steps }: Group): void {
  const by = name === null ? (site ?? 'code of unknown place') : `${name}${site === null ? '' : ` (${site})`}`;
  const during = plugin === null ? (phase === null ? '' : `, in the phase ${phase}`) : `, in the hook ${hook ?? ''} of the plugin "${plugin}"`;
  context.finding({
    rule: 'tensor-leak',
    severity: 'warning',
    message: `${String(count)} tensors of shape [${shape.join(', ')}] stay, ${String(bytes)} bytes, made by ${by}${kernel === null ? '' : ` with ${kernel}`}${during}`,
    where: { ...(plugin === null ? {} : { plugin }), steps: { from, to } },
    evidence: { site, function: name, kernel, shape: [...shape], dtype, tensors: count, bytes, steps, phase, hook },
    remedy: 'Wrap what makes them in tf.tidy, or dispose of them when they are done with.',
    docs: 'rules/tensor-leak.md',
  });
}
