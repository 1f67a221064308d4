import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model as makeModel, sequential, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Experiment } from '../../../../src/diagnosis/preflight/experiment.js';
import { useBackend } from '../../../support/backends.js';
import { classifier, look, normals, oneHots, perceptron, regression, rows, table, targets, yesOrNo, classes } from './setups.js';

beforeAll(() => useBackend('wasm'));

const images = (count: number, size: number): { values: Float32Array; shape: number[] } => ({ values: Float32Array.from(normals(count * size * size, 5), (x) => Math.min(1, Math.max(0, x))), shape: [count, size, size, 1] });
const tokens = Array.from({ length: 200 }, (_, s) => Array.from({ length: 12 }, (_unused, t) => (s * 7 + t * (1 + (s % 3))) % 20));
const waves = Array.from({ length: 200 }, (_, s) => Array.from({ length: 17 }, (_unused, t) => Math.sin(0.4 * t + s)));
const digitsOf = (count: number): number[] => Array.from({ length: count }, (_, i) => (i * 7) % 10);
const deep = (activation: 'relu' | 'tanh', kernelInitializer: 'heNormal' | 'glorotUniform', depth: number): LayersModel =>
  sequential({ layers: [...Array.from({ length: depth }, (_, i) => layers.dense({ units: 32, activation, kernelInitializer, ...(i === 0 ? { inputShape: [4] } : {}) })), layers.dense({ units: 1 })] });

function residual(): LayersModel {
  const x = input({ shape: [4] });
  let h = layers.dense({ units: 16, kernelInitializer: 'heNormal' }).apply(x) as SymbolicTensor;
  for (let i = 0; i < 3; i += 1) {
    const inner = layers.dense({ units: 16, activation: 'relu', kernelInitializer: 'heNormal' }).apply(layers.layerNormalization().apply(h)) as SymbolicTensor;
    h = layers.add().apply([h, layers.dense({ units: 16, kernelInitializer: 'zeros' }).apply(inner) as SymbolicTensor]) as SymbolicTensor;
  }
  return makeModel({ inputs: x, outputs: layers.dense({ units: 1 }).apply(h) as SymbolicTensor });
}

/** Each branch adds about as much as there is, so that the variance doubles. */
function sums(blocks: number): LayersModel {
  const x = input({ shape: [4] });
  const dense = (of: SymbolicTensor, units: number, activation: 'relu' | 'softmax'): SymbolicTensor => layers.dense({ units, activation, kernelInitializer: 'heNormal' }).apply(of) as SymbolicTensor;
  let h = dense(x, 32, 'relu');
  for (let i = 0; i < blocks; i += 1) h = layers.add().apply([h, dense(h, 32, 'relu')]) as SymbolicTensor;
  return makeModel({ inputs: x, outputs: dense(h, 3, 'softmax') });
}

function attention(): Experiment {
  const make = (shape: [number, number], scale = 0.3): tf.Variable => tf.variable(tf.randomNormal(shape, 0, scale));
  return {
    model: () => {
      const [q, k, v, w] = [make([4, 8]), make([4, 8]), make([4, 8]), make([8, 1])];
      return {
        trainableWeights: { q, k, v, w },
        forward: (x: tf.Tensor) => {
          const flat = tf.reshape(x, [-1, 4]);
          const of = (kernel: tf.Variable): tf.Tensor => tf.reshape(tf.matMul(flat, kernel as unknown as tf.Tensor2D), [-1, 6, 8]);
          const scores = tf.softmax(tf.div(tf.matMul(of(q), of(k), false, true), Math.sqrt(8)));
          return tf.matMul(tf.mean(tf.matMul(scores, of(v)), 1), w);
        },
      };
    },
    loss: (y, p) => tf.mean(tf.square(tf.sub(y, p))),
    data: { inputs: Array.from({ length: 100 }, (_, s) => table(6, 4, s + 1)), labels: targets.slice(0, 100) },
    fit: { epochs: 20 },
  };
}

