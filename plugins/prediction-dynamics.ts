import { z } from 'zod';
import { ConfigError, definePlugin, probePredictions, real, type ObserverContext, type ProbePredictions } from 'trainscope/plugin';
import { changeBetween, turning, type Change } from './prediction-dynamics/change.js';
import { labelsOf, probabilities, readingOf, taskOptions, tasks, type Reading, type TaskOption } from './prediction-dynamics/reading.js';
import { comparedRows, shortFloat, spreadOf, type Rows } from './prediction-dynamics/rows.js';
import { isStrongOscillation, remember, trendLabels, trendOf, type Trend } from './prediction-dynamics/trend.js';
import { renamed } from './shared/renamed.js';

const task = z.enum(taskOptions);
const options = z.strictObject({
  every: z.union([z.literal('epoch'), z.int().min(1)]).default('epoch').describe("Every so many steps, or 'epoch': at the end of each. One extra forward pass of the samples each time."),
  samples: z.int().min(1).max(1024).default(16).describe('How many validation samples, the first ones. Sixteen can be looked at one by one, and cost little to read.'),
  task: z
    .union([task, z.record(z.string(), task)])
    .default('auto')
    .describe("What the outputs are: one for all, or by output name. auto: probabilities where the numbers can be such (rows of two or more that sum to 1; single numbers in [0, 1]), else regression. Say 'classification' or 'binary' for logits, 'binary' for several independent labels."),
  maxOutputs: z.int().min(1).default(16).describe('How many numbers of a sample an event carries, from the first on; changes are taken over all that are compared.'),
  maxValues: z.int().min(1).default(4096).describe('How many numbers of a sample are compared, as rows of its last axis at even distances: bounds what an image or a sequence adds to the state.'),
  window: z.int().min(4).default(6).describe('Over how many changes a trend is read: six give five turns, and a trend in a run of seven epochs.'),
  persistence: z.int().min(1).default(8).describe('At how many looks in a row predictions have to oscillate beyond doubt to be a finding. Eight in a row came up twice in 4.8 million looks at simulated noise (independent and autocorrelated, in 1 to 10 dimensions), six in a row 17 times.'),
});
type Options = z.output<typeof options>;

const share = real.nullable();
const sample = z.strictObject({
  index: z.int().min(0).describe('of the sample in the validation data'),
  prediction: z.array(real).describe('its first maxOutputs numbers, float32; logits as probabilities'),
  label: z.int().nullable().describe('predicted class; null for regression and where a sample has several labels'),
  change: real.nullable().describe('mean absolute difference to the look before; null at the first'),
  flips: z.int().min(0).nullable().describe('labels that flipped in all looks; null for regression'),
});
const events = {
  'prediction-dynamics': z
    .strictObject({
      output: z.string(),
      task: z.enum(tasks).describe('as what the output was read'),
      logits: z.boolean().describe('whether the numbers were turned into probabilities first'),
      change: z
        .strictObject({
          meanAbsolute: real.describe('mean absolute difference of the numbers'),
          flipped: share.describe('share of labels that became others, 0 to 1; null for regression'),
          kl: share.describe('mean KL(before || now) of the labels, nats, probabilities clipped to 1e-7; null for regression'),
        })
        .nullable()
        .describe('since the look before; null at the first'),
      trend: z
        .strictObject({
          label: z.enum(trendLabels).describe('settling: the change shrinks; drifting: one way and no less; oscillating: to and fro and no less; unknown: none of these, or too few looks'),
          amplitude: share.describe('mean of meanAbsolute over the window'),
          growth: share.describe('factor by which the change grew or shrank over the window'),
          cosine: share.describe('mean cosine between successive changes: 1 one way, -1/2 noise about a point, -1 to and fro'),
          ofPeak: share.describe('amplitude as a share of the largest of the run'),
          variation: share.describe('standard deviation of the changes as a share of their mean'),
        })
        .describe('numbers are null before a window is full'),
      spread: real.describe("mean absolute deviation of the samples' predictions from each other"),
      notFinite: z.int().min(0).describe('numbers that are NaN or infinite'),
      samples: z.array(sample),
    })
    .describe('How the predictions of fixed validation samples have moved.'),
};

