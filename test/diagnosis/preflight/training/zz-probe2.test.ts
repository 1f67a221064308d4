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

import { numbers } from '/work/main/test/support/numbers.js';
import { loadDigits } from '/work/main/examples/mnist/data.js';
import { model as mk, input } from '@tensorflow/tfjs-layers';
const cnn = (opt) => { const { inputs, labels } = loadDigits('train', [28, 28, 1], 0, 600); return { model: () => sequential({ layers: [layers.conv2d({ filters: 16, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }), layers.maxPooling2d({ poolSize: 2 }), layers.conv2d({ filters: 32, kernelSize: 3, activation: 'relu' }), layers.globalAveragePooling2d({}), layers.dense({ units: 10, activation: 'softmax' })] }), loss: 'sparseCategoricalCrossentropy', optimizer: opt, data: { inputs, labels }, fit: { epochs: 3, batchSize: 64 } }; };
const rnd = numbers(77); const nrm = () => Math.sqrt(-2 * Math.log(1 - rnd())) * Math.cos(6.283 * rnd());
const tab = (n, d, f) => { const inputs = Array.from({ length: n }, () => Array.from({ length: d }, nrm)); return { inputs, labels: inputs.map(f) }; };
const mlp = (d, out, act, h = 32) => () => sequential({ layers: [layers.dense({ units: h, activation: 'relu', inputShape: [d] }), layers.dense({ units: out, ...(act ? { activation: act } : {}) })] });
class Flip extends (tf.train.sgd(0.1).constructor as any) { applyGradients(g) { const neg = Array.isArray(g) ? g.map((x) => ({ name: x.name, tensor: x.tensor && tf.neg(x.tensor) })) : g; super.applyGradients(neg); } }
class Dead extends (tf.train.sgd(0.1).constructor as any) { applyGradients(g) { } }
class Part extends (tf.train.sgd(0.1).constructor as any) { applyGradients(g) { super.applyGradients(g.map((x, i) => i < 2 ? { name: x.name, tensor: null } : x)); } }
class Stop extends layers.Layer { call(x) { const t = Array.isArray(x) ? x[0] : x; return tf.customGrad((a) => ({ value: tf.clone(a), gradFunc: (dy) => tf.zerosLike(dy) }))(t); } computeOutputShape(s) { return s; } static className = 'Stop' + Math.random(); }
class Zero extends layers.Layer { call(x) { const t = Array.isArray(x) ? x[0] : x; return tf.mul(t, 0); } computeOutputShape(s) { return s; } static className = 'Zero' + Math.random(); }
class Half extends layers.Layer { call(x) { const t = Array.isArray(x) ? x[0] : x; return tf.customGrad((a) => ({ value: tf.tanh(a), gradFunc: (dy) => tf.mul(dy, -0.2) }))(t); } computeOutputShape(s) { return s; } static className = 'Half' + Math.random(); }
const withLayer = (l) => () => sequential({ layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [3] }), l(), layers.dense({ units: 1 })] });
const list: [string, () => any][] = [
  ['cnn adam', () => cnn({ name: 'adam', learningRate: 1e-3 })],
  ['cnn sgd.01', () => cnn({ name: 'sgd', learningRate: .01 })],
  ['FAULT cnn adam1', () => cnn({ name: 'adam', learningRate: 1 })],
  ['imbalanced', () => ({ model: mlp(6, 1, 'sigmoid'), loss: 'binaryCrossentropy', optimizer: 'adam', data: tab(2000, 6, ([a, b, c]) => [a + b + 0.5 * nrm() > 2.6 ? 1 : 0]), fit: { epochs: 5 } })],
  ['xor', () => ({ model: mlp(2, 1, 'sigmoid', 8), loss: 'binaryCrossentropy', optimizer: { name: 'adam', learningRate: 0.01 }, data: tab(400, 2, ([a, b]) => [a * b > 0 ? 1 : 0]), fit: { epochs: 50 } })],
  ['xor4', () => ({ model: mlp(2, 1, 'sigmoid', 8), loss: 'binaryCrossentropy', optimizer: { name: 'adam', learningRate: 0.01 }, data: { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], labels: [[0], [1], [1], [0]] }, fit: { epochs: 500 } })],
  ['parity3of8', () => ({ model: mlp(8, 1, 'sigmoid', 32), loss: 'binaryCrossentropy', optimizer: { name: 'adam', learningRate: 0.01 }, data: tab(2000, 8, ([a, b, c]) => [a * b * c > 0 ? 1 : 0]), fit: { epochs: 50 } })],
  ['weak signal regr', () => ({ model: mlp(10, 1, undefined, 16), loss: 'meanSquaredError', optimizer: { name: 'adam', learningRate: 0.001 }, data: tab(2000, 10, ([a]) => [0.15 * a + nrm()]), fit: { epochs: 10 } })],
  ['autoencoder', () => ({ model: mlp(20, 20, undefined, 8), loss: 'meanSquaredError', optimizer: 'adam', data: (() => { const t = tab(400, 20, (r) => r); return t; })(), fit: { epochs: 10 } })],
  ['batch512', () => ({ ...digitsSetup({ name: 'sgd', learningRate: .1 }), fit: { epochs: 5, batchSize: 512 } })],
  ['batch1', () => ({ ...irisSetup({ name: 'sgd', learningRate: .01 }), fit: { epochs: 5, batchSize: 1 } })],
  ['instances', () => ({ ...digitsSetup(tf.train.adam(1e-3)) })],
  ['instance mom', () => ({ ...digitsSetup(tf.train.momentum(1e-2, .9)) })],
  ['1 sample', () => ({ ...irisSetup(), data: { inputs: [[1, 2, 3, 4]], labels: [1] } })],
  ['8 samples', () => ({ ...regressionSetup(undefined, 8) })],
  ['iterator', () => ({ ...regressionSetup(), data: (function* () { const random = numbers(3); for (;;) yield { inputs: tf.tensor2d(Array.from({ length: 96 }, random), [32, 3]), labels: tf.tensor2d(Array.from({ length: 32 }, random), [32, 1]) }; })(), fit: { stepsPerEpoch: 50 } })],
  ['multi', () => { const a = input({ shape: [3], name: 'ina' }), b = input({ shape: [2], name: 'inb' }); const t = tab(300, 5, (r) => r); return { model: () => { const h = layers.dense({ units: 16, activation: 'relu' }).apply(layers.concatenate().apply([a, b])); return mk({ inputs: [a, b], outputs: [layers.dense({ units: 1, name: 'o1' }).apply(h), layers.dense({ units: 2, activation: 'softmax', name: 'o2' }).apply(h)] as any }); }, loss: { o1: 'meanSquaredError', o2: 'sparseCategoricalCrossentropy' }, data: { inputs: { ina: t.inputs.map((r) => r.slice(0, 3)), inb: t.inputs.map((r) => r.slice(3)) }, labels: { o1: t.inputs.map((r) => [r[0]]), o2: t.inputs.map((r) => r[3] > 0 ? 1 : 0) } }, fit: { epochs: 4 } }; }],
  ['handwritten', () => { const w = tf.variable(tf.randomNormal([3, 8], 0, .5)), v = tf.variable(tf.randomNormal([8, 1], 0, .5)); const r = regressionSetup(); return { ...r, model: () => ({ forward: (x) => tf.matMul(tf.tanh(tf.matMul(x, w)), v), trainableWeights: { w, v } }) }; }],
  ['adding lstm', () => { const n = 500, T = 16; const inputs = Array.from({ length: n }, () => { const i = Math.floor(rnd() * 8), j = 8 + Math.floor(rnd() * 8); return Array.from({ length: T }, (_, t) => [rnd(), t === i || t === j ? 1 : 0]); }); return { model: () => sequential({ layers: [layers.lstm({ units: 16, inputShape: [T, 2] }), layers.dense({ units: 1 })] }), loss: 'meanSquaredError', optimizer: 'adam', data: { inputs, labels: inputs.map((s) => [s.reduce((x, [v, m]) => x + v * m, 0)]) }, fit: { epochs: 30 } }; }],
  ['deep resnet zero init', () => ({ ...regressionSetup({ name: 'adam', learningRate: 1e-3 }), model: () => { const i = input({ shape: [3] }); let h: any = layers.dense({ units: 16 }).apply(i); for (let k = 0; k < 3; k++) { const r = layers.dense({ units: 16, kernelInitializer: 'zeros' }).apply(layers.dense({ units: 16, activation: 'relu' }).apply(h)); h = layers.add().apply([h, r as any]); } return mk({ inputs: i, outputs: layers.dense({ units: 1 }).apply(h) as any }); } })],
  ['mae regr', () => ({ ...regressionSetup({ name: 'rmsprop', learningRate: 1e-3 }), loss: 'meanAbsoluteError' })],
  ['clip1', () => ({ ...digitsSetup({ name: 'sgd', learningRate: .1 }), clip: { globalNorm: 1 } })],
  ['adamw', () => ({ ...digitsSetup({ name: 'adamw', learningRate: .001 }) })],
  ['adadelta', () => ({ ...digitsSetup({ name: 'adadelta' }) })],
  ['adagrad', () => ({ ...digitsSetup({ name: 'adagrad', learningRate: .01 }) })],
  ['bn batch 4', () => ({ ...irisSetup(), model: () => sequential({ layers: [layers.dense({ units: 16, inputShape: [4] }), layers.batchNormalization({}), layers.activation({ activation: 'relu' }), layers.dropout({ rate: .3 }), layers.dense({ units: 3, activation: 'softmax' })] }), fit: { batchSize: 4, epochs: 10 } })],
  ['pretrained-ish const output', () => ({ ...regressionSetup(), data: (() => { const t = tab(300, 3, () => [0]); return t; })() })],
  ['ladder', () => ({ ...regressionSetup(), ladder: { sizes: [4, 16, 64], model: (u) => mlp(3, 1, undefined, u)() } })],
  ['FAULT ladder', () => ({ ...regressionSetup(), ladder: { sizes: [4, 16, 64], model: (u) => sequential({ layers: [layers.dense({ units: u, activation: 'relu', inputShape: [3], biasInitializer: initializers.constant({ value: u > 10 ? -100 : 0 }) }), layers.dense({ units: 1, useBias: false })] }) } })],
  ['FAULT flip optimizer', () => ({ ...digitsSetup(new (Flip as any)(0.1)) })],
  ['FAULT dead optimizer', () => ({ ...digitsSetup(new (Dead as any)(0.1)) })],
  ['FAULT part optimizer', () => ({ ...digitsSetup(new (Part as any)(0.1)) })],
  ['FAULT stop layer', () => ({ ...regressionSetup(), model: withLayer(() => new (Stop as any)({})) })],
  ['FAULT half layer', () => ({ ...regressionSetup(), model: withLayer(() => new (Half as any)({})) })],
  ['FAULT zero layer', () => ({ ...regressionSetup(), model: withLayer(() => new (Zero as any)({})) })],
  ['FAULT zero inputs model', () => ({ ...regressionSetup(), model: () => sequential({ layers: [layers.reshape({ targetShape: [3], inputShape: [3] }), new (Zero as any)({}), layers.dense({ units: 8, activation: 'relu' }), layers.dense({ units: 1 })] }) })],
  ['FAULT momentum .9999', () => ({ ...digitsSetup({ name: 'momentum', learningRate: .1, momentum: .9999 }) })],
  ['FAULT betas', () => ({ ...digitsSetup({ name: 'adam', learningRate: .001, beta1: .999, beta2: .1 }) })],
  ['FAULT clip value', () => ({ ...digitsSetup({ name: 'sgd', learningRate: .01 }), clip: { value: 1e-7 } })],
  ['FAULT bn batch1', () => ({ ...irisSetup(), model: () => sequential({ layers: [layers.dense({ units: 16, inputShape: [4] }), layers.batchNormalization({}), layers.dense({ units: 3, activation: 'softmax' })] }), fit: { batchSize: 1 } })],
  ['FAULT unscaled', () => { const r = regressionSetup() as any; return { ...r, data: { inputs: r.data.inputs.map((x) => x.map((v) => 1000 * v + 5000)), labels: r.data.labels } }; }],
  ['FAULT deep sigmoid', () => ({ ...digitsSetup({ name: 'sgd', learningRate: .01 }), model: () => sequential({ layers: [layers.dense({ units: 32, activation: 'sigmoid', inputShape: [784] }), ...Array.from({ length: 7 }, () => layers.dense({ units: 32, activation: 'sigmoid' })), layers.dense({ units: 10, activation: 'softmax' })] }) })],
  ['FAULT random loss', () => ({ ...regressionSetup(), seed: 3, loss: (y, p) => tf.mul(tf.mean(tf.square(tf.sub(y, p)), -1), tf.randomUniform([1], .5, 1.5, 'float32', Math.floor(performance.now() * 1e3)) as any) })],
  ['FAULT shuffled regr', () => { const e = regressionSetup() as any; const n = e.data.labels.length; const p = Array.from({ length: n }, (_, i) => [rnd(), i]).sort((a, b) => a[0] - b[0]).map((x) => x[1]); return { ...e, data: { inputs: e.data.inputs, labels: p.map((i) => e.data.labels[i]) } }; }],
  ['FAULT detached loss', () => ({ ...regressionSetup(), loss: (y, p) => tf.tidy(() => tf.mean(tf.square(tf.sub(y, tf.tensor(p.dataSync(), p.shape))), -1)) })],
  ['FAULT round loss', () => ({ ...regressionSetup(), loss: (y, p) => tf.mean(tf.cast(tf.notEqual(y, tf.round(p)), 'float32'), -1) })],
];
for (const [name, make] of list) if (bad(name)) test(name, async () => { await show(name, make()); });
