import { z } from 'zod';
import { jsonRecord } from './json-value.js';
import { real } from './numbers.js';

const count = z.int().min(0);
const milliseconds = z.number().min(0);
const metrics = z.record(z.string(), real);

/** A Layers shape: null is a free dimension, as of the batch. */
const shape = z.array(z.int().nullable());

const layer = z.strictObject({
  name: z.string(),
  className: z.string().describe('as Keras spells it: Dense, Conv2D'),
  outputShape: z.union([shape, z.array(shape)]).describe('with the free batch dimension as null; a list of shapes for a layer with several outputs'),
  parameters: count.describe('numbers in the weights of the layer, trainable or not'),
});

const model = z.strictObject({
  kind: z.string().describe("'layers' for a tf.LayersModel, 'handwritten' for an object with forward()"),
  parameters: count.describe('numbers in all weights'),
  trainableParameters: count.describe('numbers in the weights that training changes'),
  weights: count.describe('trainable tensors'),
  layers: z.array(layer).describe('in the order of the model; empty for a hand-written one'),
});

/** The events that tell the course of a run. */
export const runEvents = {
  'run-start': z
    .strictObject({
      versions: z.strictObject({ trainscope: z.string(), tfjs: z.string(), node: z.string() }),
      platform: z.string().describe("operating system and processor: 'linux-x64'"),
      backend: z.strictObject({
        name: z.string().describe('the TensorFlow.js backend in use'),
        refusals: z.array(z.strictObject({ backend: z.string(), reason: z.string() })).describe('backends that were tried first, and why they were not taken'),
        notes: z.array(z.string()).describe('what is worth knowing of the one in use'),
      }),
      model,
      optimizer: jsonRecord.describe('name and settings'),
      loss: z.string().describe("its name; 'custom' for a function of the user's"),
      metrics: z.array(z.string()),
      configuration: jsonRecord.describe('the settings of the run'),
      configurationHash: z.string().regex(/^[0-9a-f]{64}$/).describe('sha256 of the canonical JSON of configuration, in hex'),
      seed: z.int().nullable().describe('the seed of the data order and the random streams: the one given, or else one that was drawn'),
      plugins: z.array(z.strictObject({ name: z.string(), role: z.enum(['observe', 'steer']), options: jsonRecord })).describe('in their order'),
      fit: z.int().min(1).describe('which call of fit() on this trainer, from 1'),
      epochs: count.describe('epochs that this call of fit() is to run'),
    })
    .describe('A call of fit() begins.'),

  resume: z
    .strictObject({
      checkpoint: z.string().describe('name of the checkpoint that the run goes on from'),
      attempt: z.int().min(2).describe('2 for the first resume of a run, one more for each further one'),
      seq: count.describe('of the last event that counts: events of this run with a higher seq that stand before this one are of steps that were lost, and are made again'),
      epoch: count.describe('of the checkpoint'),
      step: count.describe('of the checkpoint'),
      stepInEpoch: count.describe('steps of the epoch that were done'),
      data: z.enum(['seek', 'replay', 'unknown']).describe('how the data comes to its place: seek, replay (it is read again up to there), or unknown for a function of the epoch, which may give either'),
      refused: z.array(z.strictObject({ name: z.string(), reason: z.string() })).describe('newer checkpoints that were torn or altered'),
      changed: z
        .array(z.strictObject({ path: z.string(), was: z.string().nullable(), is: z.string().nullable() }))
        .describe('what is configured otherwise than when the run was saved, 20 places at most, values as JSON; learning rate and slots of the optimizer are those of the checkpoint all the same'),
      configurationHash: z.string().regex(/^[0-9a-f]{64}$/).describe('of the configuration now'),
      versions: z.strictObject({ trainscope: z.string(), tfjs: z.string(), node: z.string() }),
      platform: z.string(),
      backend: z.string(),
    })
    .describe('A saved run goes on. What its opening would tell stands in the log since its start.'),

  'epoch-start': z
    .strictObject({
      epochs: count.describe('number of the last epoch of this call of fit(); epochs are counted over all calls'),
      learningRate: real.describe('at the start of the epoch'),
    })
    .describe('An epoch begins.'),

  step: z
    .strictObject({
      loss: real.describe('of this batch, regularization included'),
      metrics: metrics.describe('of this batch'),
      learningRate: real.describe('applied in this step'),
      batchSize: count.describe('examples in the batch'),
      samples: count.describe('examples seen since the start of the run'),
      updated: z.boolean().describe('false when a plugin had the update skipped, as gradient accumulation does'),
    })
    .describe('A step was made and its loss was read.'),

  validation: z
    .strictObject({
      metrics: metrics.describe('over the validation data, loss included'),
      samples: count.describe('examples in the validation data'),
      ms: milliseconds.describe('time it took, ms'),
    })
    .describe('A pass over the validation data is done.'),

  'epoch-end': z
    .strictObject({
      epochs: count.describe('number of the last epoch of this call of fit(); epochs are counted over all calls'),
      metrics: metrics.describe('over the training data of the epoch, loss included'),
      validation: metrics.nullable().describe('over the validation data, loss included; null without validation'),
      learningRate: real.describe('applied in the last step of the epoch'),
      steps: count.describe('steps in the epoch'),
      samples: count.describe('examples in the epoch'),
      ms: milliseconds.describe('time it took, validation included, ms'),
    })
    .describe('An epoch is done.'),

  'run-end': z
    .strictObject({
      reason: z
        .enum(['completed', 'stopped', 'aborted', 'failed'])
        .describe('completed: all epochs done; stopped: a plugin or the caller asked to; aborted: a signal; failed: an error'),
      by: z.string().nullable().describe('the plugin that stopped it; null for the trainer or the caller'),
      message: z.string().nullable().describe('why, in a sentence; null when there is nothing to say'),
      epochs: count.describe('whole epochs that this call of fit() did'),
      steps: count.describe('steps that this call of fit() did'),
      ms: milliseconds.describe('time the call of fit() took, ms'),
      metrics: metrics.describe('of the last epoch; validation with val_ in front'),
      findings: count.describe('findings of the run'),
    })
    .describe('A call of fit() ends.'),
};
