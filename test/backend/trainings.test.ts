import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model as functional, sequential, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { compileOptimizer } from '../../src/trainer/optimizer/index.js';
import { fixed, useWasm } from './on-backends.js';

interface Trainable {
  readonly predict: (x: tf.Tensor) => tf.Tensor;
  readonly variables: readonly tf.Variable[];
  readonly dispose: () => void;
}

/** Fixed weights of the size that Glorot & Bengio give them, so that all of them learn. */
function ofLayers(model: LayersModel): Trainable {
  const values = model.weights.map(({ name, shape }, at) => tf.tidy(() => {
    const own = shape as number[];
    if (/variance|gamma/.test(name)) return tf.ones(own);
    if (/bias|mean|beta/.test(name)) return tf.zeros(own);
    const [fanIn, fanOut] = [own.slice(0, -1).reduce((all, each) => all * each, 1), own.at(-1)!];
    return tf.mul(fixed(own, at + 3), Math.sqrt(6 / (fanIn + fanOut)));
  }));
  model.setWeights(values);
  tf.dispose(values);
  return {
    predict: (x) => model.apply(x, { training: true }) as tf.Tensor,
    variables: model.trainableWeights.map((weight) => weight.read()).filter((weight): weight is tf.Variable => weight instanceof tf.Variable),
    dispose: () => model.dispose(),
  };
}

const join = (layer: { apply: (x: SymbolicTensor | SymbolicTensor[]) => unknown }, ...x: SymbolicTensor[]): SymbolicTensor => layer.apply(x.length === 1 ? x[0]! : x) as SymbolicTensor;

/** One head of scaled dot-product attention over [batch, 6, 5], by hand: 3 classes from the mean over positions. */
function attention(): Trainable {
  const weight = (shape: number[], seed: number): tf.Variable => tf.tidy(() => tf.variable(tf.mul(fixed(shape, seed), 0.6)));
  const [query, key, value, out] = [weight([5, 4], 1), weight([5, 4], 2), weight([5, 4], 3), weight([4, 3], 4)] as const;
  const rows = (x: tf.Tensor, w: tf.Tensor): tf.Tensor => tf.reshape(tf.matMul(tf.reshape(x, [-1, 5]), w), [x.shape[0], 6, 4]);
  return {
    predict: (x) => {
      const scores = tf.softmax(tf.div(tf.matMul(rows(x, query), rows(x, key), false, true), 2));
      return tf.matMul(tf.mean(tf.matMul(scores, rows(x, value)), 1), out);
    },
    variables: [query, key, value, out],
    dispose: () => tf.dispose([query, key, value, out]),
  };
}

function residual(): LayersModel {
  const x = input({ shape: [6, 6, 4] });
  const block = (from: SymbolicTensor): SymbolicTensor => {
    const inner = join(layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }), join(layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }), from));
    return join(layers.activation({ activation: 'relu' }), join(layers.add(), from, inner));
  };
  return functional({ inputs: x, outputs: join(layers.dense({ units: 3 }), join(layers.globalAveragePooling2d({}), block(block(x)))) });
}

const out = (): ReturnType<typeof layers.dense> => layers.dense({ units: 3 });

interface Training {
  readonly shape: readonly number[];
  readonly make: () => Trainable;
  /** Integers in 0 .. below rather than values in -1 .. 1. */
  readonly below?: number;
}

