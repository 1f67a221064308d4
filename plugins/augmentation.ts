import * as tf from '@tensorflow/tfjs-core';
import { definePlugin, type InputInfo } from 'trainscope/plugin';
import { z } from 'zod';
import { applied, type CustomTransform } from './augmentation/apply.js';
import { needsImages, transformSchema, type Transform } from './augmentation/transforms.js';
import { chosenInputs } from './shared/chosen-ports.js';
import { StepStreams } from './shared/step-streams.js';

export type { CustomTransform } from './augmentation/apply.js';

const options = z
  .strictObject({
    transforms: z.array(transformSchema).default([]).describe('What is done to the inputs, in this order; each for a sample by itself, with its own probability `p`.'),
    inputs: z.array(z.string()).min(1).optional().describe('Names of the inputs to change. Default: the only one; of several they have to be named.'),
    fill: z.enum(['zero', 'reflect', 'wrap', 'edge']).default('reflect').describe("What comes in where an image has been moved away. reflect: the image mirrored at its edge, the edge pixel twice; Keras' default, which brings in no edge of its own."),
    interpolation: z.enum(['bilinear', 'nearest']).default('bilinear').describe('Between pixels. Flips and crops move whole pixels, and are exact.'),
    range: z
      .tuple([z.number(), z.number()])
      .refine(([from, to]) => from < to, 'the first is not below the second')
      .optional()
      .describe('Lowest and highest value of an input: results are cut off there. Default: they are not.'),
    custom: z
      .custom<CustomTransform>((value) => typeof value === 'function', 'expected a function (input, { random, input, step }) => tensor')
      .optional()
      .describe('A change of your own, after all others: a function of an input of a batch, [batch, ...], that returns one of the same shape. Code alone can give it.'),
  })
  .refine(({ transforms, custom }) => transforms.length > 0 || custom !== undefined, { path: ['transforms'], message: 'there is nothing to do' });
type Options = z.output<typeof options>;

const events = {
  augmentation: z
    .strictObject({
      batches: z.int().min(0).describe('of the epoch'),
      samples: z.int().min(0),
      transforms: z.array(z.strictObject({ kind: z.string(), changed: z.int().min(0).describe('samples, over all inputs') })).describe('in their order'),
    })
    .describe('What was changed, at the end of an epoch.'),
};

const state = z.strictObject({
  /** Of the epoch under way. */
  batches: z.int().min(0).default(0),
  samples: z.int().min(0).default(0),
  changed: z.array(z.int().min(0)).default([]),
});

/**
 * Changes the inputs of training batches at random: mirrors, shifts, turns, noise, holes and more, so that the model
 * sees each sample in many forms.
 *
 * - Training batches alone; labels and sample weights stay as they are. A turned image has its old label: that a change
 *   leaves the label true is for you to judge (a mirrored 2 is no 2).
 * - It draws by the step: with a seed two runs are equal, and a resumed one goes on with the very images.
 * - Several moves of pixels in a row are one, so that an image is interpolated once.
 * - List it before `mixup`.
 *
 * @throws Error in fitStart for inputs that do not exist, are no images where images are asked for, or are smaller than a hole
 *
 * @example
 * new Trainer({ model, loss, plugins: [augmentation({ transforms: [{ kind: 'flip' }, { kind: 'crop', padding: 4 }, { kind: 'cutout', size: 8 }] })] });
 */
