import type * as tf from '@tensorflow/tfjs-core';
import { definePlugin, real, type BatchData, type InputInfo, type OutputInfo, type RandomStream } from 'trainscope/plugin';
import { z } from 'zod';
import { drawBox, drawMixture, mixed, pasted, shareOutside, type Mixture } from './mixup/mix.js';
import { chosenInputs } from './shared/chosen-ports.js';
import { StepStreams } from './shared/step-streams.js';

const kinds = ['mixup', 'cutmix'] as const;
const options = z.strictObject({
  kind: z.enum(kinds).default('mixup').describe('mixup: a weighted mean of two samples. cutmix: a box of one image in another.'),
  alpha: z
    .union([z.literal('auto'), z.number().positive()])
    .default('auto')
    .describe('Shares are of Beta(alpha, alpha): near 0 hardly anything is mixed, 1 is uniform. auto: 0.2 for mixup (Zhang et al. 2018, ImageNet), 1 for cutmix (Yun et al. 2019).'),
  per: z.enum(['batch', 'sample']).default('batch').describe('Whether a batch shares one share (and box), as in the code of both papers, or each sample has its own.'),
  probability: z.number().gt(0).max(1).default(1).describe('Of a batch to be mixed at all. 1: as in both papers on ImageNet; for CIFAR cutmix took 0.5.'),
  inputs: z.array(z.string()).min(1).optional().describe("Names of the inputs that are mixed; others stay the sample's own. Default: all."),
});

const events = {
  mixup: z
    .strictObject({
      kind: z.enum(kinds),
      alpha: z.number(),
      batches: z.int().min(0).describe('of the epoch'),
      mixed: z.int().min(0).describe('batches that were mixed'),
      share: real.nullable().describe("mean share of the larger part in the mixed samples, 0.5 to 1; null when there were none"),
    })
    .describe('What was mixed, at the end of an epoch.'),
};

const state = z.strictObject({
  /** Of the epoch under way. */
  batches: z.int().min(0).default(0),
  mixed: z.int().min(0).default(0),
  samples: z.int().min(0).default(0),
  shares: z.number().default(0),
});

/**
 * Trains on mixtures of two samples and their labels in the same shares: mixup (Zhang et al. 2018) or cutmix (Yun et al.
 * 2019). Partners are drawn as an order of the batch, in which one sample of a batch, on average, is its own partner.
 *
 * - Training batches alone. Metrics of training steps are of mixed labels: accuracy is that of the larger part.
 * - Labels are mixed as they are: one-hot rows, 0 and 1, or numbers of a regression. Class numbers cannot be mixed.
 *   Of a regression Yao et al. (2022, C-Mixup) found that samples with labels far apart should not be; here they are.
 * - Sample weights are mixed in the same shares.
 * - It draws by the step: resumed, a run mixes as it would have.
 * - List `augmentation` before it: a mixture is of augmented samples, as in the papers.
 *
 * @throws Error in fitStart for inputs that do not exist, class numbers, hinge losses, and for cutmix inputs that are no images
 *
 * @example
 * new Trainer({ model, loss: 'categoricalCrossentropy', plugins: [augmentation({ transforms }), mixup({ kind: 'cutmix' })] });
 */
export const mixup = definePlugin({
  name: 'mixup',
  summary: 'Trains on mixtures of two samples and their labels: mixup or cutmix.',
  role: 'steer',
  options,
  events,
  state,
  hooks: ({ kind, alpha: given, per, probability, inputs: named }) => {
    const alpha = given === 'auto' ? (kind === 'mixup' ? 0.2 : 1) : given;
    const streams = new StepStreams();
    let outputs: readonly OutputInfo[] = [];
    let isMixed: readonly boolean[] = [];
    return {
      fitStart(_info, context) {
        const { inputs } = context;
        ({ outputs } = context);
        const chosen = chosenInputs('mixup', named, inputs);
        isMixed = inputs.map((input) => chosen.includes(input));
        if (kind === 'cutmix') for (const input of chosen) checkImage(input);
        for (const output of outputs) checkOutput(output);
      },
      epochStart(_info, context) {
        context.state = { batches: 0, mixed: 0, samples: 0, shares: 0 };
      },
      batch(batch, context) {
        const random = streams.next(context)('mix');
        const { state: counts } = context;
        counts.batches += 1;
        checkBatch(batch, outputs, isMixed);
        // Drawn whatever the probability is.
        const isLeft = random.float() >= probability;
        if (isLeft || batch.size < 2) return undefined;
        const done = kind === 'mixup' ? mix(batch, drawMixture(batch.size, { alpha, per }, random), isMixed) : cut(batch, drawMixture(batch.size, { alpha, per }, random), per, isMixed, random);
        counts.mixed += 1;
        counts.samples += batch.size;
        for (const own of done.mixture.own) counts.shares += Math.max(own, 1 - own);
        return done.batch;
      },
      gradients() {
        streams.endStep();
      },
      epochEnd(_info, context) {
        const { batches, mixed: count, samples, shares } = context.state;
        context.emit('mixup', { kind, alpha, batches, mixed: count, share: samples === 0 ? null : shares / samples });
      },
    };
  },
});

