import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { CheckpointError, ConfigError, TrainscopeError, type ErrorCode } from '../../../src/errors.js';
import { compileOptimizer, optimizerConfigSchema, optimizerNames, type OptimizerOptions, type OptimizerSpec } from '../../../src/trainer/optimizer/index.js';
import '@tensorflow/tfjs-backend-cpu';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** The configuration that a spec comes to; nothing is left. */
function configOf(spec: OptimizerSpec, options: OptimizerOptions = {}): Readonly<Record<string, unknown>> {
  const optimizer = compileOptimizer(spec, options);
  optimizer.dispose();
  return optimizer.config();
}

test('every name is an optimizer, written with capitals too', () => {
  for (const name of optimizerNames) {
    expect(configOf(name)).toMatchObject({ name });
    expect(configOf(name.toUpperCase())).toMatchObject({ name });
  }
});

test('the configuration is plain data with all defaults', () => {
  expect(configOf('adam')).toEqual({ name: 'adam', learningRate: 0.001, beta1: 0.9, beta2: 0.999 });
  expect(configOf('adamw')).toMatchObject({ weightDecay: { rate: 0.01, mode: 'decoupled' } });
  expect(configOf('sgd', { weightDecay: { rate: 0.1, mode: 'l2', exempt: () => false } })).toEqual({
    name: 'sgd',
    learningRate: 0.01,
    momentum: 0,
    nesterov: false,
    weightDecay: { rate: 0.1, mode: 'l2' },
  });
  const mine = tf.train.adagrad(0.25);
  expect(configOf(mine)).toEqual({ name: 'Adagrad', learningRate: 0.25, initialAccumulatorValue: 0.1 });
  mine.dispose();
});

test('decay beside the options goes over the default of adamw', () => {
  expect(configOf('adamw', { weightDecay: { rate: 0.2, mode: 'decoupled' } })).toMatchObject({ weightDecay: { rate: 0.2 } });
});

test('the schema takes what a config file says', () => {
  expect(optimizerConfigSchema.parse({ name: 'rmsprop', learningRate: 0.01 })).toMatchObject({ rho: 0.9, momentum: 0 });
  expect(optimizerConfigSchema.safeParse({ name: 'adam', learningRate: -1 }).success).toBe(false);
});

test.each<[string, unknown, ErrorCode, RegExp]>([
  ['a mistyped name', 'adma', 'OPTIMIZER_INVALID', /unknown optimizer "adma"/],
  ['a mistyped option', { name: 'adam', learningrate: 0.1 }, 'OPTIMIZER_INVALID', /learningrate.*did you mean "learningRate"\?/],
  ['a rate below 0', { name: 'adam', learningRate: -0.1 }, 'OPTIMIZER_INVALID', /learningRate/],
  ['a beta of 1', { name: 'adam', beta2: 1 }, 'OPTIMIZER_INVALID', /beta2/],
  ['nesterov without momentum', { name: 'sgd', nesterov: true }, 'OPTIMIZER_INVALID', /nesterov: it needs a momentum/],
  ['adamw with l2', { name: 'adamw', weightDecay: { rate: 0.1, mode: 'l2' } }, 'OPTIMIZER_INVALID', /use adam for mode l2/],
  ['a number', 0.1, 'OPTIMIZER_INVALID', /a value of type number/],
  ['null', null, 'OPTIMIZER_INVALID', /is null/],
  ['an object that applies no gradients', { minimize: () => null, learningRate: 0.1 }, 'OPTIMIZER_INVALID', /without name and applyGradients/],
  ['an optimizer without a learning rate', { applyGradients: () => null }, 'OPTIMIZER_NO_LEARNING_RATE', /learningRate is undefined/],
  ['a learning rate of NaN', { applyGradients: () => null, learningRate: Number.NaN }, 'OPTIMIZER_NO_LEARNING_RATE', /is NaN/],
])('%s is refused', (_, spec, code, message) => {
  let error: unknown;
  try {
    compileOptimizer(spec as OptimizerSpec).dispose();
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).code).toBe(code);
  expect((error as ConfigError).message).toMatch(message);
});

