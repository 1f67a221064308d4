import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { registerTrainingKernels } from '../../../src/backend/index.js';
import { compileOptimizer, type OptimizerConfig, type TrainerOptimizer } from '../../../src/trainer/optimizer/index.js';
import { expectClose } from '../on-backends.js';

/** Two weights that fill no vector evenly (35 and 3 values), and one of a single value. */
const shapes = { 'dense/kernel': [5, 7], 'dense/bias': [3], scale: [1, 1] } as const;
type Weights = Readonly<Record<keyof typeof shapes, tf.Variable>>;
const names = Object.keys(shapes) as (keyof typeof shapes)[];

const wave = (t: number, seed: number, size: number): number[] => Array.from({ length: size }, (_, i) => Math.sin(3 * t + 7 * i + seed) * (1 + (i % 5)) + 0.2);

let made = 0;
function makeWeights(): Weights {
  made++;
  return Object.fromEntries(names.map((name, at) => {
    const shape = shapes[name];
    const size = shape.reduce((all: number, each) => all * each, 1);
    return [name, tf.tidy(() => tf.variable<tf.Rank>(tf.tensor(wave(0, at, size), [...shape]), true, `set${made}/${name}`))];
  })) as Weights;
}

/** The t-th gradients; `trained` are the weights that get one. */
function step(optimizer: TrainerOptimizer, weights: Weights, t: number, trained: readonly (keyof typeof shapes)[] = names): void {
  const gradients = new Map(trained.map((name, at) => [weights[name], tf.tensor(wave(t, at, weights[name].size), weights[name].shape)] as const));
  optimizer.apply(gradients);
  tf.dispose([...gradients.values()]);
}

const values = (weights: Weights): number[] => names.flatMap((name) => [...weights[name].dataSync()]);

/** What trains the same with the stock optimizer, on the same backend: an own property keeps the update from being fused. */
function stock(optimizer: tf.Optimizer): tf.Optimizer {
  const { applyGradients } = optimizer;
  optimizer.applyGradients = applyGradients;
  return optimizer;
}

const optimizers: readonly (readonly [OptimizerConfig, () => tf.Optimizer])[] = [
  [{ name: 'sgd', learningRate: 0.05 }, () => tf.train.sgd(0.05)],
  [{ name: 'momentum', learningRate: 0.02, momentum: 0.9 }, () => tf.train.momentum(0.02, 0.9)],
  [{ name: 'momentum', learningRate: 0.02, momentum: 0.7, nesterov: true }, () => tf.train.momentum(0.02, 0.7, true)],
  [{ name: 'adam', learningRate: 0.02 }, () => tf.train.adam(0.02)],
  [{ name: 'adam', learningRate: 0.02, beta1: 0.5, beta2: 0.9, epsilon: 1e-3 }, () => tf.train.adam(0.02, 0.5, 0.9, 1e-3)],
  [{ name: 'rmsprop', learningRate: 0.01 }, () => tf.train.rmsprop(0.01)],
  [{ name: 'rmsprop', learningRate: 0.01, rho: 0.8, momentum: 0.6, epsilon: 1e-5 }, () => tf.train.rmsprop(0.01, 0.8, 0.6, 1e-5)],
];
const decays = [undefined, { rate: 0.1, mode: 'decoupled' }, { rate: 0.1, mode: 'l2' }] as const;
const cases = optimizers.flatMap(([config, make]) => decays.map((weightDecay) => [JSON.stringify(config), JSON.stringify(weightDecay), config, make, weightDecay] as const));

/** Names of the kernels that are called meanwhile. */
function kernelsOf(work: () => void): string[] {
  const engine = tf.engine();
  const called: string[] = [];
  const { runKernel } = engine;
  const spy = vi.spyOn(engine, 'runKernel').mockImplementation((...args) => {
    called.push(args[0]);
    return runKernel.apply(engine, args);
  });
  work();
  spy.mockRestore();
  return called;
}

beforeAll(async () => {
  await import('@tensorflow/tfjs-backend-wasm');
  await import('@tensorflow/tfjs-backend-cpu');
  registerTrainingKernels();
  await tf.setBackend('wasm');
});
afterEach(() => tf.setBackend('wasm'));

