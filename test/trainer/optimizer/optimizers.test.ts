import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { compileOptimizer, type OptimizerConfig, type TrainerOptimizer } from '../../../src/trainer/optimizer/index.js';
import { expectClose, onBackends } from '../on-backends.js';

/** One element's update in double precision: how much the weight goes down. `s` is its slots, `t` the step from 1. */
type Rule = (g: number, s: Record<string, number>, t: number) => number;

const slot = (s: Record<string, number>, name: string, initial = 0): number => s[name] ?? initial;

// As published, with the epsilons in the places where TensorFlow.js has them.
const rules: readonly (readonly [OptimizerConfig, Rule])[] = [
  [{ name: 'sgd', learningRate: 0.1 }, (g) => 0.1 * g],
  [{ name: 'sgd', learningRate: 0.1, momentum: 0.5 }, (g, s) => 0.1 * (s.v = 0.5 * slot(s, 'v') + g)],
  [{ name: 'momentum', learningRate: 0.1 }, (g, s) => 0.1 * (s.v = 0.9 * slot(s, 'v') + g)],
  [
    { name: 'momentum', learningRate: 0.1, momentum: 0.8, nesterov: true },
    (g, s) => {
      s.v = 0.8 * slot(s, 'v') + g;
      return 0.1 * (g + 0.8 * s.v);
    },
  ],
  [
    { name: 'adam', learningRate: 0.1, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 },
    (g, s, t) => {
      s.m = 0.8 * slot(s, 'm') + 0.2 * g;
      s.v = 0.95 * slot(s, 'v') + 0.05 * g * g;
      return (0.1 * (s.m / (1 - 0.8 ** t))) / (Math.sqrt(s.v / (1 - 0.95 ** t)) + 1e-3);
    },
  ],
  [
    { name: 'adamax', learningRate: 0.1 },
    (g, s, t) => {
      s.m = 0.9 * slot(s, 'm') + 0.1 * g;
      s.u = Math.max(0.999 * slot(s, 'u'), Math.abs(g));
      return (0.1 / (1 - 0.9 ** t)) * (s.m / (s.u + 1e-7));
    },
  ],
  [
    { name: 'rmsprop', learningRate: 0.1, momentum: 0.5, rho: 0.8 },
    (g, s) => {
      s.v = 0.8 * slot(s, 'v') + 0.2 * g * g;
      return (s.m = 0.5 * slot(s, 'm') + (0.1 * g) / Math.sqrt(s.v + 1e-7));
    },
  ],
  [
    { name: 'adagrad', learningRate: 0.1, initialAccumulator: 0.2 },
    (g, s) => {
      s.a = slot(s, 'a', 0.2) + g * g;
      return (0.1 * g) / Math.sqrt(s.a + 1e-7);
    },
  ],
  [
    { name: 'adadelta', learningRate: 0.5, rho: 0.9, epsilon: 1e-4 },
    (g, s) => {
      const step = (Math.sqrt(slot(s, 'u') + 1e-4) / Math.sqrt(slot(s, 'a') + 1e-4)) * g;
      s.a = 0.9 * slot(s, 'a') + 0.1 * g * g;
      s.u = 0.9 * slot(s, 'u') + 0.1 * step * step;
      return 0.5 * step;
    },
  ],
];

const names = rules.map(([config, rule]) => [JSON.stringify(config), config, rule] as const);

const initial = { matrix: [1, -2, 0.5, 3], vector: [0.25, -1] };
const gradient = (t: number, i: number): number => Math.sin(3 * t + 7 * i) + 0.3;

/** Two weights, [2, 2] and [2], made on the backend in use. */
function weights(): { matrix: tf.Variable; vector: tf.Variable } {
  return tf.tidy(() => ({ matrix: tf.variable<tf.Rank>(tf.tensor2d(initial.matrix, [2, 2])), vector: tf.variable<tf.Rank>(tf.tensor1d(initial.vector)) }));
}

/** The t-th step with these gradients for those of the weights that are trained in it. */
function step(optimizer: TrainerOptimizer, t: number, trained: readonly tf.Variable[]): void {
  const gradients = new Map(
    trained.map((variable) => [variable, tf.tensor(Array.from({ length: variable.size }, (_, i) => gradient(t, i)), variable.shape)] as const),
  );
  const before = tf.memory().numTensors;
  const slots = optimizer.snapshot();
  const known = slots.slots.length;
  slots.dispose();
  optimizer.apply(gradients);
  const after = optimizer.snapshot();
  const made = after.slots.length - known;
  after.dispose();
  expect(tf.memory().numTensors - before).toBe(made);
  tf.dispose([...gradients.values()]);
}