export const augmentation = definePlugin({
  name: 'augmentation',
  summary: 'Changes the inputs of training batches at random: flips, crops, turns, noise, holes.',
  role: 'steer',
  options,
  events,
  state,
  codeOnly: ['custom'],
  hooks: (given) => {
    const { transforms, range, fill, interpolation, custom } = given;
    const streams = new StepStreams();
    let inputs: readonly InputInfo[] = [];
    let chosen: readonly InputInfo[] = [];
    return {
      fitStart(_info, context) {
        ({ inputs } = context);
        if (given.inputs === undefined && inputs.length > 1) throw new Error(`augmentation does not know which of the inputs ${inputs.map(({ name }) => name).join(', ')} to change: name them with \`inputs\`.`);
        chosen = chosenInputs('augmentation', given.inputs, inputs);
        for (const { name, shape } of chosen) if (shape !== undefined) checkShape(name, shape, given);
      },
      epochStart(_info, context) {
        context.state = { batches: 0, samples: 0, changed: transforms.map(() => 0) };
      },
      batch(batch, context) {
        const stream = streams.next(context);
        const { state: counts, step } = context;
        counts.batches += 1;
        counts.samples += batch.size;
        const made = batch.inputs.map((input, i): tf.Tensor => {
          // A model written by hand may not say what inputs it has: it has one then.
          const port = inputs[i];
          const name = port?.name ?? String(i);
          if (port !== undefined && !chosen.includes(port)) return input;
          checkShape(name, input.shape, given);
          if (input.dtype !== 'float32' && input.dtype !== 'int32') throw new Error(`augmentation computes with numbers, and the input "${name}" is ${input.dtype}.`);
          // By the input's number: the name that tfjs-layers makes up is another in the next process.
          const changed = applied(input, { transforms, range, fill, interpolation, stream: (place) => stream(`${String(i)}/${String(place)}`), count: (place, count) => (counts.changed[place] = (counts.changed[place] ?? 0) + count) });
          return custom === undefined ? changed : own(custom, changed, { random: stream(`${String(i)}/custom`), input: name, step });
        });
        return { ...batch, inputs: made };
      },
      gradients() {
        streams.endStep();
      },
      epochEnd(_info, context) {
        const { batches, samples, changed } = context.state;
        context.emit('augmentation', { batches, samples, transforms: transforms.map(({ kind }, i) => ({ kind, changed: changed[i] ?? 0 })) });
      },
    };
  },
});

/** What the function returns in place of what it was given, which is ended. */
function own(custom: CustomTransform, input: tf.Tensor, facts: Parameters<CustomTransform>[1]): tf.Tensor {
  let made: unknown;
  try {
    // What it makes besides its result is ended.
    made = tf.tidy(() => custom(input, facts));
  } catch (error) {
    input.dispose();
    throw error;
  }
  if (made === input) return input;
  const result = made as Partial<tf.Tensor> | null | undefined;
  const { shape } = input;
  input.dispose();
  if (Array.isArray(result?.shape) && result.shape.length === shape.length && result.shape.every((size, axis) => size === shape[axis])) return made as tf.Tensor;
  if (typeof result?.dispose === 'function') result.dispose();
  throw new Error(`the function custom of augmentation returned ${Array.isArray(result?.shape) ? `a tensor of shape [${result.shape.join(', ')}]` : typeof made}; it is to return a tensor of the input's shape, [${shape.join(', ')}].`);
}

function checkShape(name: string, shape: readonly (number | null)[], { transforms }: Options): void {
  const text = `[${shape.map((size) => size ?? 'null').join(', ')}]`;
  const image = transforms.find(needsImages);
  if (image !== undefined && shape.length !== 4) {
    throw new Error(`augmentation has the transform "${image.kind}", which takes images, [batch, height, width, channels]; the input "${name}" is ${text}. Name the images with \`inputs\`, or use noise and dropout.`);
  }
  const sides = shape.slice(1, 3).filter((size): size is number => size !== null);
  const tooLarge = transforms.find((each): each is Extract<Transform, { kind: 'crop' | 'cutout' }> => (each.kind === 'cutout' && sides.some((side) => each.size > side)) || (each.kind === 'crop' && sides.some((side) => each.padding >= side)));
  if (tooLarge !== undefined) throw new Error(`augmentation has the transform "${tooLarge.kind}" of ${String(tooLarge.kind === 'crop' ? tooLarge.padding : tooLarge.size)} pixels for the input "${name}", which is ${text}.`);
}