describe.each(['wasm', 'cpu'])('updates that are fused on %s', (backend) => {
  beforeEach(() => tf.setBackend(backend));

  test.each(cases)('%s with decay %s equals the stock optimizer over 50 steps of a falling rate', (_name, _decay, config, make, weightDecay) => {
    const [ours, theirs] = [makeWeights(), makeWeights()];
    const fused = compileOptimizer(config, { weightDecay });
    const reference = compileOptimizer(stock(make()), { weightDecay });
    const peak = config.learningRate!;
    for (let t = 1; t <= 50; t++) {
      fused.learningRate = reference.learningRate = peak * (1 - t / 60);
      step(fused, ours, t);
      step(reference, theirs, t);
    }
    const moved = values(ours).map((value, i) => Math.abs(value - names.flatMap((name, at) => wave(0, at, ours[name].size))[i]!));
    expect(Math.max(...moved)).toBeGreaterThan(0.1);
    // float32, with divisions by 1 - beta^t as products with its inverse.
    expectClose(values(ours), values(theirs), 1e-5);
    expect(fused.iterations).toBe(50);
    const [mine, other] = [fused.snapshot(), reference.snapshot()];
    expect(mine.slots.map(({ name }) => name)).toEqual(other.slots.map(({ name }) => name));
    mine.slots.forEach(({ tensor }, at) => expectClose(tensor.dataSync(), other.slots[at]!.tensor.dataSync(), 1e-5));
    mine.dispose();
    other.dispose();
    fused.dispose();
    reference.dispose();
    tf.dispose([ours, theirs]);
  });

  test('Adam of three weights is one kernel call', () => {
    const weights = makeWeights();
    const optimizer = compileOptimizer({ name: 'adam' });
    step(optimizer, weights, 1);
    const called = kernelsOf(() => step(optimizer, weights, 2));
    expect(called).toEqual(['TrainscopeAdam']);
    optimizer.dispose();
    tf.dispose(weights);
  });

  test('the slots are named as the stock optimizer names them', async () => {
    const weights = makeWeights();
    const adam = tf.train.adam(0.1);
    step(compileOptimizer(adam), weights, 1);
    const saved = await adam.getWeights();
    expect(saved.map(({ name }) => name)).toEqual(['iter', ...names.map((name) => `${weights[name].name}/m`), ...names.map((name) => `${weights[name].name}/v`)]);
    saved[0]!.tensor.dispose();
    adam.dispose();
    tf.dispose(weights);
  });

  test.each([{ name: 'adam' }, { name: 'rmsprop', momentum: 0.5 }, { name: 'momentum' }] as const)('$name goes on from a snapshot exactly, and the snapshot stays as it was', (config) => {
    const weights = makeWeights();
    const optimizer = compileOptimizer(config);
    for (let t = 1; t <= 3; t++) step(optimizer, weights, t);
    const state = optimizer.snapshot();
    const kept = state.slots.map(({ tensor }) => [...tensor.dataSync()]);
    const before = names.map((name) => tf.clone<tf.Tensor>(weights[name]));
    const valuesBefore = values(weights);
    for (let t = 4; t <= 6; t++) step(optimizer, weights, t);
    const expected = values(weights);
    expect(state.slots.map(({ tensor }) => [...tensor.dataSync()])).toEqual(kept);
    expect(before.flatMap((clone) => [...clone.dataSync()])).toEqual(valuesBefore);

    names.forEach((name, at) => weights[name].assign(before[at]!));
    const other = compileOptimizer(config);
    other.restore(state);
    for (let t = 4; t <= 6; t++) step(other, weights, t);
    expect(values(weights)).toEqual(expected);
    expect(state.slots.map(({ tensor }) => [...tensor.dataSync()])).toEqual(kept);
    state.dispose();
    tf.dispose([before, weights]);
    optimizer.dispose();
    other.dispose();
  });

  test('fused and stock updates take turns with the same slots: 3 steps each way are 6 of either', () => {
    const [ours, theirs] = [makeWeights(), makeWeights()];
    const adam = tf.train.adam(0.05);
    const turns = compileOptimizer(adam);
    const reference = compileOptimizer(stock(tf.train.adam(0.05)));
    for (let t = 1; t <= 6; t++) {
      if (t === 4) stock(adam);
      step(turns, ours, t);
      step(reference, theirs, t);
    }
    expectClose(values(ours), values(theirs), 1e-6);
    turns.dispose();
    reference.dispose();
    adam.dispose();
    tf.dispose([ours, theirs]);
  });

  test('a convolution after an update is of the new filter, though XNNPACK keeps a packed copy of the old one', () => {
    // x is 2, the filter 1; the gradient 1 at a rate of 3 makes it -2.
    const filter = tf.variable<tf.Rank.R4>(tf.ones([1, 1, 1, 1]));
    const x = tf.fill<tf.Rank.R4>([1, 1, 1, 1], 2);
    const optimizer = compileOptimizer({ name: 'sgd', learningRate: 3 });
    const output = (): number => tf.tidy(() => tf.conv2d(x, filter, 1, 'valid').dataSync()[0]!);
    expect(output()).toBe(2);
    const gradient = tf.ones([1, 1, 1, 1]);
    optimizer.apply(new Map([[filter, gradient]]));
    expect(output()).toBe(-4);
    optimizer.dispose();
    tf.dispose([filter, x, gradient]);
  });

  test('NaN and infinite gradients reach the weight: [1, NaN, -Infinity] at a rate of 0.5 from 0', () => {
    const weight = tf.variable<tf.Rank>(tf.zeros([3]));
    const gradient = tf.tensor1d([1, NaN, -Infinity]);
    const optimizer = compileOptimizer({ name: 'sgd', learningRate: 0.5 });
    optimizer.apply(new Map([[weight, gradient]]));
    expect([...weight.dataSync()]).toEqual([-0.5, NaN, Infinity]);
    optimizer.dispose();
    tf.dispose([weight, gradient]);
  });
});

describe('updates that are not fused', () => {
  const one = (optimizer: tf.Optimizer): string[] => {
    const weights = makeWeights();
    const ours = compileOptimizer(optimizer);
    const called = kernelsOf(() => step(ours, weights, 1));
    tf.dispose(weights);
    return called.filter((name) => name.startsWith('Trainscope'));
  };

  test('a subclass of Adam updates by its own method', () => {
    let calls = 0;
    class Counting extends tf.AdamOptimizer {
      override applyGradients(gradients: Parameters<tf.AdamOptimizer['applyGradients']>[0]): void {
        calls++;
        super.applyGradients(gradients);
      }
    }
    expect(one(new Counting(0.1, 0.9, 0.999))).toEqual([]);
    expect(calls).toBe(1);
  });

  test('centered RMSProp and Adagrad are the stock ones', () => {
    expect(one(tf.train.rmsprop(0.1, 0.9, 0, 1e-7, true))).toEqual([]);
    expect(one(tf.train.adagrad(0.1))).toEqual([]);
  });

});
