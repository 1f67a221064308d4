import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model as makeModel, sequential, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { consolidate } from '../../../../src/diagnosis/consolidate.js';
import { finding } from '../../../../src/diagnosis/finding.js';
import type { Experiment } from '../../../../src/diagnosis/preflight/experiment.js';
import type { LossFunction } from '../../../../src/trainer/loss/index.js';
import { useBackend } from '../../../support/backends.js';
import { classes, classifier, look, oneHots, perceptron, regression, rows, table, targets, yesOrNo } from './setups.js';

beforeAll(() => useBackend('wasm'));

const logits = (loss: LossFunction, labels: unknown = oneHots): Experiment => classifier({ model: () => perceptron(4, 3), loss, data: { inputs: rows, labels: labels as number[][] } });
const byHand = (forward: (x: tf.Tensor, w: tf.Variable, v: tf.Variable, training: boolean) => tf.Tensor, changes: Partial<Experiment> = {}): Experiment =>
  regression({
    model: () => {
      const [w, v] = [tf.variable(tf.randomNormal([4, 8], 0, 0.5)), tf.variable(tf.randomNormal([8, 1], 0, 0.4))];
      return { trainableWeights: { w, v }, forward: (x: tf.Tensor, { training }: { training: boolean }) => forward(x, w, v, training) };
    },
    ...changes,
  });
const mul = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.matMul(a, b);
const stack = (depth: number, options: Parameters<typeof layers.dense>[0], outputs = 1): LayersModel =>
  sequential({ layers: [...Array.from({ length: depth }, (_, i) => layers.dense({ ...options, ...(i === 0 ? { inputShape: [4] } : {}) })), layers.dense({ units: outputs })] });
const waves = Array.from({ length: 100 }, (_, s) => Array.from({ length: 17 }, (_unused, t) => Math.sin(0.4 * t + s)));

/** 4-64-1, whose first layer is frozen: as it was made, or moved by this share of its size, as a training moves it. */
const frozen = (moved: number): LayersModel => {
  const model = sequential({ layers: [layers.dense({ units: 64, activation: 'relu', inputShape: [4], name: 'base' }), layers.dense({ units: 1, name: 'out' })] });
  const [base] = model.layers;
  if (moved > 0) {
    const weights = base!.getWeights().map((each) => tf.tidy(() => tf.add(each, tf.randomNormal(each.shape, 0, moved * 0.17))));
    base!.setWeights(weights);
    tf.dispose(weights);
  }
  base!.trainable = false;
  return model;
};
/** 4-64-8-1 by hand, whose first two kernels are weights, and not trained: as drawn, or with columns of sizes 0.5 to 2, as a training leaves them. */
const forgotten = (isTrained = false): Experiment =>
  regression({
    model: () => {
      const sizes = tf.tensor1d(Array.from({ length: 64 }, (_, i) => 0.5 + (1.5 * i) / 63));
      const [a, b, c] = [tf.variable(tf.mul(tf.randomNormal([4, 64], 0, Math.sqrt(2 / 4)), isTrained ? sizes : 1)), tf.variable(isTrained ? tf.transpose(tf.mul(tf.randomNormal([8, 64], 0, Math.sqrt(2 / 64)), sizes)) : tf.randomNormal([64, 8], 0, Math.sqrt(2 / 64))), tf.variable(tf.randomNormal([8, 1], 0, 0.3))];
      return { trainableWeights: { 'c/kernel': c }, weights: { 'a/kernel': a, 'b/kernel': b, 'c/kernel': c }, forward: (x: tf.Tensor) => mul(tf.relu(mul(tf.relu(mul(x, a)), b)), c) };
    },
  });