const trainings: Readonly<Record<string, Training>> = {
  mlp: { shape: [10], make: () => ofLayers(sequential({ layers: [layers.dense({ units: 37, activation: 'relu', inputShape: [10] }), layers.dense({ units: 16, activation: 'tanh' }), out()] })) },
  convolution: {
    shape: [9, 8, 2],
    make: () => ofLayers(sequential({ layers: [
      layers.conv2d({ filters: 5, kernelSize: 3, activation: 'relu', inputShape: [9, 8, 2] }), layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 6, kernelSize: 2, strides: 2, padding: 'same', activation: 'relu' }), layers.flatten(), out(),
    ] })),
  },
  'depthwise-separable': {
    shape: [8, 8, 3],
    make: () => ofLayers(sequential({ layers: [
      layers.separableConv2d({ filters: 6, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 3] }),
      layers.separableConv2d({ filters: 5, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }), layers.globalAveragePooling2d({}), out(),
    ] })),
  },
  lstm: { shape: [6, 4], make: () => ofLayers(sequential({ layers: [layers.lstm({ units: 9, inputShape: [6, 4], recurrentInitializer: 'glorotUniform' }), out()] })) },
  gru: { shape: [6, 4], make: () => ofLayers(sequential({ layers: [layers.gru({ units: 9, inputShape: [6, 4], recurrentInitializer: 'glorotUniform' }), out()] })) },
  embedding: { shape: [7], below: 20, make: () => ofLayers(sequential({ layers: [layers.embedding({ inputDim: 20, outputDim: 5, inputLength: 7 }), layers.flatten(), out()] })) },
  'attention, written by hand': { shape: [6, 5], make: attention },
  'batch normalisation': {
    shape: [10],
    // A bias before it has a gradient of 0 but for rounding, of which Adam would make steps.
    make: () => ofLayers(sequential({ layers: [layers.dense({ units: 12, useBias: false, inputShape: [10] }), layers.batchNormalization(), layers.activation({ activation: 'relu' }), out()] })),
  },
  'layer normalisation': {
    shape: [6, 5],
    make: () => ofLayers(sequential({ layers: [layers.dense({ units: 8, inputShape: [6, 5] }), layers.layerNormalization(), layers.globalAveragePooling1d(), out()] })),
  },
  residual: { shape: [6, 6, 4], make: () => ofLayers(residual()) },
};

const steps = 20;

/** The loss of 20 steps with 24 examples of 3 classes, 12 a batch; then all weights. */
function train({ shape, make, below }: Training, optimizer: 'adam' | 'momentum'): { readonly losses: number[]; readonly weights: number[] } {
  const { predict, variables, dispose } = make();
  const update = compileOptimizer(optimizer === 'adam' ? { name: 'adam', learningRate: 0.01 } : { name: 'momentum', learningRate: 0.05 });
  const batches = [0, 1].map((at) => tf.tidy(() => {
    const values = fixed([12, ...shape], at + 5);
    return {
      x: below === undefined ? values : tf.floor(tf.mul(tf.div(tf.add(values, 1), 2), below)),
      y: tf.cast(tf.oneHot(tf.tensor1d(Array.from({ length: 12 }, (_, i) => (i * 5 + at) % 3), 'int32'), 3), 'float32'),
    };
  }));
  const losses: number[] = [];
  for (let at = 0; at < steps; at++) {
    const { x, y } = batches[at % 2]!;
    const { value, grads } = tf.variableGrads(() => tf.losses.softmaxCrossEntropy(y, predict(x)), [...variables]);
    update.apply(new Map(variables.map((variable) => [variable, grads[variable.name]!])));
    losses.push(value.dataSync()[0]!);
    tf.dispose([value, grads]);
  }
  const weights = variables.flatMap((variable) => [...variable.dataSync()]);
  tf.dispose(batches);
  update.dispose();
  dispose();
  return { losses, weights };
}

const cases = Object.entries(trainings).flatMap(([name, training]) => (['adam', 'momentum'] as const).map((optimizer) => [name, optimizer, training] as const));

test.each(cases)('%s with %s: 20 steps on wasm have the losses of cpu, fall, and leave nothing', async (_, optimizer, training) => {
  await tf.setBackend('cpu');
  const cpu = train(training, optimizer);
  await useWasm();
  const before = [tf.memory().numTensors, tf.backend().numDataIds()];
  const wasm = train(training, optimizer);
  expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
  // float32 in different orders of summation, fed back 20 times.
  wasm.losses.forEach((loss, at) => expect(Math.abs(loss - cpu.losses[at]!), `step ${at}: ${loss} and ${cpu.losses[at]}`).toBeLessThan(1e-4));
  expect(Math.max(...wasm.weights.map((weight, at) => Math.abs(weight - cpu.weights[at]!)))).toBeLessThan(2e-3);
  const mean = (losses: readonly number[]): number => (losses[0]! + losses[1]!) / 2;
  expect(mean(wasm.losses.slice(-2))).toBeLessThan(mean(wasm.losses) - 0.01);
});