const setups: Readonly<Record<string, () => Experiment>> = {
  'a classifier by softmax': () => classifier(),
  'a classifier by logits': () => classifier({ model: () => perceptron(4, 3), loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true } }),
  'a classifier of one-hot labels and a custom loss of logits': () => classifier({ model: () => perceptron(4, 3), loss: (y, x) => tf.losses.softmaxCrossEntropy(y, x), data: { inputs: rows, labels: oneHots } }),
  'a classifier with a custom loss of probabilities': () => classifier({ loss: (y, p) => tf.neg(tf.sum(tf.mul(y, tf.log(tf.add(p, 1e-7))), -1)), data: { inputs: rows, labels: oneHots } }),
  'a focal loss': () => classifier({ loss: (y, p) => tf.neg(tf.sum(tf.mul(tf.mul(y, tf.square(tf.sub(1, p))), tf.log(tf.add(p, 1e-7))), -1)), data: { inputs: rows, labels: oneHots } }),
  'two classes by sigmoid, unbalanced': () => classifier({ model: () => perceptron(4, 1, 'sigmoid'), loss: 'binaryCrossentropy', data: { inputs: rows, labels: rows.map(([a = 0]) => [Number(a > 1.6)]) } }),
  'two classes by a custom sigmoid loss': () => classifier({ model: () => perceptron(4, 1), loss: (y, x) => tf.losses.sigmoidCrossEntropy(y, x), data: { inputs: rows, labels: yesOrNo } }),
  'several labels a sample': () => classifier({ model: () => perceptron(4, 3, 'sigmoid'), loss: 'binaryCrossentropy', data: { inputs: rows, labels: rows.map((row) => row.slice(0, 3).map((x) => Number(x > 0))) } }),
  'a regression': () => regression(),
  'a regression of positive targets by relu': () => regression({ model: () => perceptron(4, 1, 'relu'), data: { inputs: rows, labels: rows.map(([a = 0]) => [Math.exp(0.5 * a)]) } }),
  'house prices in thousands': () => regression({ data: { inputs: rows, labels: targets.map(([y = 0]) => [22 + 9 * y]) }, fit: { epochs: 60, batchSize: 32 } }),
  'a huber loss by hand': () => regression({ loss: (y, p) => { const e = tf.abs(tf.sub(y, p)); const m = tf.minimum(e, 1); return tf.mean(tf.add(tf.mul(0.5, tf.square(m)), tf.sub(e, m))); } }),
  'tanh, 6 deep': () => regression({ model: () => deep('tanh', 'glorotUniform', 6) }),
  'relu, 8 deep': () => regression({ model: () => deep('relu', 'heNormal', 8) }),
  'one linear layer': () => regression({ model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [4] })] }) }),
  'a last kernel of zeros': () => regression({ model: () => sequential({ layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [4] }), layers.dense({ units: 1, kernelInitializer: 'zeros' })] }) }),
  'residual branches that begin at zero': () => regression({ model: residual }),
  'six residual branches of He, whose sums begin with large logits': () => classifier({ model: () => sums(6) }),
  'a recurrent kernel of He': () => regression({ model: () => sequential({ layers: [layers.simpleRNN({ units: 16, inputShape: [4, 1], recurrentInitializer: 'heNormal' }), layers.dense({ units: 1 })] }), data: { inputs: rows.map((row) => row.map((x) => [x])), labels: targets } }),
  'attention by hand': attention,
  'XOR': () => ({ model: () => sequential({ layers: [layers.dense({ units: 4, activation: 'tanh', inputShape: [2] }), layers.dense({ units: 1, activation: 'sigmoid' })] }), loss: 'binaryCrossentropy', data: { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], labels: [[0], [1], [1], [0]] }, optimizer: { name: 'sgd', learningRate: 0.1 }, fit: { epochs: 500 } }),
  'an autoencoder with a linear code': () => regression({ model: () => sequential({ layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [8] }), layers.dense({ units: 2 }), layers.dense({ units: 16, activation: 'relu' }), layers.dense({ units: 8 })] }), data: { inputs: table(200, 8), labels: table(200, 8) } }),
  'convolution, normalisation and dropout': () => ({
    model: () =>
      sequential({
        layers: [
          layers.conv2d({ filters: 8, kernelSize: 3, inputShape: [12, 12, 1], useBias: false }),
          layers.batchNormalization(),
          layers.activation({ activation: 'relu' }),
          layers.maxPooling2d({ poolSize: 2 }),
          layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' }),
          layers.conv2d({ filters: 16, kernelSize: 1, activation: 'relu' }),
          layers.globalAveragePooling2d({}),
          layers.dropout({ rate: 0.3 }),
          layers.dense({ units: 10, activation: 'softmax' }),
        ],
      }),
    loss: 'sparseCategoricalCrossentropy',
    data: { inputs: images(120, 12), labels: digitsOf(120) },
  }),
  'tokens through an embedding and an LSTM': () => ({
    model: () => sequential({ layers: [layers.embedding({ inputDim: 20, outputDim: 8, inputLength: 12 }), layers.lstm({ units: 8 }), layers.dense({ units: 1, activation: 'sigmoid' })] }),
    loss: 'binaryCrossentropy',
    data: { inputs: { values: Int32Array.from(tokens.flat()), shape: [200, 12] }, labels: tokens.map(([a = 0]) => [a % 2]) },
  }),
  'a GRU that predicts the next value': () => ({
    model: () => sequential({ layers: [layers.gru({ units: 8, returnSequences: true, inputShape: [16, 1] }), layers.dense({ units: 1 })] }),
    loss: 'meanSquaredError',
    data: { inputs: waves.map((each) => each.slice(0, -1).map((x) => [x])), labels: waves.map((each) => each.slice(1).map((x) => [x])) },
  }),
  'two inputs and two outputs': () => {
    return {
      model: () => {
        const [a, b] = [input({ shape: [4], name: 'a' }), input({ shape: [2], name: 'b' })];
        const h = layers.dense({ units: 16, activation: 'relu' }).apply(layers.concatenate().apply([a, b])) as SymbolicTensor;
        return makeModel({ inputs: [a, b], outputs: [layers.dense({ units: 3, activation: 'softmax', name: 'class' }).apply(h) as SymbolicTensor, layers.dense({ units: 1, name: 'value' }).apply(h) as SymbolicTensor] });
      },
      loss: { class: 'sparseCategoricalCrossentropy', value: 'meanSquaredError' },
      data: { inputs: { a: rows, b: table(300, 2, 9) }, labels: { class: classes, value: targets } },
    };
  },
  'one sample': () => regression({ data: { inputs: rows.slice(0, 1), labels: targets.slice(0, 1) } }),
  'L2 of 1e-3 with SGD': () => regression({ model: () => sequential({ layers: [layers.dense({ units: 32, activation: 'relu', inputShape: [4], kernelRegularizer: 'l1l2' }), layers.dense({ units: 1 })] }), optimizer: { name: 'sgd', learningRate: 0.05 } }),
};

describe('sound trainings', () => {
  for (const [name, make] of Object.entries(setups)) {
    it(`${name}: no warning and no error, and no tensor left`, async () => {
      const { alarms, findings, tensorsLeft, ms, rules, failed } = await look(make());
      if (process.env['SHOW'] !== undefined) console.log(name, Object.values(ms).reduce((a, b) => a + b, 0), JSON.stringify(ms), rules.join(' '));
      expect(alarms, JSON.stringify(findings.filter(({ severity }) => severity !== 'info'), undefined, 1)).toEqual([]);
      expect(tensorsLeft).toBe(0);
      expect(failed).toEqual([]);
    });
  }
});