const memory = z.strictObject({
  reading: z.strictObject({ task: z.enum(tasks), logits: z.boolean() }).nullable().default(null),
  /** The numbers of the latest looks, the last one last: two of them make a change, three a turn. */
  looks: z.array(z.array(real)).max(2).default([]),
  history: z.strictObject({ amplitudes: z.array(real), cosines: z.array(real), peak: real }).default({ amplitudes: [], cosines: [], peak: 0 }),
  flips: z.array(z.int()).default([]),
  /** Looks in a row with an oscillation beyond doubt, the step of the first of them, and looks in a row without any. */
  strong: z.int().default(0),
  since: z.int().default(0),
  calm: z.int().default(0),
  told: z.boolean().default(false),
});
type Memory = z.output<typeof memory>;
const state = z.strictObject({
  /** Of the model's outputs, in its order. */
  names: z.array(z.string()).default([]),
  outputs: z.record(z.string(), memory).default({}),
});
type Context = ObserverContext<{ readonly [K in keyof typeof events]: z.input<(typeof events)[K]> }, z.output<typeof state>>;

/**
 * Looks at the predictions for the same few validation samples again and again: how far they move, how many labels
 * flip, and whether they settle, drift or swing. A. Karpathy's recipe for training neural networks (2019) advises to
 * watch them: much wiggling shows instability, and the amount of jitter a learning rate that is too low or too high.
 *
 * A training that goes well settles. One whose learning rate is too small drifts: it moves little, the same way, and no
 * less as time goes on. One whose learning rate is too large oscillates with an amplitude that does not shrink; where
 * that is beyond doubt and lasts, it is the finding `predictions-oscillating`, told once until it has ended.
 *
 * Everything is computed on the host in double precision, for each output apart. Outputs with more than two axes
 * ([batch, height, width, classes]) are compared as rows of their last axis.
 *
 * @example
 * new Trainer({ model, optimizer, loss, plugins: [predictionDynamics({ task: 'classification' })] });
 */
export const predictionDynamics = definePlugin({
  name: 'predictionDynamics',
  summary: 'Follows the predictions of a few fixed validation samples: how far they move, flip, settle or swing.',
  role: 'observe',
  options,
  events,
  state,
  requires: () => ['validation'],
  needs: ({ every, samples }) => ({ every, of: { predictions: probePredictions({ samples }) } }),
  hooks: (given) => ({
    fitStart(_, context) {
      const { outputNames, state: before } = context;
      const unknown = typeof given.task === 'string' ? [] : Object.keys(given.task).filter((name) => !outputNames.includes(name));
      if (unknown.length > 0) throw new ConfigError('OPTIONS_INVALID', { found: `predictionDynamics has a task for ${unknown.join(', ')}`, expected: `the model's outputs are ${outputNames.join(', ')}` });
      context.state = { names: [...outputNames], outputs: renamed(before.outputs, before.names, outputNames) };
    },
    measured({ predictions }, context) {
      for (const [i, prediction] of predictions.entries()) look(given, context.outputNames[i] ?? `output${String(i)}`, prediction, context);
    },
  }),
});

