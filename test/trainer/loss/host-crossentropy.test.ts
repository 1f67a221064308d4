import * as tf from '@tensorflow/tfjs-core';
import '../on-backends.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { categoricalCrossentropy, sparseCategoricalCrossentropy } from '../../../src/trainer/loss/crossentropy.js';
import { compileLoss } from '../../../src/trainer/loss/index.js';
import { testBackends, useBackend } from '../../support/backends.js';

const classes = 5;
/** Above 4,096 elements kernels compute it, below the host does. */
const many = 1000;

/** Rows of probabilities that do not quite sum to 1, with some at and beyond the limits. */
const probabilities = (rows: number): Float32Array =>
  Float32Array.from({ length: rows * classes }, (_, i) => (i % 11 === 0 ? 0 : i % 13 === 0 ? 1 : i % 17 === 0 ? 1e-9 : (1 + Math.sin(i)) / 5));

describe.each(testBackends)('the crossentropy of small batches on %s', (backend) => {
  beforeEach(() => useBackend(backend));

  const both = (rows: number, kind: 'one-hot' | 'soft' | 'numbers'): { readonly losses: Float32Array; readonly gradient: Float32Array } =>
    tf.tidy(() => {
      const p = tf.tensor2d(probabilities(many).subarray(0, rows * classes), [rows, classes]);
      const numbers = Array.from({ length: rows }, (_, i) => (i * 3) % classes);
      const labels = kind === 'numbers' ? tf.tensor1d(numbers, 'float32') : tf.tidy(() => tf.add(tf.mul(tf.cast(tf.oneHot(tf.tensor1d(numbers, 'int32'), classes), 'float32'), kind === 'soft' ? 0.8 : 1), kind === 'soft' ? 0.04 : 0));
      const loss = kind === 'numbers' ? sparseCategoricalCrossentropy : categoricalCrossentropy;
      const weights = tf.tensor1d(Array.from({ length: rows }, (_, i) => 1 + (i % 3)));
      const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(loss(labels, x), weights)))(p);
      return { losses: loss(labels, p).dataSync<'float32'>().slice(), gradient: gradient.dataSync<'float32'>().slice() };
    });

  test.each(['one-hot', 'soft', 'numbers'] as const)('of %s labels has the values and gradients of the kernels', (kind) => {
    const before = tf.memory().numTensors;
    const [host, kernels] = [both(20, kind), both(many, kind)];
    expect(tf.memory().numTensors).toBe(before);
    expect(host.losses.every(Number.isFinite)).toBe(true);
    host.losses.forEach((loss, row) => expect(Math.abs(loss - (kernels.losses[row] ?? Number.NaN))).toBeLessThan(1e-5 * Math.max(1, loss)));
    host.gradient.forEach((value, i) => expect(Math.abs(value - (kernels.gradient[i] ?? Number.NaN))).toBeLessThan(2e-5 * Math.max(1, Math.abs(value))));
  });

  test.each(['one-hot', 'numbers'] as const)('the mean over a batch of %s labels is that of the rows, with half of its gradient where the output counts half', (kind) => {
    const before = tf.memory().numTensors;
    const rows = 20;
    const loss = compileLoss(kind === 'numbers' ? 'sparseCategoricalCrossentropy' : 'categoricalCrossentropy', [{ name: 'out', shape: [null, classes] }], { weights: [0.5] });
    tf.tidy(() => {
      const p = tf.tensor2d(probabilities(many).subarray(0, rows * classes), [rows, classes]);
      const numbers = tf.tensor1d(Array.from({ length: rows }, (_, i) => (i * 3) % classes), 'int32');
      const labels = kind === 'numbers' ? tf.cast(numbers, 'float32') : tf.cast(tf.oneHot(numbers, classes), 'float32');
      const ofRows = kind === 'numbers' ? sparseCategoricalCrossentropy : categoricalCrossentropy;
      const [total, gradient] = [loss.compute([labels], [p]).total, tf.grad((x: tf.Tensor) => loss.compute([labels], [x]).total)(p).dataSync()];
      const expected = ofRows(labels, p).dataSync<'float32'>().reduce((sum, each) => sum + each, 0) / rows;
      expect(total.dataSync()[0]).toBeCloseTo(expected / 2, 6);
      // Each row's loss counts for 1 / 20 of the mean, and that for half.
      const byRows = tf.grad((x: tf.Tensor) => tf.sum(ofRows(labels, x)))(p).dataSync();
      gradient.forEach((value, i) => expect(Math.abs(value - (byRows[i] ?? Number.NaN) / (2 * rows))).toBeLessThan(1e-6 * Math.max(1, Math.abs(value))));
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a NaN among the probabilities stays one, in the loss and in all gradients of its row', () => {
    tf.tidy(() => {
      const p = tf.tensor2d([[NaN, 0.5], [0.3, 0.7]]);
      const y = tf.tensor2d([[1, 0], [0, 1]]);
      const losses = categoricalCrossentropy(y, p).dataSync();
      expect(losses[0]).toBeNaN();
      expect(losses[1]).toBeCloseTo(-Math.log(0.7), 6);
      const gradient = tf.grad((x: tf.Tensor) => tf.sum(categoricalCrossentropy(y, x)))(p).dataSync();
      expect(gradient[0]).toBeNaN();
      expect([...gradient.slice(2)].every(Number.isFinite)).toBe(true);
    });
  });
});
