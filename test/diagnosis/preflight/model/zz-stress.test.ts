import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { it, beforeAll } from 'vitest';
import { look, table, classesOf, targetsOf } from '/work/main/test/diagnosis/preflight/model/setups.js';
import { useBackend } from '/work/main/test/support/backends.js';
import { trainingDigits, perceptron } from '/work/main/examples/broken/digits.js';
import { numbers } from '/work/main/test/support/numbers.js';
beforeAll(() => useBackend('wasm'));
const pick = <T,>(r: () => number, xs: readonly T[]): T => xs[Math.floor(r() * xs.length)]!;
it('stress', async () => {
  const bad: Record<string, number> = {}; let n = 0;
  for (let seed = 1; seed <= Number(process.env['N'] ?? 60); seed += 1) {
    const r = numbers(seed * 7919 + 13);
    const act = pick(r, ['relu', 'tanh', 'elu', 'sigmoid', 'relu', 'selu'] as const);
    const depth = pick(r, [0, 1, 1, 2, 2, 3]);
    const units = pick(r, [3, 4, 8, 16, 64, 128]);
    const init = pick(r, ['heNormal', 'glorotUniform', 'glorotNormal', 'leCunNormal', 'heUniform', 'orthogonal'] as const);
    const columns = pick(r, [2, 4, 8, 30]);
    const rowsN = pick(r, [20, 100, 300, 1000]);
    const inputs = table(rowsN, columns, seed).map(x => r() < 2 ? x : x);
    const inputScale = pick(r, [1, 1, 0.3]);
    const xs = inputs.map(row => row.map(v => v * inputScale));
    const task = pick(r, ['softmax', 'logits', 'sigmoid', 'sigmoid', 'reg', 'reg', 'custom', 'price'] as const);
    const opt = pick(r, [{ name: 'adam', learningRate: 0.001 }, { name: 'sgd', learningRate: 0.05 }, { name: 'momentum', learningRate: 0.01 }, { name: 'rmsprop', learningRate: 0.001 }, { name: 'adam', learningRate: 0.01 }]) as never;
    const c = Math.min(columns, 3);
    const out = task === 'softmax' || task === 'logits' ? c : 1;
    const model = () => sequential({ layers: [
      ...Array.from({ length: depth }, (_, i) => layers.dense({ units, activation: act as never, kernelInitializer: init, ...(i === 0 ? { inputShape: [columns] } : {}) })),
      ...(r() < 0.2 && depth > 0 ? [layers.batchNormalization()] : []), ...(r() < 0.3 && depth > 0 ? [layers.dropout({ rate: 0.4 })] : []),
      layers.dense({ units: out, activation: task === 'softmax' ? 'softmax' : task === 'sigmoid' ? 'sigmoid' : 'linear', ...(depth === 0 ? { inputShape: [columns] } : {}) })] });
    const labels = task === 'softmax' || task === 'logits' ? classesOf(inputs, c) : task === 'sigmoid' ? inputs.map(([a = 0]) => [Number(a > pick(r, [0, 1.3, -1]))]) : targetsOf(inputs).map(([y = 0]) => [task === 'price' ? 22 + 9 * y : y]);
    const loss = task === 'softmax' ? 'sparseCategoricalCrossentropy' : task === 'logits' ? { name: 'sparseCategoricalCrossentropy', fromLogits: true } : task === 'sigmoid' ? 'binaryCrossentropy' : task === 'custom' ? (y: tf.Tensor, p: tf.Tensor) => tf.mean(tf.square(tf.sub(y, p))) : pick(r, ['meanSquaredError', 'meanAbsoluteError', 'huber', 'logcosh']);
    const { findings, failed } = await look({ model, loss: loss as never, optimizer: opt, data: { inputs: xs, labels: labels as never }, fit: { epochs: task === 'price' ? 300 : 20, batchSize: pick(r, [1, 8, 32, 512]) } });
    n += 1;
    const alarms = findings.filter(f => f.severity !== 'info');
    if (alarms.length + failed.length > 0) { for (const a of alarms) bad[a.rule] = (bad[a.rule] ?? 0) + 1; console.log('BAD', seed, { act, depth, units, init, columns, rowsN, task, opt, inputScale }, alarms.map(a => a.rule + ': ' + a.message), failed); }
  }
  console.log('TOTAL', n, bad);
}, 600000);
it('mnist', async () => {
  for (const [name, e] of Object.entries({
    mlp: { model: () => perceptron(), loss: 'sparseCategoricalCrossentropy', data: trainingDigits(2000), fit: { epochs: 3 } },
    cnn: { model: () => sequential({ layers: [layers.conv2d({ filters: 8, kernelSize: 5, activation: 'relu', inputShape: [28, 28, 1] }), layers.maxPooling2d({ poolSize: 2 }), layers.conv2d({ filters: 16, kernelSize: 5, activation: 'relu' }), layers.maxPooling2d({ poolSize: 2 }), layers.flatten(), layers.dense({ units: 10, activation: 'softmax' })] }), loss: 'sparseCategoricalCrossentropy', data: trainingDigits(2000, [28, 28, 1]), fit: { epochs: 3 } },
    big: { model: () => sequential({ layers: [layers.dense({ units: 512, activation: 'relu', inputShape: [784] }), layers.dropout({ rate: 0.5 }), layers.dense({ units: 512, activation: 'relu' }), layers.dropout({ rate: 0.5 }), layers.dense({ units: 10 })] }), loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true }, data: trainingDigits(2000), fit: { epochs: 3 } },
  })) {
    const { findings, ms, failed } = await look(e as never);
    console.log(name, Object.values(ms).reduce((a, b) => a + b, 0), JSON.stringify(ms), findings.map(f => f.severity + ' ' + f.rule + ' ' + f.message), failed);
  }
}, 600000);
it('hand', async () => {
  const bad: Record<string, number> = {}; let n = 0;
  for (let seed = 1; seed <= Number(process.env['M'] ?? 100); seed += 1) {
    const r = numbers(seed * 104729);
    const columns = pick(r, [2, 4, 8]); const hidden = pick(r, [4, 8, 32]); const rowsN = pick(r, [50, 300]);
    const task = pick(r, ['softmaxp', 'logits', 'sig', 'siglogits', 'reg', 'bn', 'ln'] as const);
    const inputs = table(rowsN, columns, seed); const c = Math.min(3, columns);
    const out = task === 'softmaxp' || task === 'logits' ? c : 1;
    const act = pick(r, [tf.relu, tf.tanh, tf.sigmoid, tf.elu]);
    const model = () => {
      const w = tf.variable(tf.randomNormal([columns, hidden], 0, Math.sqrt(2 / columns))), b = tf.variable(tf.zeros([hidden])), v = tf.variable(tf.randomNormal([hidden, out], 0, Math.sqrt(1 / hidden))), c2 = tf.variable(tf.zeros([out]));
      return { trainableWeights: { w, b, v, c2 }, forward: (x: tf.Tensor, { training }: { training: boolean }) => {
        let h: tf.Tensor = tf.add(tf.matMul(x as tf.Tensor2D, w as never), b);
        if (task === 'ln') { const { mean, variance } = tf.moments(h, -1, true); h = tf.div(tf.sub(h, mean), tf.sqrt(tf.add(variance, 1e-5))); }
        if (task === 'bn' && training) { const { mean, variance } = tf.moments(h, 0, true); h = tf.div(tf.sub(h, mean), tf.sqrt(tf.add(variance, 1e-5))); }
        h = act(h); if (training && r() < 2) h = tf.dropout(h, 0.2);
        const y = tf.add(tf.matMul(h as tf.Tensor2D, v as never), c2);
        return task === 'softmaxp' ? tf.softmax(y) : task === 'sig' ? tf.sigmoid(y) : y;
      } };
    };
    const cls = classesOf(inputs, c); const oh = cls.map(k => Array.from({ length: c }, (_, i) => Number(i === k)));
    const yn = inputs.map(([a = 0]) => [Number(a > pick(r, [0, 1.2]))]); const reg = targetsOf(inputs);
    const [loss, labels] = ({
      softmaxp: pick(r, [['sparseCategoricalCrossentropy', cls], [(y: tf.Tensor, p: tf.Tensor) => tf.neg(tf.mean(tf.sum(tf.mul(y, tf.log(tf.clipByValue(p, 1e-7, 1))), -1))), oh], ['categoricalCrossentropy', oh], ['meanSquaredError', oh]]),
      logits: pick(r, [[{ name: 'categoricalCrossentropy', fromLogits: true }, oh], [(y: tf.Tensor, p: tf.Tensor) => tf.losses.softmaxCrossEntropy(y, p), oh], [(y: tf.Tensor, p: tf.Tensor) => tf.losses.softmaxCrossEntropy(y, p, undefined, 0.1), oh], ['categoricalHinge', oh]]),
      sig: pick(r, [['binaryCrossentropy', yn], [(y: tf.Tensor, p: tf.Tensor) => tf.losses.logLoss(y, p), yn], ['meanSquaredError', yn]]),
      siglogits: pick(r, [[{ name: 'binaryCrossentropy', fromLogits: true }, yn], [(y: tf.Tensor, p: tf.Tensor) => tf.losses.sigmoidCrossEntropy(y, p), yn], ['hinge', yn.map(([a = 0]) => [2 * a - 1])]]),
      reg: pick(r, [['meanSquaredError', reg], [(y: tf.Tensor, p: tf.Tensor) => tf.losses.meanSquaredError(y, p), reg], [(y: tf.Tensor, p: tf.Tensor) => tf.losses.huberLoss(y, p), reg], [(y: tf.Tensor, p: tf.Tensor) => { const e = tf.sub(y, p); return tf.mean(tf.maximum(tf.mul(0.9, e), tf.mul(-0.1, e))); }, reg], [(y: tf.Tensor, p: tf.Tensor) => tf.mean(tf.abs(tf.sub(tf.reshape(y, [-1]), tf.reshape(p, [-1])))), reg]]),
      bn: ['meanSquaredError', reg], ln: ['meanSquaredError', reg] } as never as Record<string, [unknown, unknown]>)[task]!;
    const { findings, failed } = await look({ model: model as never, loss: loss as never, data: { inputs, labels: labels as never }, fit: { epochs: 10 } });
    n += 1;
    const alarms = findings.filter(f => f.severity !== 'info');
    if (alarms.length + failed.length > 0) { for (const a of alarms) bad[a.rule] = (bad[a.rule] ?? 0) + 1; console.log('BAD', seed, { task, act: act.name, hidden, columns, rowsN, loss: String(loss).slice(0, 200) }, alarms.map(a => a.rule + ': ' + a.message), failed); }
  }
  console.log('TOTAL hand', n, bad);
}, 600000);
