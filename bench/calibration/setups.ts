/**
 * The trainings that the thresholds of gradientNorm and weightNorm were chosen on: kinds that learn what they should, and
 * kinds with a fault planted. Small, so that hundreds of runs take minutes; different in depth, activation, initialisation,
 * loss, optimizer, batch size and noise, since those are what norms of gradients and weights hang on.
 */
import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import type { LossSpec, OptimizerSpec } from 'trainscope';
import type { RandomStream } from '../../src/random/index.js';
import { blobs, digits, heavyTailed, irises, line, rareClass, sentences, sine, spiral, stripes, walks, withInputs, withTrainingLabels, type Data } from './data.js';

interface Training {
  readonly name: string;
  readonly data: (random: RandomStream) => Data;
  readonly model: () => Sequential;
  readonly loss: LossSpec;
  readonly optimizer: OptimizerSpec;
  readonly batchSize: number;
  readonly steps: number;
}

/** A training that learns what it should. */
export interface HealthySetup extends Training {
  /** Mean loss of the last epoch that a run has to come to, to count as healthy. */
  readonly goal: number;
}

/** A training with a fault planted. */
export interface FaultySetup extends Training {
  readonly fault: string;
  /** The labels of this step's batch are multiplied by `times`. */
  readonly badBatch?: { readonly step: number; readonly times: number };
}

export type Setup = HealthySetup | FaultySetup;

interface Dense {
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly outputs: number;
  readonly activation?: 'relu' | 'tanh' | 'sigmoid';
  readonly initializer?: 'glorotUniform' | 'heNormal' | ReturnType<typeof initializers.randomNormal>;
  readonly normalized?: boolean;
}

/** Dense layers that end in logits, or in a number. */
function dense({ inputs, hidden, outputs, activation = 'relu', initializer = 'glorotUniform', normalized = false }: Dense): Sequential {
  const model = sequential();
  hidden.forEach((units, i) => {
    const first = i === 0 ? { inputShape: [inputs] } : {};
    model.add(layers.dense({ units, kernelInitializer: initializer, ...(normalized ? {} : { activation }), ...first, name: `hidden${i + 1}` }));
    if (!normalized) return;
    model.add(layers.batchNormalization({ name: `norm${i + 1}` }));
    model.add(layers.activation({ activation, name: `active${i + 1}` }));
  });
  model.add(layers.dense({ units: outputs, ...(hidden.length === 0 ? { inputShape: [inputs] } : {}), name: 'out' }));
  return model;
}

const blobsDense = (hidden: readonly number[], more: Partial<Dense> = {}) => (): Sequential => dense({ inputs: 20, hidden, outputs: 10, ...more });
const deep = (depth: number, width = 24): number[] => Array.from({ length: depth }, () => width);

const convolution = (): Sequential =>
  sequential({
    layers: [
      layers.conv2d({ filters: 6, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 1], name: 'convolution' }),
      layers.maxPooling2d({ poolSize: 2, name: 'pool' }),
      layers.flatten({ name: 'flat' }),
      layers.dense({ units: 4, name: 'out' }),
    ],
  });
const recurrent = (layer: 'lstm' | 'simpleRNN') => (): Sequential =>
  sequential({ layers: [layers[layer]({ units: 8, inputShape: [12, 1], name: 'recurrent' }), layers.dense({ units: 1, name: 'out' })] });
const embedding = (): Sequential =>
  sequential({
    layers: [
      layers.embedding({ inputDim: 200, outputDim: 8, inputLength: 15, name: 'words' }),
      layers.globalAveragePooling1d({ name: 'mean' }),
      layers.dense({ units: 16, activation: 'relu', name: 'hidden' }),
      layers.dense({ units: 1, name: 'out' }),
    ],
  });

const classes = { name: 'sparseCategoricalCrossentropy', fromLogits: true };
const yesOrNo = { name: 'binaryCrossentropy', fromLogits: true };
const squares = 'meanSquaredError';
const adam = (learningRate: number): OptimizerSpec => ({ name: 'adam', learningRate });
const sgd = (learningRate: number): OptimizerSpec => ({ name: 'sgd', learningRate });
const momentum = (learningRate: number): OptimizerSpec => ({ name: 'momentum', learningRate });
const normal = (stddev: number): ReturnType<typeof initializers.randomNormal> => initializers.randomNormal({ mean: 0, stddev });