const images4 = table(300, 16).map((row) => [0, 1, 2, 3].map((i) => row.slice(4 * i, 4 * i + 4).map((x) => [x])));
/** 3 x 3 x 1 x 8 = 72 frozen numbers, and biases of 0 or, after a training, of others. */
const smallConvolution = (bias: number): Experiment =>
  classifier({
    model: () => {
      const model = sequential({ layers: [layers.conv2d({ filters: 8, kernelSize: 3, activation: 'relu', inputShape: [4, 4, 1], biasInitializer: { className: 'Constant', config: { value: bias } } as never }), layers.flatten(), layers.dense({ units: 3, activation: 'softmax' })] });
      model.layers[0]!.trainable = false;
      return model;
    },
    data: { inputs: images4, labels: classes },
  });
/** h + relu(h W), 24 times, with kernels of this deviation for 16 units. */
const blocks = (deviation: number): Experiment =>
  regression({
    model: () => {
      const kernels = Array.from({ length: 24 }, () => tf.variable(tf.randomNormal([16, 16], 0, deviation)));
      const [first, last] = [tf.variable(tf.randomNormal([4, 16], 0, 0.5)), tf.variable(tf.randomNormal([16, 1], 0, 0.25))];
      return {
        trainableWeights: [first, ...kernels, last],
        forward: (x: tf.Tensor, { tap }: { tap: <T extends tf.Tensor>(name: string, value: T) => T }) => mul(kernels.reduce((h: tf.Tensor, kernel, i) => tap(`block${String(i)}`, tf.add(h, tf.relu(mul(h, kernel)))), mul(x, first)), last),
      };
    },
  });
/** Two encoders, whose codes are held against each other: scores of shape [batch, batch]. */
const contrastive = (): Experiment => ({
  model: () => {
    const [a, b] = [tf.variable(tf.randomNormal([4, 8], 0, 0.3)), tf.variable(tf.randomNormal([4, 8], 0, 0.3))];
    return { inputNames: ['a', 'b'], trainableWeights: { a, b }, forward: (x: Record<string, tf.Tensor>) => tf.matMul(mul(x['a']!, a), mul(x['b']!, b), false, true) };
  },
  loss: (_y, p) => tf.neg(tf.mean(tf.sum(tf.mul(tf.eye(p.shape[0]), tf.logSoftmax(p)), -1))),
  data: { inputs: { a: rows, b: rows.map((row) => row.map((x) => -x)) }, labels: rows.map((_, i) => [i]) },
  fit: { epochs: 10 },
});
/** Not of a Sequential, which sets `trainable` of all its weights when it is built. */
const biasesAlone = (): LayersModel => {
  const x = input({ shape: [4] });
  const model = makeModel({ inputs: x, outputs: layers.dense({ units: 1 }).apply(layers.dense({ units: 64, activation: 'relu' }).apply(x)) as SymbolicTensor });
  for (const layer of model.layers) for (const weight of layer.trainableWeights) if (weight.shape.length > 1) (weight as { trainable: boolean }).trainable = false;
  return model;
};
const recurrent = (recurrentInitializer: unknown): Experiment => regression({ model: () => sequential({ layers: [layers.simpleRNN({ units: 16, inputShape: [4, 1], recurrentInitializer: recurrentInitializer as never }), layers.dense({ units: 1 })] }), data: { inputs: rows.map((row) => row.map((x) => [x])), labels: targets } });