function checkImage({ name, shape }: InputInfo): void {
  if (shape === undefined || shape.length === 4) return;
  throw new Error(`mixup cuts boxes out of images, [batch, height, width, channels]; the input "${name}" is [${shape.map((size) => size ?? 'null').join(', ')}]. Use kind: 'mixup', or name the images with \`inputs\`.`);
}

function checkOutput({ name, form, loss, shape }: OutputInfo): void {
  if (form === 'class') {
    throw new Error(`mixup mixes labels, and those of "${name}" are class numbers (${loss}). Give one-hot rows, tf.oneHot(labels, ${String(shape?.at(-1) ?? 'classes')}), and use categoricalCrossentropy.`);
  }
  if (loss === 'hinge' || loss === 'squaredHinge' || loss === 'categoricalHinge') throw new Error(`mixup mixes labels, and ${loss} of "${name}" takes none between its classes. Use a cross-entropy.`);
}

/** What the model and the loss do not tell before the first batch. */
function checkBatch({ inputs, labels }: BatchData, outputs: readonly OutputInfo[], isMixed: readonly boolean[]): void {
  for (const [i, input] of inputs.entries()) {
    if (isMixed[i] === true && input.dtype !== 'float32') throw new Error(`mixup mixes numbers, and input ${String(i)} is ${input.dtype}: numbers of words cannot be mixed. Name with \`inputs\` those that can, or give images as float32.`);
  }
  for (const [i, { name, shape, form }] of outputs.entries()) {
    const own = labels[i]?.shape;
    if (form === 'free' && own !== undefined && shape !== undefined && (own.length < shape.length || (own.at(-1) === 1 && (shape.at(-1) ?? 1) > 1))) {
      throw new Error(`mixup mixes labels, and those of "${name}", [${own.join(', ')}], look like class numbers beside predictions [${shape.map((size) => size ?? 'null').join(', ')}]. Give one-hot rows.`);
    }
  }
}

interface Mixed {
  readonly batch: BatchData;
  readonly mixture: Mixture;
}

/** The batch with these inputs, and labels and weights mixed. */
const labelled = (batch: BatchData, mixture: Mixture, inputs: readonly tf.Tensor[]): Mixed => ({
  batch: { ...batch, inputs, labels: batch.labels.map((each) => mixed(each, mixture)), sampleWeights: batch.sampleWeights?.map((each) => mixed(each, mixture)) },
  mixture,
});

const mix = (batch: BatchData, mixture: Mixture, isMixed: readonly boolean[]): Mixed => labelled(batch, mixture, batch.inputs.map((each, i) => (isMixed[i] === true ? mixed(each, mixture) : each)));

/** Several images of a sample share the box. */
function cut(batch: BatchData, drawn: Mixture, per: 'batch' | 'sample', isMixed: readonly boolean[], random: RandomStream): Mixed {
  const images = batch.inputs.filter((_, i) => isMixed[i] === true);
  const [, height = 1, width = 1] = images[0]?.shape ?? [];
  if (images.some(({ shape }) => shape[1] !== height || shape[2] !== width)) {
    throw new Error(`mixup cuts one box out of all images of a sample, and they are ${images.map(({ shape }) => shape.slice(1, 3).join(' x ')).join(' and ')}. Name with \`inputs\` those of one size.`);
  }
  const first = drawBox(drawn.own[0] ?? 1, height, width, random);
  const boxes = Array.from(drawn.own, (own, i) => (i === 0 || per === 'batch' ? first : drawBox(own, height, width, random)));
  // What the edges cut off is not the partner's: the share is that of the box as it lies.
  const mixture = { ...drawn, own: Float32Array.from(boxes, (box) => shareOutside(box, height, width)) };
  return labelled(batch, mixture, batch.inputs.map((each, i) => (isMixed[i] === true ? pasted(each, drawn.partners, boxes) : each)));
}
