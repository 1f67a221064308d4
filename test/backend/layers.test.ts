import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model as functional, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { supplyConv3DTransposeGradient } from '../../src/backend/conv3d-transpose-gradient.js';
import { difference, fixed, onCpuAndTested, testedBackend } from './on-backends.js';

interface Example {
  readonly name: string;
  /** Without the batch. */
  readonly shape: readonly number[];
  readonly build: (x: SymbolicTensor) => SymbolicTensor;
  /** Integers in 0 .. below rather than values in -1 .. 1. */
  readonly below?: number;
  /** Rules out every weight but for those of a dense layer put in front, so that gradients still pass through. */
  readonly weightless?: boolean;
  /** 3 where nothing else is said. */
  readonly batch?: number;
}

const through = (...stack: { apply: (x: SymbolicTensor) => unknown }[]) => (x: SymbolicTensor): SymbolicTensor =>
  stack.reduce((at, layer) => layer.apply(at) as SymbolicTensor, x);

const examples: Example[] = [
  ...(['linear', 'relu', 'relu6', 'elu', 'selu', 'sigmoid', 'hardSigmoid', 'tanh', 'softplus', 'softsign', 'softmax', 'swish', 'mish'] as const).map((activation): Example => (
    { name: `dense, ${activation}`, shape: [7], build: (x) => through(layers.dense({ units: 5, activation }))(x) })),
  { name: 'dense of 1 unit and 1 feature', shape: [1], build: (x) => through(layers.dense({ units: 1 }))(x) },
  { name: 'dense wide enough that transposes are made explicit', shape: [61], build: (x) => through(layers.dense({ units: 67, activation: 'tanh' }), layers.dense({ units: 31 }))(x) },
  { name: 'dense on sequences', shape: [5, 7], build: (x) => through(layers.dense({ units: 3, activation: 'elu' }))(x) },
  { name: 'dense without bias', shape: [7], build: (x) => through(layers.dense({ units: 3, useBias: false }))(x) },
  { name: 'conv1d, stride 2, same', shape: [11, 3], build: (x) => through(layers.conv1d({ filters: 5, kernelSize: 3, strides: 2, padding: 'same', activation: 'tanh' }))(x) },
  { name: 'conv2d, strides 3 and 2, same', shape: [11, 7, 3], build: (x) => through(layers.conv2d({ filters: 5, kernelSize: [3, 5], strides: [3, 2], padding: 'same', activation: 'relu' }))(x) },
  { name: 'conv2d, valid, one channel, one filter', shape: [5, 5, 1], build: (x) => through(layers.conv2d({ filters: 1, kernelSize: 3 }))(x) },
  { name: 'conv2d of 1x1, stride 2 on an even size', shape: [6, 6, 3], build: (x) => through(layers.conv2d({ filters: 4, kernelSize: 1, strides: 2, padding: 'same' }))(x) },
  { name: 'conv2d, channels first', shape: [3, 7, 5], build: (x) => through(layers.conv2d({ filters: 2, kernelSize: 3, dataFormat: 'channelsFirst' }))(x) },
  { name: 'separableConv2d', shape: [7, 8, 3], build: (x) => through(layers.separableConv2d({ filters: 5, kernelSize: 3, depthMultiplier: 2, padding: 'same' }))(x) },
  { name: 'separableConv2d, stride 2', shape: [7, 8, 3], build: (x) => through(layers.separableConv2d({ filters: 2, kernelSize: 3, strides: 2, activation: 'elu' }))(x) },
  { name: 'depthwiseConv2d', shape: [7, 7, 5], build: (x) => through(layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' }))(x) },
  { name: 'depthwiseConv2d, stride 3, multiplier 3', shape: [8, 7, 2], build: (x) => through(layers.depthwiseConv2d({ kernelSize: 2, strides: 3, depthMultiplier: 3, padding: 'same' }))(x) },
  { name: 'conv2dTranspose, stride 2, same', shape: [5, 4, 3], build: (x) => through(layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' }))(x) },
  { name: 'conv2dTranspose, stride 3, valid', shape: [3, 4, 3], build: (x) => through(layers.conv2dTranspose({ filters: 4, kernelSize: 2, strides: 3 }))(x) },
  { name: 'conv2dTranspose, stride 1', shape: [5, 5, 2], build: (x) => through(layers.conv2dTranspose({ filters: 3, kernelSize: 3 }))(x) },
  { name: 'conv3d', shape: [5, 4, 5, 2], build: (x) => through(layers.conv3d({ filters: 3, kernelSize: [2, 3, 2], strides: [2, 1, 2], padding: 'same' }))(x) },
  { name: 'conv3d, stride 3', shape: [5, 4, 7, 2], build: (x) => through(layers.conv3d({ filters: 3, kernelSize: [2, 1, 3], strides: [1, 2, 3], padding: 'valid' }), layers.dense({ units: 2, activation: 'tanh' }))(x) },
  { name: 'conv3d behind conv3d', shape: [5, 4, 5, 2], build: (x) => through(layers.conv3d({ filters: 2, kernelSize: 2, activation: 'tanh', padding: 'same' }), layers.conv3d({ filters: 3, kernelSize: 2, strides: 2, padding: 'same' }))(x) },
  { name: 'conv3dTranspose', shape: [3, 2, 4, 2], build: (x) => through(layers.conv3dTranspose({ filters: 3, kernelSize: [2, 3, 2], strides: [2, 1, 2], padding: 'same' }))(x) },
  { name: 'conv3dTranspose behind conv3d', shape: [4, 4, 4, 2], build: (x) => through(layers.conv3d({ filters: 3, kernelSize: 2, strides: 2 }), layers.conv3dTranspose({ filters: 2, kernelSize: 2, strides: 2 }))(x) },
  { name: 'embedding', shape: [5], below: 11, build: (x) => through(layers.embedding({ inputDim: 11, outputDim: 3 }))(x) },
  { name: 'embedding with masked zeros into an LSTM', shape: [5], below: 4, build: (x) => through(layers.embedding({ inputDim: 4, outputDim: 3, maskZero: true }), layers.lstm({ recurrentInitializer: 'glorotUniform', units: 2 }))(x) },
  { name: 'masking before a simpleRNN', shape: [5, 3], build: (x) => through(layers.masking({ maskValue: 0 }), layers.simpleRNN({ recurrentInitializer: 'glorotUniform', units: 2 }))(x) },
  { name: 'simpleRNN', shape: [5, 3], build: (x) => through(layers.simpleRNN({ recurrentInitializer: 'glorotUniform', units: 4, returnSequences: true }))(x) },
  { name: 'gru', shape: [5, 3], build: (x) => through(layers.gru({ recurrentInitializer: 'glorotUniform', units: 4 }))(x) },
  { name: 'lstm', shape: [5, 3], build: (x) => through(layers.lstm({ recurrentInitializer: 'glorotUniform', units: 4, returnSequences: true }))(x) },
  { name: 'bidirectional lstm', shape: [5, 3], build: (x) => through(layers.bidirectional({ layer: layers.lstm({ recurrentInitializer: 'glorotUniform', units: 3, returnSequences: true }), mergeMode: 'concat' }))(x) },
  { name: 'timeDistributed dense', shape: [5, 3], build: (x) => through(layers.timeDistributed({ layer: layers.dense({ units: 2 }) }))(x) },
  { name: 'convLstm2d', shape: [3, 5, 4, 2], build: (x) => through(layers.convLstm2d({ recurrentInitializer: 'glorotUniform', filters: 2, kernelSize: 3, padding: 'same' }))(x) },
  { name: 'batchNormalization', shape: [5, 4, 3], build: (x) => through(layers.batchNormalization())(x) },
  { name: 'layerNormalization', shape: [5, 7], build: (x) => through(layers.layerNormalization())(x) },
  { name: 'prelu, the last axis shared', shape: [3, 4, 5], build: (x) => through(layers.prelu({ alphaInitializer: 'ones', sharedAxes: [2, 3] }))(x) },
  { name: 'prelu', shape: [7], build: (x) => through(layers.prelu({ alphaInitializer: 'ones' }))(x) },
  ...([
    ['elu', [7], () => layers.elu()], ['leakyReLU', [7], () => layers.leakyReLU()], ['reLU', [7], () => layers.reLU()], ['reLU up to 0.5', [7], () => layers.reLU({ maxValue: 0.5 })],
    ['softmax', [7], () => layers.softmax()],
    ['maxPooling1d', [11, 3], () => layers.maxPooling1d({ poolSize: 3, strides: 2, padding: 'same' })],
    ['averagePooling1d', [11, 3], () => layers.averagePooling1d({ poolSize: 2 })],
    ['maxPooling2d', [7, 8, 3], () => layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })],
    ['averagePooling2d', [7, 8, 3], () => layers.averagePooling2d({ poolSize: [2, 3], strides: [3, 2], padding: 'same' })],
    ['maxPooling3d', [4, 5, 4, 2], () => layers.maxPooling3d({ poolSize: 2, strides: 2, padding: 'same' })],
    ['averagePooling3d', [4, 5, 4, 2], () => layers.averagePooling3d({ poolSize: 2, strides: 2, padding: 'same' })],
    ['globalMaxPooling1d', [5, 3], () => layers.globalMaxPooling1d()], ['globalAveragePooling1d', [5, 3], () => layers.globalAveragePooling1d()],
    ['globalMaxPooling2d', [5, 4, 3], () => layers.globalMaxPooling2d({})], ['globalAveragePooling2d', [5, 4, 3], () => layers.globalAveragePooling2d({})],
    // One image: cpu's gradient of a nearest-neighbour resize reads the wrong images of a batch.
    ['upSampling2d', [3, 4, 2], () => layers.upSampling2d({ size: [2, 3] }), 1], 
    // A square: cpu's gradient of a bilinear resize has height and width exchanged.
    ['upSampling2d, bilinear', [4, 4, 2], () => layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear' })],
    ['cropping2D', [5, 6, 2], () => layers.cropping2D({ cropping: [[1, 0], [2, 1]] })], ['zeroPadding2d', [3, 4, 2], () => layers.zeroPadding2d({ padding: [[1, 2], [0, 3]] })],
    ['reshape', [6, 2], () => layers.reshape({ targetShape: [3, 4] })], ['permute', [3, 4, 5], () => layers.permute({ dims: [3, 1, 2] })], ['repeatVector', [7], () => layers.repeatVector({ n: 3 })],
    ['flatten', [3, 4], () => layers.flatten()],
  ] as const).map(([name, shape, layer, batch]): Example => ({ name, shape, ...(batch === undefined ? {} : { batch }), weightless: true, build: (x) => through(layer())(x) })),
  ...([
    ['add', () => layers.add()], ['average', () => layers.average()], ['multiply', () => layers.multiply()], ['maximum', () => layers.maximum()], ['minimum', () => layers.minimum()],
    ['concatenate', () => layers.concatenate()], ['dot', () => layers.dot({ axes: 1 })], ['dot, normalised', () => layers.dot({ axes: -1, normalize: true })],
  ] as const).map(([name, merge]): Example => ({
    name: `${name} of two branches`, shape: [7],
    build: (x) => merge().apply([layers.dense({ units: 4, activation: 'tanh' }).apply(x) as SymbolicTensor, layers.dense({ units: 4 }).apply(x) as SymbolicTensor]) as SymbolicTensor,
  })),
  {
    name: 'dot of sequences (attention scores)', shape: [37, 41],
    build: (x) => layers.dot({ axes: 2 }).apply([layers.dense({ units: 29 }).apply(x) as SymbolicTensor, layers.dense({ units: 29, activation: 'tanh' }).apply(x) as SymbolicTensor]) as SymbolicTensor,
  },
];

function build({ shape, build: body, weightless }: Example): LayersModel {
  const x = input({ shape: [...shape] });
  const trained = weightless === true ? (layers.dense({ units: shape.at(-1)! }).apply(x) as SymbolicTensor) : x;
  const model = functional({ inputs: x, outputs: body(trained) });
  // Variances are positive.
  const values = model.weights.map(({ name, shape: of }, at) => tf.tidy(() => {
    const value = fixed(of as number[], at + 11);
    return name.includes('variance') ? tf.abs(value) : value;
  }));
  model.setWeights(values);
  tf.dispose(values);
  return model;
}

/** Predictions, loss and every gradient, for a loss that gives each output its own weight. */
function step(example: Example): tf.Tensor[] {
  const model = build(example);
  try {
    const shape = [example.batch ?? 3, ...example.shape];
    const values = fixed(shape, 5);
    const x = example.below === undefined ? values : tf.floor(tf.mul(tf.div(tf.add(values, 1), 2), example.below));
    const { value, grads } = tf.variableGrads(() => {
      const y = model.apply(x, { training: true }) as tf.Tensor;
      return tf.mean<tf.Scalar>(tf.mul(tf.add(y, tf.square(y)), fixed(y.shape, 7)));
    });
    const inference = model.predict(x) as tf.Tensor;
    // Names count up with each model made; the order of the weights is the same.
    return [value, inference, ...model.trainableWeights.map(({ originalName, name }) => grads[originalName] ?? grads[name]!)];
  } finally {
    model.dispose();
  }
}

describe(`every layer that trains has the same predictions, loss and gradients on ${testedBackend} as on cpu`, () => {
  // The gradient of conv3dTranspose, which cpu has none of by itself.
  beforeAll(supplyConv3DTransposeGradient);

  test.each(examples.map((example) => [example.name, example] as const))('%s', async (_, example) => {
    const both = await onCpuAndTested(() => step(example));
    expect(both.tested.length).toBeGreaterThan(2);
    expect(both.tested.map(({ shape }) => shape)).toEqual(both.cpu.map(({ shape }) => shape));
    for (const [at, { values }] of both.tested.entries()) {
      expect(values.every(Number.isFinite)).toBe(true);
      // float32 on both sides, in different orders of summation.
      expect(difference(values, both.cpu[at]!.values), `result ${at}`).toBeLessThan(3e-5);
    }
    const gradients = both.tested.slice(2).flatMap(({ values }) => values);
    expect(gradients.some((each) => each !== 0)).toBe(true);
  });
});

describe('a step worked out by hand', () => {
  test('a dense layer with relu and a squared loss: weights [[1, -1]], bias [0, 0], x = 2, target [1, 1]', async () => {
    // y = relu([2, -2]) = [2, 0]; loss = mean((y - t)^2) = ((1)^2 + (-1)^2) / 2 = 1; dL/dy = (y - t) = [1, -1];
    // relu passes the first alone: dL/db = [1, 0], dL/dw = x * dL/db = [2, 0].
    const both = await onCpuAndTested(() => {
      const x = tf.tensor2d([[2]]);
      const target = tf.tensor2d([[1, 1]]);
      const loss = (w: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.mean(tf.squaredDifference(tf.relu(tf.add(tf.matMul(x, w), b)), target));
      const { value, grads } = tf.valueAndGrads(loss)([tf.tensor2d([[1, -1]]), tf.tensor1d([0, 0])]);
      return [value, ...grads];
    });
    expect(both.tested.map(({ values }) => values)).toEqual([[1], [2, 0], [1, 0]]);
  });
});