test('all problems with the options are told at once', () => {
  try {
    compileOptimizer({ name: 'adam', beta1: 2, beta2: -1, learningRate: 'fast' } as unknown as OptimizerSpec);
    expect.fail('nothing was thrown');
  } catch (error) {
    expect((error as ConfigError).problems.map(({ path }) => path.join('.')).sort()).toEqual(['beta1', 'beta2', 'learningRate']);
  }
});

test('decay that is given twice is refused', () => {
  expect(() => compileOptimizer({ name: 'sgd', weightDecay: 0.1 }, { weightDecay: { rate: 0.2, mode: 'l2' } })).toThrow(/given twice/);
});

test.each([Number.NaN, Infinity, -0.1])('a learning rate cannot be set to %s', (rate) => {
  const optimizer = compileOptimizer('sgd');
  expect(() => (optimizer.learningRate = rate)).toThrow(TrainscopeError);
  expect(optimizer.learningRate).toBe(0.01);
  optimizer.dispose();
});

test('a weight that was disposed of is named', () => {
  const optimizer = compileOptimizer('sgd');
  const variable = tf.tidy(() => tf.variable(tf.zeros([2]), true, 'gone'));
  variable.dispose();
  const gradient = tf.ones([2]);
  expect(() => optimizer.apply(new Map([[variable, gradient]]))).toThrow(/the weight "gone" was disposed of/);
  tf.dispose(gradient);
  optimizer.dispose();
});

test('a state of another optimizer, or of weights of other shapes, is refused and changes nothing', () => {
  const variable: tf.Variable = tf.tidy(() => tf.variable<tf.Rank>(tf.ones([2])));
  const [adam, sgd] = [compileOptimizer('adam'), compileOptimizer('sgd')];
  const gradient = tf.ones([2]);
  adam.apply(new Map([[variable, gradient]]));
  const [snapshot, other] = [adam.snapshot(), sgd.snapshot()];
  expect(() => adam.restore(other)).toThrow(CheckpointError);
  expect(() => adam.restore(other)).toThrow(/the saved optimizer is SGD; this one is Adam/);
  const wide = tf.ones([3]);
  const torn = { ...snapshot, slots: snapshot.slots.map((slot) => (slot.name === 'accumulatedSecondMoment.0' ? { ...slot, tensor: wide } : slot)) };
  expect(() => adam.restore(torn)).toThrow(/slot "accumulatedSecondMoment\.0" has shape \[3\]; its weight ".*" has shape \[2\]/);
  expect(() => adam.restore({ ...snapshot, slots: [{ name: 'velocity.0', tensor: wide }] })).toThrow(/no slot "velocity\.0"/);
  const after = adam.snapshot();
  expect(after.slots.map(({ tensor }) => Array.from(tensor.dataSync()))).toEqual(snapshot.slots.map(({ tensor }) => Array.from(tensor.dataSync())));
  for (const each of [snapshot, other, after, adam, sgd]) each.dispose();
  tf.dispose([variable, gradient, wide]);
});

test('the slots of Adam have names and the order has the weights', () => {
  const variable: tf.Variable = tf.tidy(() => tf.variable<tf.Rank>(tf.ones([2]), true, 'kernel-of-test'));
  const adam = compileOptimizer('adam');
  const gradient = tf.ones([2]);
  adam.apply(new Map([[variable, gradient]]));
  const snapshot = adam.snapshot();
  expect(snapshot.optimizer).toBe('Adam');
  expect(snapshot.order).toEqual(['kernel-of-test']);
  expect(snapshot.slots.map(({ name }) => name).sort()).toEqual(['accBeta1', 'accBeta2', 'accumulatedFirstMoment.0', 'accumulatedSecondMoment.0']);
  for (const each of [snapshot, adam]) each.dispose();
  tf.dispose([variable, gradient]);
});
