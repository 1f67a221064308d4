import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { Trainer } from '../../../src/index.js';
import { compileOptimizer, isExempt, type OptimizerSpec, type WeightDecay } from '../../../src/trainer/optimizer/index.js';
import { expectClose, onBackends } from '../on-backends.js';

const start = [1, -2, 0.5, 3];
const gradient = (t: number, i: number): number => Math.cos(2 * t + 5 * i);

/** A [2, 2] weight and a bias [4] after some steps with the same gradients. */
function train(spec: OptimizerSpec, steps: number, weightDecay?: WeightDecay, rates: readonly number[] = []): { kernel: number[]; bias: number[] } {
  const kernel: tf.Variable = tf.tidy(() => tf.variable<tf.Rank>(tf.tensor2d(start, [2, 2])));
  const bias: tf.Variable = tf.tidy(() => tf.variable<tf.Rank>(tf.tensor1d(start)));
  const optimizer = compileOptimizer(spec, { weightDecay });
  for (let t = 1; t <= steps; t++) {
    const values = start.map((_, i) => gradient(t, i));
    const gradients = new Map<tf.Variable, tf.Tensor>([[kernel, tf.tensor2d(values, [2, 2])], [bias, tf.tensor1d(values)]]);
    const rate = rates[t - 1];
    if (rate !== undefined) optimizer.learningRate = rate;
    optimizer.apply(gradients);
    tf.dispose([...gradients.values()]);
  }
  const result = { kernel: Array.from(kernel.dataSync()), bias: Array.from(bias.dataSync()) };
  optimizer.dispose();
  tf.dispose([kernel, bias]);
  return result;
}

/** Adam with either decay, in double precision. */
function adam(steps: number, decay: { decoupled?: number; l2?: number }, rate: (t: number) => number = () => 0.1): number[] {
  return start.map((w0, i) => {
    let [w, m, v] = [w0, 0, 0];
    for (let t = 1; t <= steps; t++) {
      const g = gradient(t, i) + (decay.l2 ?? 0) * w;
      w *= 1 - rate(t) * (decay.decoupled ?? 0);
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      w -= (rate(t) * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-7);
    }
    return w;
  });
}

onBackends('weight decay', () => {
  test('adamw shrinks the kernel beside Adam’s update (Loshchilov & Hutter), and not the bias', () => {
    const before = tf.memory().numTensors;
    const { kernel, bias } = train({ name: 'adamw', learningRate: 0.1, weightDecay: 0.3 }, 5);
    expectClose(kernel, adam(5, { decoupled: 0.3 }), 3e-5);
    expectClose(bias, adam(5, {}), 3e-5);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('adamw decays by 0.01 when nothing is said, as PyTorch’s does', () => {
    expectClose(train({ name: 'adamw', learningRate: 0.1 }, 5).kernel, adam(5, { decoupled: 0.01 }), 3e-5);
  });

  test('decoupled decay follows the learning rate of the step', () => {
    const rates = [0.1, 0.05, 0.2];
    expectClose(train({ name: 'adamw', learningRate: 0.1, weightDecay: 0.3 }, 3, undefined, rates).kernel, adam(3, { decoupled: 0.3 }, (t) => rates[t - 1]!), 3e-5);
  });

  test('l2 adds rate x w to the gradient, and leaves the gradients that it was given', () => {
    const before = tf.memory().numTensors;
    const { kernel, bias } = train({ name: 'adam', learningRate: 0.1, weightDecay: { rate: 0.3, mode: 'l2' } }, 5);
    expectClose(kernel, adam(5, { l2: 0.3 }), 3e-5);
    expectClose(bias, adam(5, {}), 3e-5);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('for plain SGD the two are one: w - 0.1 (g + 0.3 w)', () => {
    const expected = start.map((w, i) => w - 0.1 * (gradient(1, i) + 0.3 * w));
    for (const mode of ['decoupled', 'l2'] as const) expectClose(train({ name: 'sgd', learningRate: 0.1 }, 1, { rate: 0.3, mode }).kernel, expected);
  });

  test('it goes with an optimizer of the user’s, and who is exempt can be said', () => {
    const mine = tf.train.sgd(0.1);
    const { kernel, bias } = train(mine, 1, { rate: 0.3, mode: 'decoupled', exempt: ({ shape }) => shape.length === 2 });
    expectClose(kernel, start.map((w, i) => w - 0.1 * gradient(1, i)));
    expectClose(bias, start.map((w, i) => 0.97 * w - 0.1 * gradient(1, i)));
    mine.dispose();
  });

  test('of a model written by hand, it goes by the name in the record, not by the variable’s own', async () => {
    for (const mode of ['decoupled', 'l2'] as const) {
      const [w, bias]: readonly tf.Variable[] = tf.tidy(() => [tf.variable<tf.Rank>(tf.ones([1, 1])), tf.variable<tf.Rank>(tf.ones([1, 1]))]);
      const model = { forward: (x: tf.Tensor) => tf.mul(x, tf.add(w!, bias!)), trainableWeights: { 'd/kernel': w!, 'd/bias': bias! } };
      const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.1 }, weightDecay: { rate: 0.5, mode }, backend: 'keep' });
      await trainer.fit({ inputs: [[1]], labels: [[2]] }); // the prediction is right, so decay alone moves: 1 - 0.1 · 0.5
      expectClose([...(await w!.data()), ...(await bias!.data())], [0.95, 1]);
      await trainer.dispose();
      tf.dispose([w!, bias!]);
    }
  });

  test('a weight without a gradient is not decayed', () => {
    const kernel: tf.Variable = tf.tidy(() => tf.variable<tf.Rank>(tf.tensor2d(start, [2, 2])));
    const optimizer = compileOptimizer({ name: 'adamw', learningRate: 0.1, weightDecay: 0.3 });
    optimizer.apply(new Map());
    expect(Array.from(kernel.dataSync())).toEqual(start);
    optimizer.dispose();
    kernel.dispose();
  });
});

test.each([
  ['dense_Dense1/kernel', [3, 4], false],
  ['dense_Dense1/bias', [4], true],
  ['layer_norm/gamma_2', [3, 4], true],
  ['layer_norm/beta', [3, 4], true],
  ['my/betaWeights', [3, 4], false],
  ['temperature', [], true],
] as const)('%s of shape %j is exempt: %s', (name, shape, expected) => {
  expect(isExempt({ name, shape })).toBe(expected);
});
