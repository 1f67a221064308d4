import { z } from 'zod';

const count = z.int().min(0);
const shape = z.array(z.int().nullable()).describe('null is a free dimension, as of the batch');

const layer = z.strictObject({
  name: z.string(),
  className: z.string().describe('as Keras spells it'),
  outputShape: z.union([shape, z.array(shape)]).nullable().describe('a list of shapes for a layer with several outputs'),
  parameters: count.describe('numbers in the weights that are first met in this layer'),
  trainable: count.describe('of these, those that training changes'),
  bytes: count.describe('of these weights'),
  multiplyAdds: count.nullable().describe('multiplications with addition for one sample, over all its calls; 0 where none are counted, null where they are not known'),
});

const weight = z.strictObject({
  name: z.string(),
  layer: z.string().nullable(),
  shape: z.array(count),
  parameters: count,
  trainable: z.boolean(),
  dtype: z.string(),
  bytes: count,
});

export const events = {
  'model-summary': z
    .strictObject({
      layers: z.array(layer).describe('in the order of the model; empty for one that is written by hand'),
      weights: z.array(weight).describe('each once, in the order of the model'),
      parameters: count,
      trainable: count.describe('parameters that training changes'),
      weightBytes: count,
      gradientBytes: count.describe('of one gradient of each trainable weight, which a step holds'),
      slotBytes: count.nullable().describe('what the optimizer keeps from step to step; null for an optimizer that is not known'),
      multiplyAdds: count.nullable().describe('for one sample in the forward pass; null where a layer is not known'),
    })
    .describe('What the model consists of.'),
};

export type Summary = z.output<(typeof events)['model-summary']>;
