import { ConfigError, definePlugin, histogramKinds, histogramsOf, real, type Histogram, type Measurement, type Needs } from 'trainscope/plugin';
import { z } from 'zod';

const options = z.strictObject({
  every: z
    .union([z.int().min(1), z.literal('epoch')])
    .default(100)
    .describe("Steps from one look to the next, or 'epoch'. Each entry is looked at twice and an event holds some 60 numbers a tensor: 100 keeps that small, where wandb.watch looks every 1,000."),
  first: z.boolean().default(true).describe('At the first step as well: what comes later is compared with it.'),
  of: z
    .array(z.enum(histogramKinds))
    .min(1)
    .refine((kinds) => new Set(kinds).size === kinds.length, 'one of them stands there twice')
    .default(['weights', 'gradients'])
    .describe('What histograms are made of. gradients are the raw ones; updates are what a step changed, and need a copy of the weights; activations are outputs of layers for the batch.'),
  bins: z.int().min(1).max(1000).default(30).describe("Bins from the smallest to the largest finite entry. 30 is TensorBoard's own number (histogram/summary_v2.py, DEFAULT_BUCKET_COUNT)."),
  layers: z.array(z.string().min(1)).min(1).optional().describe('Names of the layers whose weights and outputs are looked at. Default: all.'),
});

const histogram = z.strictObject({
  edges: z.array(real).describe('bins + 1, from min to max in equal steps; two where all entries are equal; none without finite entries'),
  counts: z.array(z.int().min(0)).describe('entries from one edge up to the next; the last bin holds its right edge'),
  min: real.describe('of the finite entries, as are the next three; NaN without any'),
  max: real,
  mean: real,
  std: real.describe('standard deviation'),
  nonFinite: z.int().min(0).describe('entries that are NaN or infinite; they are in no bin'),
});

const events = {
  histogram: z
    .strictObject({
      weights: z
        .record(z.string(), z.strictObject({ weights: histogram.optional().describe('after the update'), gradients: histogram.optional().describe('before clipping'), updates: histogram.optional() }))
        .describe('by name of the weight'),
      layers: z.record(z.string(), z.strictObject({ activations: histogram.describe('outputs for the batch of the step') })).describe('by name of the layer'),
    })
    .describe('How weights, gradients, updates and activations are spread at a step.'),
};

type Told = z.input<typeof histogram>;
const told = ({ edges, counts, ...rest }: Histogram): Told => ({ ...rest, edges: [...edges], counts: [...counts] });

/**
 * Histograms of weights, gradients, updates and activations: how they are spread, and how that moves over the steps.
 * tensorBoardSink shows them in TensorBoard's tabs Histograms and Distributions.
 *
 * - NaN and infinite entries are counted apart, and never left out in silence; bins are over the finite ones.
 * - They are counted where the tensors are; what is read is some 60 numbers a tensor, together with all else of the step.
 *
 * @throws ConfigError OPTIONS_INVALID in fitStart for layers that the model does not have
 *
 * @example new Trainer({ model, loss, plugins: [histograms({ every: 200, of: ['weights', 'activations'] })], sinks: [tensorBoardSink('runs')] });
 */
export const histograms = definePlugin({
  name: 'histograms',
  summary: 'Histograms of weights, gradients, updates and activations, for TensorBoard among others.',
  role: 'observe',
  options,
  events,
  needs: ({ every, first, of, bins, layers }): Needs<Record<string, Measurement<ReadonlyMap<string, Histogram>>>> => ({
    every,
    ...(first ? { also: [1] } : {}),
    of: Object.fromEntries(of.map((kind) => [kind, histogramsOf(kind, { bins, layers }) as Measurement<ReadonlyMap<string, Histogram>>])),
  }),
  hooks: ({ of, layers }) => ({
    fitStart(_info, context) {
      if (layers === undefined || of.includes('activations')) return; // of activations the trainer knows the layers, and says so
      const known = [...new Set(context.weights.flatMap(({ layer }) => (layer === undefined ? [] : [layer])))];
      const unknown = layers.filter((name) => !known.includes(name));
      if (unknown.length > 0) throw new ConfigError('OPTIONS_INVALID', { found: `histograms names the layers ${unknown.join(', ')}`, expected: `layers with weights are ${known.join(', ')}` });
    },
    measured(values, context) {
      const weights: Record<string, { [Kind in 'weights' | 'gradients' | 'updates']?: Told }> = {};
      for (const { name } of context.weights) {
        for (const kind of ['weights', 'gradients', 'updates'] as const) {
          const found = values[kind]?.get(name);
          if (found !== undefined) weights[name] = { ...weights[name], [kind]: told(found) };
        }
      }
      const layersTold = [...(values['activations'] ?? [])].map(([name, each]) => [name, { activations: told(each) }] as const);
      context.emit('histogram', { weights, layers: Object.fromEntries(layersTold) }, { level: 'debug' });
    },
  }),
});