// Goals of regressions are the variance of the noise, with room for batches; those of classes say that the labels were learnt.
export const healthySetups: readonly HealthySetup[] = [
  { name: 'iris adam', data: irises, model: () => dense({ inputs: 4, hidden: [16], outputs: 3 }), loss: classes, optimizer: adam(0.01), batchSize: 16, steps: 1500, goal: 0.12 },
  { name: 'iris adam, batch 1', data: irises, model: () => dense({ inputs: 4, hidden: [16], outputs: 3 }), loss: classes, optimizer: adam(0.003), batchSize: 1, steps: 3000, goal: 0.15 },
  { name: 'iris tanh sgd', data: irises, model: () => dense({ inputs: 4, hidden: [8], outputs: 3, activation: 'tanh' }), loss: classes, optimizer: sgd(0.1), batchSize: 32, steps: 1500, goal: 0.15 },
  { name: 'separable logistic sgd', data: (random) => blobs(random, { samples: 300, classes: 3, features: 10, apart: 2 }), model: () => dense({ inputs: 10, hidden: [], outputs: 3 }), loss: classes, optimizer: sgd(0.5), batchSize: 32, steps: 2000, goal: 0.05 },
  { name: 'blobs adam', data: blobs, model: blobsDense([64, 32]), loss: classes, optimizer: adam(0.003), batchSize: 32, steps: 2000, goal: 0.05 },
  { name: 'blobs that overlap', data: (random) => blobs(random, { apart: 0.5 }), model: blobsDense([64, 32]), loss: classes, optimizer: adam(0.001), batchSize: 32, steps: 2000, goal: 0.3 },
  { name: 'blobs momentum', data: blobs, model: blobsDense([64, 32]), loss: classes, optimizer: momentum(0.02), batchSize: 32, steps: 2000, goal: 0.05 },
  { name: 'blobs adam, batch 4', data: blobs, model: blobsDense([32]), loss: classes, optimizer: adam(0.001), batchSize: 4, steps: 3000, goal: 0.1 },
  { name: 'spiral adam', data: spiral, model: () => dense({ inputs: 2, hidden: [64, 64], outputs: 3 }), loss: classes, optimizer: adam(0.005), batchSize: 32, steps: 2500, goal: 0.15 },
  { name: 'spiral adam, batch 8', data: spiral, model: () => dense({ inputs: 2, hidden: [32, 32], outputs: 3 }), loss: classes, optimizer: adam(0.003), batchSize: 8, steps: 3000, goal: 0.2 },
  { name: 'spiral tanh sgd', data: spiral, model: () => dense({ inputs: 2, hidden: [64], outputs: 3, activation: 'tanh' }), loss: classes, optimizer: sgd(0.3), batchSize: 32, steps: 4000, goal: 0.25 },
  { name: 'sine tanh', data: sine, model: () => dense({ inputs: 1, hidden: [32, 32], outputs: 1, activation: 'tanh' }), loss: squares, optimizer: adam(0.005), batchSize: 32, steps: 2500, goal: 0.02 },
  { name: 'sine, full batch', data: (random) => sine(random, { samples: 300, noise: 0 }), model: () => dense({ inputs: 1, hidden: [32, 32], outputs: 1 }), loss: squares, optimizer: adam(0.003), batchSize: 300, steps: 1500, goal: 0.002 },
  { name: 'line sgd', data: line, model: () => dense({ inputs: 10, hidden: [], outputs: 1 }), loss: squares, optimizer: sgd(0.02), batchSize: 16, steps: 2000, goal: 0.35 },
  { name: 'line, heavy-tailed labels', data: (random) => line(random, (each) => 0.5 * heavyTailed(each, 3)), model: () => dense({ inputs: 10, hidden: [16], outputs: 1 }), loss: squares, optimizer: adam(0.003), batchSize: 16, steps: 3000, goal: 1.5 },
  { name: 'rare class', data: rareClass, model: () => dense({ inputs: 8, hidden: [16], outputs: 1 }), loss: yesOrNo, optimizer: adam(0.003), batchSize: 32, steps: 4000, goal: 0.02 },
  { name: 'rare class, batch 8', data: rareClass, model: () => dense({ inputs: 8, hidden: [16], outputs: 1 }), loss: yesOrNo, optimizer: adam(0.003), batchSize: 8, steps: 4000, goal: 0.03 },
  { name: '8 tanh layers', data: blobs, model: blobsDense(deep(8), { activation: 'tanh' }), loss: classes, optimizer: adam(0.001), batchSize: 32, steps: 1500, goal: 0.1 },
  { name: '10 relu layers adam', data: blobs, model: blobsDense(deep(10), { initializer: 'heNormal' }), loss: classes, optimizer: adam(0.001), batchSize: 32, steps: 1500, goal: 0.1 },
  { name: '10 relu layers sgd', data: blobs, model: blobsDense(deep(10), { initializer: 'heNormal' }), loss: classes, optimizer: sgd(0.05), batchSize: 32, steps: 1500, goal: 0.1 },
  { name: '6 normalised layers', data: blobs, model: blobsDense(deep(6), { normalized: true }), loss: classes, optimizer: adam(0.003), batchSize: 32, steps: 1200, goal: 0.15 },
  { name: '2 sigmoid layers', data: blobs, model: blobsDense([32, 32], { activation: 'sigmoid' }), loss: classes, optimizer: adam(0.005), batchSize: 32, steps: 2000, goal: 0.05 },
  { name: '3 sigmoid layers sgd', data: blobs, model: blobsDense(deep(3, 32), { activation: 'sigmoid' }), loss: classes, optimizer: sgd(0.5), batchSize: 32, steps: 3000, goal: 0.05 },
  { name: 'convolution', data: stripes, model: convolution, loss: classes, optimizer: adam(0.005), batchSize: 16, steps: 800, goal: 0.05 },
  { name: 'lstm', data: walks, model: recurrent('lstm'), loss: yesOrNo, optimizer: adam(0.01), batchSize: 16, steps: 600, goal: 0.15 },
  { name: 'simple recurrent', data: walks, model: recurrent('simpleRNN'), loss: yesOrNo, optimizer: adam(0.005), batchSize: 16, steps: 800, goal: 0.2 },
  { name: 'embedding', data: sentences, model: embedding, loss: yesOrNo, optimizer: adam(0.005), batchSize: 16, steps: 1500, goal: 0.1 },
  { name: 'digits adam', data: digits, model: () => dense({ inputs: 784, hidden: [32], outputs: 10 }), loss: classes, optimizer: adam(0.001), batchSize: 32, steps: 1200, goal: 0.1 },
  { name: 'digits sgd', data: digits, model: () => dense({ inputs: 784, hidden: [32, 16], outputs: 10 }), loss: classes, optimizer: sgd(0.1), batchSize: 32, steps: 1200, goal: 0.15 },
];