/** A training with one fault, and the rule that is to come first. */
const faults: readonly (readonly [string, string, 'error' | 'warning', () => Experiment])[] = [
  ['labels [batch] beside predictions [batch, 1] in a custom loss', 'loss-broadcast', 'error', () => regression({ loss: (y, p) => tf.mean(tf.square(tf.sub(y, p))), data: { inputs: rows, labels: targets.flat() } })],
  ['a custom loss that flattens labels and not predictions', 'loss-broadcast', 'error', () => regression({ loss: (y, p) => tf.mean(tf.square(tf.sub(tf.reshape(y, [-1]), p))) })],
  ['a custom loss that flattens predictions and sums the absolute errors', 'loss-broadcast', 'error', () => regression({ loss: (y, p) => tf.sum(tf.abs(tf.sub(y, tf.reshape(p, [-1])))) })],
  ['predictions [batch] beside labels [batch, 1]', 'loss-broadcast', 'error', () => byHand((x, w, v) => tf.squeeze(mul(tf.relu(mul(x, w)), v), [1]), { loss: (y, p) => tf.mean(tf.abs(tf.sub(p, y))) })],
  ['class numbers as targets of every class', 'loss-broadcast', 'error', () => logits((y, x) => tf.mean(tf.square(tf.sub(x, y))), classes.map((each) => [each]))],
  ['kernels by hand that are 300 times too large', 'initial-loss', 'warning', () => byHand((x, w, v) => mul(tf.relu(mul(x, tf.mul(w, 300))), v))],
  ['a loss that falls far away from the labels', 'loss-not-bounded', 'error', () => regression({ loss: (y, p) => { const e = tf.square(tf.sub(y, p)); return tf.mean(tf.sub(e, tf.mul(0.02, tf.square(e)))); } })],
  ['6 layers that make signals 5 times larger each', 'activations-explode', 'warning', () => regression({ model: () => stack(6, { units: 32, activation: 'relu', kernelInitializer: { className: 'VarianceScaling', config: { scale: 50, mode: 'fanIn', distribution: 'normal' } } as never }) })],
  ['6 layers that make signals 7 times smaller each', 'activations-vanish', 'warning', () => regression({ model: () => stack(6, { units: 32, activation: 'relu', kernelInitializer: { className: 'VarianceScaling', config: { scale: 0.04, mode: 'fanIn', distribution: 'normal' } } as never }) })],
  ['the square of the mean difference, which is the same whichever prediction belongs to which label', 'loss-mixes-samples', 'error', () => regression({ loss: (y, p) => tf.square(tf.sub(tf.mean(y), tf.mean(p))) })],
  ['a log-likelihood without its minus', 'loss-prefers-wrong', 'error', () => logits((y, x) => tf.mean(tf.sum(tf.mul(y, tf.logSoftmax(x)), -1)))],
  ['a negative squared error', 'loss-prefers-wrong', 'error', () => regression({ loss: (y, p) => tf.neg(tf.mean(tf.square(tf.sub(y, p)))) })],
  ['1 - y in place of y', 'loss-prefers-wrong', 'error', () => classifier({ model: () => perceptron(4, 1), loss: (y, x) => tf.losses.sigmoidCrossEntropy(tf.sub(1, y), x), data: { inputs: rows, labels: yesOrNo } })],
  ['an error whose mean is taken without a square', 'loss-ignores-labels', 'error', () => regression({ loss: (y, p) => tf.mean(tf.sub(p, y)) })],
  ['a loss of predictions alone', 'loss-ignores-labels', 'error', () => regression({ loss: (_y, p) => tf.mean(tf.square(p)) })],
  ['labels and logits that change places', 'loss-arguments-swapped', 'error', () => logits((y, x) => tf.losses.softmaxCrossEntropy(x, y))],
  ['labels and probabilities that change places', 'loss-arguments-swapped', 'error', () => classifier({ model: () => perceptron(4, 1, 'sigmoid'), loss: (y, p) => tf.losses.logLoss(p, y), data: { inputs: rows, labels: yesOrNo } })],
  ['softmax under a loss of logits', 'logits-and-loss', 'error', () => classifier({ loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true } })],
  ['softmax under a custom loss of logits', 'logits-and-loss', 'error', () => classifier({ loss: (y, x) => tf.losses.softmaxCrossEntropy(y, x), data: { inputs: rows, labels: oneHots } })],
  ['logits under a loss of probabilities', 'logits-and-loss', 'error', () => classifier({ model: () => perceptron(4, 3) })],
  ['logits under a custom loss of probabilities', 'logits-and-loss', 'error', () => logits((y, p) => tf.neg(tf.sum(tf.mul(y, tf.log(tf.clipByValue(p, 1e-7, 1))), -1)))],
  ['sigmoid under a sigmoid loss of logits', 'logits-and-loss', 'error', () => classifier({ model: () => perceptron(4, 1, 'sigmoid'), loss: { name: 'binaryCrossentropy', fromLogits: true }, data: { inputs: rows, labels: yesOrNo } })],
  ['softmax by hand under a loss of logits', 'logits-and-loss', 'error', () => classifier({ model: () => { const w = tf.variable(tf.randomNormal([4, 3])); return { trainableWeights: { w }, forward: (x: tf.Tensor) => tf.softmax(mul(x, w)) }; }, loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true } })],
  ['softmax over one number', 'softmax-of-one', 'error', () => classifier({ model: () => perceptron(4, 1, 'softmax'), loss: 'binaryCrossentropy', data: { inputs: rows, labels: yesOrNo } })],
  ['softmax twice', 'double-softmax', 'error', () => classifier({ model: () => sequential({ layers: [layers.dense({ units: 3, activation: 'softmax', inputShape: [4] }), layers.softmax()] }) })],
  ['softmax twice by hand', 'double-softmax', 'error', () => classifier({ model: () => { const w = tf.variable(tf.randomNormal([4, 3])); return { trainableWeights: { w }, forward: (x: tf.Tensor) => tf.softmax(tf.softmax(mul(x, w))) }; } })],
  ['softmax along the batch', 'softmax-axis', 'error', () => classifier({ model: () => { const w = tf.variable(tf.randomNormal([4, 3])); return { trainableWeights: { w }, forward: (x: tf.Tensor) => tf.transpose(tf.softmax(tf.transpose(mul(x, w)))) }; } })],
  ['sigmoid for targets beyond 0 to 1', 'output-range', 'error', () => regression({ model: () => perceptron(4, 1, 'sigmoid') })],
  ['relu for targets of both signs', 'output-range', 'error', () => regression({ model: () => perceptron(4, 1, 'relu') })],
  ['tanh for targets of 3 and -3', 'output-range', 'error', () => regression({ model: () => perceptron(4, 1, 'tanh'), data: { inputs: rows, labels: targets.map(([y = 0]) => [3 * y]) } })],
  ['relu on logits', 'output-activation', 'warning', () => classifier({ model: () => perceptron(4, 3, 'relu'), loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true } })],
  ['softmax for several labels a sample', 'output-activation', 'warning', () => classifier({ loss: 'binaryCrossentropy', data: { inputs: rows, labels: rows.map((row) => row.slice(0, 3).map((x) => Number(x > 0))) } })],
  ['a reshape where a transpose belongs', 'batch-mixing', 'error', () => byHand((x, w, v) => mul(tf.reshape(tf.transpose(tf.relu(mul(x, w))), [-1, 8]), v))],
  ['normalisation by the batch in inference', 'batch-mixing', 'error', () => byHand((x, w, v) => { const h = mul(x, w); const { mean, variance } = tf.moments(h, 0); return mul(tf.relu(tf.div(tf.sub(h, mean), tf.sqrt(tf.add(variance, 1e-3)))), v); })],
  ['dropout in inference', 'noise-in-inference', 'warning', () => byHand((x, w, v) => mul(tf.dropout(tf.relu(mul(x, w)), 0.4), v))],
  [
    'a layer that looks both ways for the next value',
    'future-leak',
    'error',
    () => ({
      model: () => sequential({ layers: [layers.bidirectional({ layer: layers.simpleRNN({ units: 4, returnSequences: true }), mergeMode: 'concat', inputShape: [16, 1] } as never), layers.dense({ units: 1 })] }),
      loss: 'meanSquaredError',
      data: { inputs: waves.map((each) => each.slice(0, -1).map((x) => [x])), labels: waves.map((each) => each.slice(1).map((x) => [x])) },
    }),
  ],
  ['kernels of ones', 'symmetric-weights', 'error', () => regression({ model: () => sequential({ layers: [layers.dense({ units: 8, activation: 'tanh', kernelInitializer: 'ones', inputShape: [4] }), layers.dense({ units: 1, kernelInitializer: 'ones' })] }) })],
  ['kernels of zeros', 'symmetric-weights', 'error', () => regression({ model: () => sequential({ layers: [layers.dense({ units: 8, activation: 'relu', kernelInitializer: 'zeros', inputShape: [4] }), layers.dense({ units: 1 })] }) })],
  ['a hidden tanh kernel of zeros', 'symmetric-weights', 'warning', () => regression({ model: () => sequential({ layers: [layers.dense({ units: 8, activation: 'tanh', kernelInitializer: 'zeros', inputShape: [4] }), layers.dense({ units: 1 })] }) })],
  ['kernels 30 times too large', 'initializer-scale', 'warning', () => regression({ model: () => stack(3, { units: 32, activation: 'relu', kernelInitializer: { className: 'RandomNormal', config: { mean: 0, stddev: 8 } } as never }) })],
  ['kernels of a size of 1e-4', 'initializer-scale', 'warning', () => regression({ model: () => stack(3, { units: 32, activation: 'relu', kernelInitializer: { className: 'RandomNormal', config: { mean: 0, stddev: 1e-4 } } as never }) })],
  ['8 sigmoid layers', 'gradients-vanish', 'warning', () => regression({ model: () => stack(8, { units: 16, activation: 'sigmoid' }) })],
  ['biases that switch units off', 'dead-units-at-start', 'error', () => regression({ model: () => stack(1, { units: 16, activation: 'relu', biasInitializer: { className: 'Constant', config: { value: -100 } } as never }) })],
  ['tanh of inputs far out', 'saturated-at-start', 'warning', () => regression({ data: { inputs: rows.map((row) => row.map((x) => 300 * x)), labels: targets }, model: () => perceptron(4, 1, 'linear', 'tanh') })],
  ['three layers without activation', 'network-is-linear', 'warning', () => regression({ model: () => stack(2, { units: 16 }) })],
  ['one of three layers without activation', 'missing-activation', 'warning', () => regression({ model: () => sequential({ layers: [layers.dense({ units: 16, inputShape: [4] }), layers.dense({ units: 16, activation: 'relu' }), layers.dense({ units: 1 })] }) })],
  ['dropout of 0.9', 'dropout-too-high', 'warning', () => regression({ model: () => sequential({ layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [4] }), layers.dropout({ rate: 0.9 }), layers.dense({ units: 1 })] }) })],
  ['dropout on logits', 'dropout-on-output', 'warning', () => classifier({ model: () => sequential({ layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [4] }), layers.dense({ units: 3 }), layers.dropout({ rate: 0.3 }), layers.softmax()] }) })],
  ['dropout on outputs by hand', 'dropout-on-output', 'warning', () => byHand((x, w, v, training) => { const y = mul(tf.relu(mul(x, w)), v); return training ? tf.dropout(y, 0.4) : y; })],
  ['an output layer that is frozen', 'output-frozen', 'warning', () => regression({ model: () => { const model = perceptron(4, 1); model.layers.at(-1)!.trainable = false; return model; } })],
  ['a hidden kernel that is frozen as its initialiser made it', 'frozen-at-random', 'warning', () => regression({ model: () => frozen(0) })],
  ['hidden kernels by hand that are left out of trainableWeights', 'frozen-at-random', 'warning', () => forgotten()],
  ['a frozen convolution of 8 filters, 72 numbers', 'frozen-at-random', 'warning', () => smallConvolution(0)],
  ['softmax after each hidden layer', 'hidden-softmax', 'warning', () => classifier({ model: () => sequential({ layers: [layers.dense({ units: 16, activation: 'softmax', inputShape: [4] }), layers.dense({ units: 16 }), layers.softmax(), layers.dense({ units: 3, activation: 'softmax' })] }) })],
  ['24 residual blocks by hand, each of which makes the signal larger', 'activations-explode', 'warning', () => blocks(0.35)],
  ['biases alone to train', 'few-trainable', 'warning', () => regression({ model: () => biasesAlone() })],
  ['a recurrent kernel of a deviation of 2 for 16 units', 'initializer-scale', 'warning', () => recurrent({ className: 'RandomNormal', config: { mean: 0, stddev: 2 } })],
  ['a variable that is not used', 'unused-weights', 'warning', () => regression({ model: () => { const [w, v] = [tf.variable(tf.randomNormal([4, 1])), tf.variable(tf.zeros([7]))]; return { trainableWeights: { w, v }, forward: (x: tf.Tensor) => mul(x, w) }; } })],
  ['two features that are cut off', 'unused-input', 'warning', () => byHand((x, w, v) => mul(tf.tanh(mul(tf.slice(x, [0, 0], [-1, 2]), tf.slice(w, [0, 0], [2, 8]))), v))],
  ['an input that goes nowhere', 'unused-input', 'warning', () => regression({ model: () => { const [a, b] = [input({ shape: [4], name: 'a' }), input({ shape: [2], name: 'b' })]; const none = layers.dense({ units: 4, kernelInitializer: 'zeros', trainable: false }).apply(b) as SymbolicTensor; const h = layers.dense({ units: 8, activation: 'relu' }).apply(layers.concatenate().apply([a, none])) as SymbolicTensor; return makeModel({ inputs: [a, b], outputs: layers.dense({ units: 1 }).apply(h) as SymbolicTensor }); }, data: { inputs: { a: rows, b: table(300, 2, 5) }, labels: targets } })],
  ['an L2 of 3', 'regularization-too-strong', 'warning', () => regression({ model: () => stack(2, { units: 16, activation: 'relu', kernelRegularizer: { className: 'L1L2', config: { l1: 0, l2: 3 } } as never }) })],
  ['prices of 200,000 and Adam of 0.001', 'targets-not-scaled', 'warning', () => regression({ optimizer: { name: 'adam', learningRate: 0.001 }, data: { inputs: rows, labels: targets.map(([y = 0]) => [200_000 + 80_000 * y]) } })],
  ['prices of 20,000 and SGD of 0.05', 'targets-not-scaled', 'error', () => regression({ optimizer: { name: 'sgd', learningRate: 0.05 }, data: { inputs: rows, labels: targets.map(([y = 0]) => [20_000 + 8000 * y]) } })],
  ['a last bias of 20 for one class', 'initial-loss', 'warning', () => classifier({ model: () => { const model = perceptron(4, 3, 'softmax'); const [kernel] = model.layers.at(-1)!.getWeights(); model.layers.at(-1)!.setWeights([kernel!, tf.tensor1d([20, 0, 0])]); return model; } })],
  ['images of one pixel before a convolution of 3x3', 'spatial-collapse', 'warning', () => ({ model: () => sequential({ layers: [layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [4, 4, 1] }), layers.maxPooling2d({ poolSize: 4 }), layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' }), layers.flatten(), layers.dense({ units: 3, activation: 'softmax' })] }), loss: 'sparseCategoricalCrossentropy', data: { inputs: table(300, 16).map((row) => [0, 1, 2, 3].map((i) => row.slice(4 * i, 4 * i + 4).map((x) => [x]))), labels: classes } })],
];

describe('trainings with one fault', () => {
  for (const [name, rule, severity, make] of faults) {
    it(`${name}: ${rule} comes first, a${severity === 'error' ? 'n error' : ' warning'}`, async () => {
      const { findings, tensorsLeft, alarms } = await look(make());
      const [first] = findings;
      if (process.env['SHOW'] !== undefined) console.log('>>', name, '|', alarms.join(' '), '|', first?.message);
      expect(first === undefined ? 'nothing' : `${first.rule} ${first.severity}`).toBe(`${rule} ${severity}`);
      expect(tensorsLeft).toBe(0);
    });
  }

  it('batch normalisation along axis 1 of images is a warning; TensorFlow.js has no gradient for it, and other checks cannot tell', async () => {
    const make = () => ({ model: () => sequential({ layers: [layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', inputShape: [4, 4, 1] }), layers.batchNormalization({ axis: 1 }), layers.reLU(), layers.flatten(), layers.dense({ units: 3, activation: 'softmax' })] }), loss: 'sparseCategoricalCrossentropy', data: { inputs: table(300, 16).map((row) => [0, 1, 2, 3].map((i) => row.slice(4 * i, 4 * i + 4).map((x) => [x]))), labels: classes } });
    const { alarms } = await look(make(), ['axes']);
    expect(alarms).toEqual(['normalisation-axis']);
    const all = [{ rule: 'no-gradient', severity: 'error' }, { rule: 'normalisation-axis', severity: 'warning' }] as const;
    expect(consolidate(all.map((each) => finding({ ...each, message: '', evidence: {}, remedy: '' }))).map(({ rule, severity }) => [rule, severity])).toEqual([['normalisation-axis', 'error']]);
  });

  it('what lies behind a layer that gives zeros alone is told as an effect: dead-units-at-start is an info', async () => {
    const make = () => regression({ model: () => sequential({ layers: [layers.dense({ units: 16, kernelInitializer: 'zeros', trainable: false, inputShape: [4] }), layers.dense({ units: 16, activation: 'relu' }), layers.dense({ units: 1 })] }) });
    const { findings } = await look(make(), ['activations-at-start']);
    expect(findings.map(({ rule, severity, evidence }) => [rule, severity, evidence['isStarved']])).toEqual([['dead-units-at-start', 'info', true]]);
  });

  it('a weight whose product leaves the graph is used, for outputs change with it: no unused-weights', async () => {
    const { rules, measured } = await look(byHand((x, w, v) => { const h = mul(x, w); return mul(tf.tensor(h.dataSync(), h.shape), v); }), ['reach']);
    expect(rules).toEqual([]);
    expect(measured['reach']).toMatchObject({ weightsWithoutGradient: ['w'], thatMoveOutputs: ['w'] });
  });

  it('a mixed batch is told first to be a reshape where a transpose belongs', async () => {
    const { findings } = await look(byHand((x, w, v) => { const h = mul(x, w); return mul(tf.relu(tf.sub(h, tf.mean(h, 0))), v); }), ['batch-mixing']);
    expect(findings[0]?.remedy).toMatch(/^Look first for a reshape where a transpose belongs.*statistic along axis 0/);
  });

  it('scores of every sample beside every other, [batch, batch], mix the batch on purpose: no batch-mixing, and the outputs are named', async () => {
    const { rules, measured, tensorsLeft } = await look(contrastive(), ['batch-mixing']);
    expect(rules).toEqual([]);
    expect(measured['batch-mixing']?.['outputsWithABatchAxis']).toHaveLength(1);
    expect(tensorsLeft).toBe(0);
  });

  it('inputs of a size of 1000 before batch normalisation begin as they are normalised; without it initial-loss is a warning', async () => {
    const make = (isNormalised: boolean) => regression({ model: () => sequential({ layers: [isNormalised ? layers.batchNormalization({ inputShape: [4] }) : layers.dense({ units: 4, kernelInitializer: 'identity', useBias: false, inputShape: [4] }), layers.dense({ units: 16, activation: 'relu' }), layers.dense({ units: 1 })] }), data: { inputs: rows.map((row) => row.map((x) => 1000 * x)), labels: targets } });
    expect((await look(make(true), ['initial-loss'])).alarms).toEqual([]);
    expect((await look(make(false), ['initial-loss'])).alarms).toEqual(['initial-loss']);
  });

  it('kernels that were trained before are left alone: rows of their own sizes, biases that have moved, blocks that keep the size', async () => {
    expect((await look(forgotten(true), ['structure'])).alarms).toEqual([]);
    expect((await look(smallConvolution(0.02), ['structure'])).alarms).toEqual([]);
    expect((await look(blocks(0.02), ['activations-at-start'])).alarms).toEqual([]);
  });

  it('three frozen kernels of 20 to 32 numbers are told together', async () => {
    const make = (bias: number) => () => {
      const own = { activation: 'tanh', biasInitializer: { className: 'Constant', config: { value: bias } } } as never as { activation: 'tanh' };
      const model = sequential({ layers: [layers.dense({ units: 5, inputShape: [4], ...own }), layers.dense({ units: 5, ...own }), layers.dense({ units: 6, ...own }), layers.dense({ units: 1 })] });
      for (const layer of model.layers.slice(0, 3)) layer.trainable = false;
      return model;
    };
    expect((await look(regression({ model: make(0) }), ['structure'])).alarms).toEqual(['frozen-at-random']);
    expect((await look(regression({ model: make(0.1) }), ['structure'])).alarms).toEqual([]);
  });

  it('softmax that weighs values in a product, as in attention, is none of a hidden layer', async () => {
    const make = () => {
      const x = input({ shape: [4] });
      const shares = layers.dense({ units: 8, activation: 'softmax' }).apply(x) as SymbolicTensor;
      const values = layers.dense({ units: 8, activation: 'relu' }).apply(x) as SymbolicTensor;
      return makeModel({ inputs: x, outputs: layers.dense({ units: 1 }).apply(layers.multiply().apply([shares, values])) as SymbolicTensor });
    };
    expect((await look(regression({ model: make }), ['structure'])).rules).toEqual([]);
  });

  const remarks: readonly (readonly [string, string, () => Experiment])[] = [
    ['a sum over the batch', 'loss-sum-not-mean', () => regression({ loss: (y, p) => tf.sum(tf.square(tf.sub(y, p))) })],
    ['a correlation over the batch', 'loss-mixes-samples', () => regression({ loss: (y, p) => { const [a, b] = [tf.sub(y, tf.mean(y)), tf.sub(p, tf.mean(p))]; return tf.neg(tf.div(tf.sum(tf.mul(a, b)), tf.add(1e-6, tf.mul(tf.norm(a), tf.norm(b))))); } })],
    ['a sigmoid a class where one is right', 'output-activation', () => classifier({ model: () => perceptron(4, 3, 'sigmoid') })],
    ['a hidden layer that is frozen after it was trained', 'few-trainable', () => regression({ model: () => frozen(0.2) })],
    ['a linear code of 2 numbers for 4, whose labels are the inputs', 'network-is-linear', () => regression({ model: () => sequential({ layers: [layers.dense({ units: 2, inputShape: [4] }), layers.dense({ units: 4 })] }), data: { inputs: rows, labels: rows } })],
    ['shares of topics as the code of what goes in', 'hidden-softmax', () => regression({ model: () => sequential({ layers: [layers.dense({ units: 3, activation: 'softmax', inputShape: [4] }), layers.dense({ units: 4 })] }), data: { inputs: rows, labels: rows } })],
    ['a small hidden layer that is frozen', 'few-trainable', () => regression({ model: () => { const model = sequential({ layers: [layers.dense({ units: 8, activation: 'relu', inputShape: [4] }), layers.dense({ units: 1 })] }); model.layers[0]!.trainable = false; return model; } })],
    ['poolings of 2 on 5 rows', 'uneven-cropping', () => ({ model: () => sequential({ layers: [layers.maxPooling2d({ poolSize: 2, inputShape: [5, 5, 1] }), layers.flatten(), layers.dense({ units: 3, activation: 'softmax' })] }), loss: 'sparseCategoricalCrossentropy', data: { inputs: table(300, 25).map((row) => [0, 1, 2, 3, 4].map((i) => row.slice(5 * i, 5 * i + 5).map((x) => [x]))), labels: classes } })],
  ];
  for (const [name, rule, make] of remarks) {
    it(`${name}: ${rule} is worth an info, and no more`, async () => {
      const { findings, alarms } = await look(make());
      expect(findings.map((each) => each.rule)).toContain(rule);
      expect(alarms).toEqual([]);
    });
  }
});