const read = (variable: tf.Variable): number[] => Array.from(variable.dataSync());

onBackends('optimizers', () => {
  test.each(names)('%s follows its rule for five steps of two weights', (_, config, rule) => {
    const { matrix, vector } = weights();
    const optimizer = compileOptimizer(config);
    const expected = { matrix: [...initial.matrix], vector: [...initial.vector] };
    const slots = Array.from({ length: 6 }, () => ({}));
    for (let t = 1; t <= 5; t++) {
      step(optimizer, t, [matrix, vector]);
      expected.matrix.forEach((_w, i) => (expected.matrix[i]! -= rule(gradient(t, i), slots[i]!, t)));
      expected.vector.forEach((_w, i) => (expected.vector[i]! -= rule(gradient(t, i), slots[4 + i]!, t)));
    }
    expectClose(read(matrix), expected.matrix, 3e-5);
    expectClose(read(vector), expected.vector, 3e-5);
    expect(optimizer.iterations).toBe(5);
    optimizer.dispose();
    tf.dispose([matrix, vector]);
  });

  test.each(names)('%s: a weight that is frozen for two steps stays, and goes on with its own moments', (_, config, rule) => {
    const { matrix, vector } = weights();
    const optimizer = compileOptimizer(config);
    const expected = { matrix: [...initial.matrix], vector: [...initial.vector] };
    const slots = Array.from({ length: 6 }, () => ({}));
    // The matrix, first in the list, is frozen in steps 3 and 4; in step 6 the two come in the other order.
    for (let t = 1; t <= 6; t++) {
      const frozen = t === 3 || t === 4;
      const before = read(matrix);
      step(optimizer, t, frozen ? [vector] : t === 6 ? [vector, matrix] : [matrix, vector]);
      if (frozen) expect(read(matrix)).toEqual(before);
      else expected.matrix.forEach((_w, i) => (expected.matrix[i]! -= rule(gradient(t, i), slots[i]!, t)));
      expected.vector.forEach((_w, i) => (expected.vector[i]! -= rule(gradient(t, i), slots[4 + i]!, t)));
    }
    expectClose(read(matrix), expected.matrix, 3e-5);
    expectClose(read(vector), expected.vector, 3e-5);
    optimizer.dispose();
    tf.dispose([matrix, vector]);
  });

  test.each(names)('%s: a rate of 0 leaves the weights, and a rate set to 0.2 is used from then on', (_, config) => {
    const { matrix, vector } = weights();
    const optimizer = compileOptimizer(config);
    expect(optimizer.learningRate).toBe(config.learningRate);
    optimizer.learningRate = 0;
    step(optimizer, 1, [matrix, vector]);
    expect(read(matrix)).toEqual(initial.matrix);
    const twin = compileOptimizer(config);
    const other = weights();
    twin.learningRate = 0;
    step(twin, 1, [other.matrix, other.vector]);
    optimizer.learningRate = 0.2;
    twin.learningRate = 0.1;
    expect([optimizer.learningRate, twin.learningRate]).toEqual([0.2, 0.1]);
    step(optimizer, 2, [matrix, vector]);
    step(twin, 2, [other.matrix, other.vector]);
    // An update is in proportion to its rate.
    const [twice, once] = [read(matrix), read(other.matrix)];
    expectClose(twice.map((w, i) => w - initial.matrix[i]!), once.map((w, i) => 2 * (w - initial.matrix[i]!)), 3e-6);
    optimizer.dispose();
    twin.dispose();
    tf.dispose([matrix, vector, other]);
  });

  test.each(names)('%s: going on from a snapshot gives the same bits, in the same optimizer and in a new one', (_, config) => {
    const { matrix, vector } = weights();
    const optimizer = compileOptimizer(config);
    for (let t = 1; t <= 3; t++) step(optimizer, t, t === 2 ? [vector] : [matrix, vector]);
    const snapshot = optimizer.snapshot();
    const kept = [matrix, vector].map((variable) => variable.dataSync().slice());
    optimizer.learningRate = 0.05;
    const goOn = (which: TrainerOptimizer): number[] => {
      for (let t = 4; t <= 6; t++) step(which, t, [matrix, vector]);
      return [...read(matrix), ...read(vector)];
    };
    const back = (): void => {
      [matrix, vector].forEach((variable, i) => {
        tf.tidy(() => variable.assign(tf.tensor(kept[i]!, variable.shape)));
      });
    };
    optimizer.learningRate = snapshot.learningRate;
    const first = goOn(optimizer);
    back();
    optimizer.restore(snapshot);
    expect(optimizer.iterations).toBe(3);
    expect(goOn(optimizer)).toEqual(first);
    back();
    const fresh = compileOptimizer(config);
    fresh.restore(snapshot);
    expect(fresh.iterations).toBe(3);
    expect(goOn(fresh)).toEqual(first);
    for (const each of [optimizer, fresh, snapshot]) each.dispose();
    tf.dispose([matrix, vector]);
  });

  test.each(names)('%s leaves no tensor behind when it is disposed of', (_, config) => {
    const before = tf.memory().numTensors;
    const { matrix, vector } = weights();
    const optimizer = compileOptimizer(config);
    step(optimizer, 1, [matrix, vector]);
    optimizer.learningRate = 0.01;
    const snapshot = optimizer.snapshot();
    step(optimizer, 2, [vector]);
    optimizer.restore(snapshot);
    for (const each of [optimizer, snapshot]) each.dispose();
    tf.dispose([matrix, vector]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a snapshot taken before the first step forgets the steps after it', () => {
    const { matrix, vector } = weights();
    const optimizer = compileOptimizer({ name: 'momentum', learningRate: 1, momentum: 0.5 });
    const snapshot = optimizer.snapshot();
    step(optimizer, 1, [vector]);
    optimizer.restore(snapshot);
    // Without a velocity from before: w - g.
    const before = read(vector);
    step(optimizer, 2, [vector]);
    expectClose(read(vector), before.map((w, i) => w - gradient(2, i)));
    expect(optimizer.iterations).toBe(1);
    for (const each of [optimizer, snapshot]) each.dispose();
    tf.dispose([matrix, vector]);
  });

  test('a state goes over to variables of other names when its order is mapped', () => {
    const [old, now] = [weights(), weights()];
    const [optimizer, other] = [compileOptimizer('adam'), compileOptimizer('adam')];
    for (let t = 1; t <= 2; t++) step(optimizer, t, [old.matrix, old.vector]);
    tf.tidy(() => {
      now.matrix.assign(tf.clone(old.matrix));
      now.vector.assign(tf.clone(old.vector));
    });
    const snapshot = optimizer.snapshot();
    const names = new Map([[old.matrix.name, now.matrix.name], [old.vector.name, now.vector.name]]);
    other.restore({ ...snapshot, order: snapshot.order.map((name) => names.get(name)!) });
    step(optimizer, 3, [old.matrix, old.vector]);
    // The other way round: the places are the names', not the list's.
    step(other, 3, [now.vector, now.matrix]);
    expect([...read(now.matrix), ...read(now.vector)]).toEqual([...read(old.matrix), ...read(old.vector)]);
    for (const each of [optimizer, other, snapshot]) each.dispose();
    tf.dispose([old, now]);
  });

  test('an optimizer of the user’s that was used before keeps its moments, and is not disposed of', () => {
    const { matrix, vector } = weights();
    const mine = tf.train.momentum(1, 0.5);
    // A step of its own, vector first: its velocity becomes 2.
    tf.tidy(() => {
      mine.applyGradients([{ name: vector.name, tensor: tf.tensor1d([2, 2]) }, { name: matrix.name, tensor: tf.zeros([2, 2]) }]);
    });
    const optimizer = compileOptimizer(mine);
    const gradients = new Map<tf.Variable, tf.Tensor>([[matrix, tf.ones([2, 2])], [vector, tf.zeros([2])]]);
    const before = read(vector);
    optimizer.apply(gradients);
    expectClose(read(vector), before.map((w) => w - 1));
    expectClose(read(matrix), initial.matrix.map((w) => w - 1));
    optimizer.dispose();
    // Still usable: the velocity of the matrix goes on.
    optimizer.apply(new Map([[matrix, tf.zeros([2, 2])]]));
    expectClose(read(matrix), initial.matrix.map((w) => w - 1.5));
    mine.dispose();
    tf.dispose([matrix, vector]);
  });

  test('two users of one optimizer have one order', () => {
    const { matrix, vector } = weights();
    const mine = tf.train.momentum(1, 0.5);
    const [first, second] = [compileOptimizer(mine), compileOptimizer(mine)];
    first.apply(new Map([[matrix, tf.ones([2, 2])]]));
    second.apply(new Map([[vector, tf.zeros([2])]]));
    // The vector has no velocity from the matrix.
    expectClose(read(vector), initial.vector);
    mine.dispose();
    tf.dispose([matrix, vector]);
  });
});
