// @ts-nocheck
import { layers, sequential, initializers, regularizers } from '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { test, beforeAll } from 'vitest';
import { useBackend } from '/work/main/test/support/backends.js';
import { trainingChecks } from '/work/main/src/diagnosis/preflight/training/index.js';
import { digitsSetup, irisSetup, regressionSetup, sequenceSetup, lettersSetup, look } from '/work/main/test/diagnosis/preflight/training/setups.js';
import { appendFileSync } from 'node:fs';
beforeAll(() => useBackend('wasm'));
const say = (s) => appendFileSync(process.env.OUT ?? '/tmp/tr/out.txt', s + '\n');
const show = async (name, exp) => {
  const t0 = tf.memory().numTensors, b = performance.now();
  let r; try { r = await look(exp, trainingChecks); } catch (e) { say(name + ' THROWS ' + e.stack); return; }
  say(`${name} ${Math.round(performance.now() - b)} ms leak ${tf.memory().numTensors - t0} :: ` + r.results.map(x => `${x.name} ${Math.round(x.ms)}${x.cannotTell ? ' CT:' + x.cannotTell : ''}`).join(', '));
  for (const f of r.findings) say(`    ${f.severity} ${f.rule} ${JSON.stringify(f.where)}: ${f.message}`);
  if (process.env.V) for (const x of r.results) say('      ' + x.name + ' ' + JSON.stringify(x.measured));
};
const bad = (name) => (process.env.ONLY === undefined || name.match(process.env.ONLY));
const list: [string, () => any][] = [
  ['mnist adam1e-3', () => digitsSetup()],
  ['mnist adam1e-4', () => digitsSetup({ name: 'adam', learningRate: 1e-4 })],
  ['mnist sgd.1', () => digitsSetup({ name: 'sgd', learningRate: .1 })],
  ['mnist sgd.01', () => digitsSetup({ name: 'sgd', learningRate: .01 })],
  ['mnist sgd.001', () => digitsSetup({ name: 'sgd', learningRate: .001 })],
  ['mnist rmsprop', () => digitsSetup({ name: 'rmsprop', learningRate: .001 })],
  ['mnist mom .01', () => digitsSetup({ name: 'momentum', learningRate: .01 })],
  ['mnist mom .1', () => digitsSetup({ name: 'momentum', learningRate: .1 })],
  ['iris adam.01', () => irisSetup()],
  ['iris sgd.01', () => irisSetup({ name: 'sgd', learningRate: .01 })],
  ['iris sgd.1', () => irisSetup({ name: 'sgd', learningRate: .1 })],
  ['regr sgd.01', () => regressionSetup()],
  ['regr adam1e-3', () => regressionSetup({ name: 'adam', learningRate: 1e-3 })],
  ['regr adam.1', () => regressionSetup({ name: 'adam', learningRate: .1 })],
  ['lstm adam1e-3', () => sequenceSetup()],
  ['lstm adam1e-4', () => sequenceSetup({ name: 'adam', learningRate: 1e-4 })],
  ['gru letters', () => lettersSetup()],
  ['FAULT mnist adam 1', () => digitsSetup({ name: 'adam', learningRate: 1 })],
  ['FAULT mnist adam .1', () => digitsSetup({ name: 'adam', learningRate: .1 })],
  ['FAULT mnist sgd 10', () => digitsSetup({ name: 'sgd', learningRate: 10 })],
  ['FAULT mnist sgd 1000', () => digitsSetup({ name: 'sgd', learningRate: 1000 })],
  ['FAULT mnist adam 1e-7', () => digitsSetup({ name: 'adam', learningRate: 1e-7 })],
  ['FAULT mnist sgd 1e-6', () => digitsSetup({ name: 'sgd', learningRate: 1e-6 })],
  ['FAULT mnist sgd 0', () => digitsSetup({ name: 'sgd', learningRate: 0 })],
  ['FAULT iris adam 10', () => irisSetup({ name: 'adam', learningRate: 10 })],
  ['FAULT iris adam 1e-6', () => irisSetup({ name: 'adam', learningRate: 1e-6 })],
  ['FAULT regr sgd 5', () => regressionSetup({ name: 'sgd', learningRate: 5 })],
  ['FAULT regr sgd 1e-6', () => regressionSetup({ name: 'sgd', learningRate: 1e-6 })],
  ['FAULT lstm adam 1', () => sequenceSetup({ name: 'adam', learningRate: 1 })],
  ['FAULT flipped loss', () => ({ ...regressionSetup({ name: 'adam', learningRate: 1e-2 }), loss: (y, p) => tf.neg(tf.mean(tf.square(tf.sub(y, p)), -1)) })],
  ['FAULT flipped xent', () => ({ ...digitsSetup(), loss: (y, p) => tf.tidy(() => tf.mean(tf.log(tf.add(tf.sum(tf.mul(tf.oneHot(tf.cast(y, 'int32'), 10), p), -1), 1e-7)))) })],
  ['OK custom mse', () => ({ ...regressionSetup({ name: 'adam', learningRate: 1e-2 }), loss: (y, p) => tf.mean(tf.square(tf.sub(y, p)), -1) })],
  ['FAULT customgrad sign', () => ({ ...regressionSetup(), loss: (y, p) => tf.customGrad((a) => ({ value: tf.mean(tf.square(tf.sub(y, a)), -1), gradFunc: (dy) => tf.mul(tf.reshape(dy, [-1, 1]), tf.mul(-2, tf.sub(a, y))) }))(p) })],
  ['FAULT dead relu', () => ({ ...digitsSetup(), model: () => sequential({ layers: [layers.dense({ units: 64, activation: 'relu', inputShape: [784], biasInitializer: initializers.constant({ value: -100 }) }), layers.dense({ units: 10, activation: 'softmax' })] }) })],
  ['FAULT softmax one', () => ({ ...sequenceSetup(), model: () => sequential({ layers: [layers.flatten({ inputShape: [12, 1] }), layers.dense({ units: 8, activation: 'relu' }), layers.dense({ units: 1, activation: 'softmax' })] }) })],
  ['FAULT dropout .99', () => ({ ...digitsSetup(), model: () => sequential({ layers: [layers.dense({ units: 64, activation: 'relu', inputShape: [784] }), layers.dropout({ rate: .99 }), layers.dense({ units: 10, activation: 'softmax' })] }) })],
  ['OK dropout .5', () => ({ ...digitsSetup(), model: () => sequential({ layers: [layers.dense({ units: 64, activation: 'relu', inputShape: [784] }), layers.dropout({ rate: .5 }), layers.dense({ units: 10, activation: 'softmax' })] }) })],
  ['OK batchnorm', () => ({ ...digitsSetup(), model: () => sequential({ layers: [layers.dense({ units: 64, useBias: false, inputShape: [784] }), layers.batchNormalization({}), layers.activation({ activation: 'relu' }), layers.dense({ units: 10, activation: 'softmax' })] }) })],
  ['OK l2', () => ({ ...digitsSetup(), model: () => sequential({ layers: [layers.dense({ units: 64, activation: 'relu', inputShape: [784], kernelRegularizer: regularizers.l2({ l2: 1e-3 }) }), layers.dense({ units: 10, activation: 'softmax' })] }) })],
  ['FAULT l2 10', () => ({ ...digitsSetup(), model: () => sequential({ layers: [layers.dense({ units: 64, activation: 'relu', inputShape: [784], kernelRegularizer: regularizers.l2({ l2: 10 }) }), layers.dense({ units: 10, activation: 'softmax' , kernelRegularizer: regularizers.l2({ l2: 10 })})] }) })],
  ['FAULT shuffled mnist', () => { const e = digitsSetup(); const l = e.data.labels.slice(); for (let i = 0; i < l.length; i++) l[i] = e.data.labels[(i * 379 + 11) % l.length]; return { ...e, data: { inputs: e.data.inputs, labels: l } }; }],
  ['FAULT shuffled regr', () => { const e = regressionSetup(); const n = e.data.labels.length; return { ...e, data: { inputs: e.data.inputs, labels: e.data.labels.map((_, i) => e.data.labels[(i * 379 + 11) % n]) } }; }],
  ['FAULT wd 10', () => ({ ...digitsSetup({ name: 'adam', learningRate: 1e-3 }), weightDecay: 100 })],
  ['FAULT sgd l2 wd', () => ({ ...digitsSetup({ name: 'sgd', learningRate: .1, weightDecay: { rate: 5, mode: 'l2' } }) })],
  ['FAULT clip 1e-6', () => ({ ...digitsSetup({ name: 'sgd', learningRate: .1 }), clip: { globalNorm: 1e-6 } })],
  ['FAULT adam eps', () => ({ ...digitsSetup({ name: 'adam', learningRate: .001, epsilon: 1e3 }) })],
];
for (const [name, make] of list) if (bad(name)) test(name, async () => { await show(name, make()); });