export const faultySetups: readonly FaultySetup[] = [
  { name: '8 sigmoid layers adam', fault: 'saturating units, too many in a row', data: blobs, model: blobsDense(deep(8), { activation: 'sigmoid' }), loss: classes, optimizer: adam(0.001), batchSize: 32, steps: 1200 },
  { name: '6 sigmoid layers sgd', fault: 'saturating units, too many in a row', data: blobs, model: blobsDense(deep(6), { activation: 'sigmoid' }), loss: classes, optimizer: sgd(0.1), batchSize: 32, steps: 1200 },
  { name: 'weights start tiny', fault: 'initial weights of deviation 0.01', data: blobs, model: blobsDense(deep(5), { initializer: normal(0.01) }), loss: classes, optimizer: sgd(0.05), batchSize: 32, steps: 1200 },
  { name: 'weights start large', fault: 'initial weights of deviation 1', data: blobs, model: blobsDense(deep(5), { initializer: normal(1) }), loss: classes, optimizer: sgd(0.001), batchSize: 32, steps: 1200 },
  { name: 'rate too high, sgd', fault: 'learning rate 0.35, near the edge of stability', data: line, model: () => dense({ inputs: 10, hidden: [], outputs: 1 }), loss: squares, optimizer: sgd(0.35), batchSize: 16, steps: 600 },
  { name: 'rate too high, adam 1', fault: 'learning rate 1', data: blobs, model: blobsDense([64, 32]), loss: classes, optimizer: adam(1), batchSize: 32, steps: 1200 },
  { name: 'rate too high, adam 0.2', fault: 'learning rate 0.2', data: blobs, model: blobsDense([64, 32]), loss: classes, optimizer: adam(0.2), batchSize: 32, steps: 1200 },
  {
    name: 'random labels',
    fault: 'labels that have nothing to do with the inputs',
    data: (random) => withTrainingLabels(blobs(random), () => random.int(10)),
    model: blobsDense([64, 32]), loss: classes, optimizer: adam(0.01), batchSize: 32, steps: 2000,
  },
  { name: 'inputs not scaled', fault: 'inputs 255 times too large', data: (random) => withInputs(blobs(random), (value) => 255 * value), model: blobsDense([64, 32]), loss: classes, optimizer: sgd(0.01), batchSize: 32, steps: 1200 },
  {
    name: 'loss negated',
    fault: 'the sign of the loss is wrong: it has no lower bound',
    data: line,
    model: () => dense({ inputs: 10, hidden: [], outputs: 1 }),
    loss: (labels, predictions) => tf.tidy(() => tf.neg(tf.mean(tf.squaredDifference(labels, predictions)))),
    optimizer: sgd(0.002), batchSize: 16, steps: 1000,
  },
  {
    name: 'one label far off',
    fault: 'one label is 1000 where all others are within 2',
    data: (random) => withTrainingLabels(sine(random), (label, i) => (i === 7 ? [1000] : label)),
    model: () => dense({ inputs: 1, hidden: [32, 32], outputs: 1, activation: 'tanh' }),
    loss: squares, optimizer: adam(0.005), batchSize: 32, steps: 1500,
  },
  {
    name: 'one bad batch',
    fault: 'the labels of step 1000 are 100 times too large',
    badBatch: { step: 1000, times: 100 },
    data: sine,
    model: () => dense({ inputs: 1, hidden: [32, 32], outputs: 1, activation: 'tanh' }),
    loss: squares, optimizer: adam(0.005), batchSize: 32, steps: 1500,
  },
];