function look(given: Options, output: string, prediction: ProbePredictions, context: Context): void {
  const rows = comparedRows(prediction, given.maxValues);
  if (rows.values.length === 0) return;
  const before = recall(context.state.outputs[output], taskOf(given, output), rows);
  const [now, ...earlier] = [rows.values, ...before.looks.toReversed()].map((values) => probabilities(values, rows.width, before.reading));
  const [previous, beforeThat] = earlier;
  if (now === undefined) return;

  const change = previous === undefined ? null : changeBetween(previous, now, { ...rows, task: before.reading.task });
  const cosine = previous === undefined || beforeThat === undefined ? null : turning(beforeThat, previous, now);
  const history = change === null ? before.history : remember(before.history, change.meanAbsolute, cosine, given.window);
  const trend = trendOf(history, given.window);
  const spread = spreadOf(now, rows.samples);
  const flips = before.flips.map((count, i) => count + (change?.samples[i]?.flips ?? 0));
  const isStrong = isStrongOscillation(trend, spread);
  const strong = isStrong ? before.strong + 1 : 0;
  const since = strong === 1 ? context.step : before.since;
  const calm = trend.label === 'oscillating' ? 0 : before.calm + 1;
  const tell = strong >= given.persistence && !before.told;
  // Said again only after as many calm looks as it took to say it.
  const told = tell || (before.told && calm < given.persistence);

  const finite = rows.values.every((value) => Number.isFinite(value));
  const after: Memory = { reading: finite ? before.reading : before.decided, looks: [...before.looks.slice(-1), [...rows.values]], history: { ...history, amplitudes: [...history.amplitudes], cosines: [...history.cosines] }, flips, strong, since, calm, told };
  context.state = { ...context.state, outputs: { ...context.state.outputs, [output]: after } };
  context.emit(
    'prediction-dynamics',
    {
      output,
      ...before.reading,
      change: change === null ? null : { meanAbsolute: change.meanAbsolute, flipped: change.flipped, kl: change.kl },
      trend,
      spread,
      notFinite: rows.values.filter((value) => !Number.isFinite(value)).length,
      samples: samplesOf(now, rows, { reading: before.reading, change, flips, maxOutputs: given.maxOutputs }),
    },
    { level: 'debug' },
  );
  if (tell) tellOscillation(context, { output, trend, spread, changes: strong + given.window - 1, since, change });
}

const taskOf = (given: Options, output: string): TaskOption => (typeof given.task === 'string' ? given.task : (given.task[output] ?? 'auto'));

/** What is remembered of an output, and how its numbers are read now. What was compared under another reading or shape is forgotten. */
function recall(kept: Memory | undefined, option: TaskOption, rows: Rows): Memory & { readonly reading: Reading; readonly decided: Reading | null } {
  const fits = kept?.flips.length === rows.samples && kept.looks.every(({ length }) => length === rows.values.length);
  const usable = fits ? kept : undefined;
  const decided = usable?.reading ?? null;
  const reading = readingOf(option, decided, rows);
  const changed = decided !== null && (decided.task !== reading.task || decided.logits !== reading.logits);
  if (usable !== undefined && !changed) return { ...usable, reading, decided };
  const fresh = { ...memory.parse({}), flips: Array<number>(rows.samples).fill(0) };
  return { ...fresh, ...(usable === undefined ? {} : { looks: usable.looks, told: usable.told }), reading, decided };
}

function samplesOf(
  now: readonly number[],
  { samples, rowsPerSample, width }: Rows,
  { reading, change, flips, maxOutputs }: { reading: Reading; change: Change | null; flips: readonly number[]; maxOutputs: number },
): z.input<typeof sample>[] {
  const labels = labelsOf(now, width, reading.task);
  const size = rowsPerSample * width;
  return Array.from({ length: samples }, (_, index) => ({
    index,
    prediction: now.slice(index * size, index * size + Math.min(size, maxOutputs)).map(shortFloat),
    label: labels.length === samples ? (labels[index] ?? null) : null,
    change: change?.samples[index]?.meanAbsolute ?? null,
    flips: reading.task === 'regression' ? null : (flips[index] ?? 0),
  }));
}

function tellOscillation(context: Context, { output, trend, spread, changes, since, change }: { output: string; trend: Trend; spread: number; changes: number; since: number; change: Change | null }): void {
  const flipped = change?.flipped ?? null;
  context.finding({
    rule: 'predictions-oscillating',
    // Probabilities that swing without any label changing do no harm yet.
    severity: flipped === 0 ? 'info' : 'warning',
    message: `the predictions of "${output}" swing to and fro: over the last ${changes} changes by ${(trend.amplitude ?? 0).toPrecision(3)} each time, ${Math.round(100 * (trend.ofPeak ?? 0))}% of the most in this run, with a mean cosine of ${(trend.cosine ?? 0).toFixed(2)} between successive changes`,
    where: { steps: { from: since, to: context.step } },
    evidence: { output, ...trend, spread, changes, flipped, learningRate: context.learningRate },
    remedy: 'Divide the learning rate by 3 to 10, or let it decay; with momentum near 1, lower that as well.',
    docs: 'rules/predictions-oscillating.md',
  });
}
