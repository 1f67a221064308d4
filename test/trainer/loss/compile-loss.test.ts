import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model as layersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { ConfigError, DataError, type ErrorCode } from '../../../src/errors.js';
import { compileLoss, type CompiledLoss, type LossSpec, type OutputSpec } from '../../../src/trainer/loss/index.js';
import { expectClose, expectNoLeak, onBackends } from '../on-backends.js';

const digit: OutputSpec = { name: 'digit', shape: [null, 3] };
const size: OutputSpec = { name: 'size', shape: [null, 1] };

function failure(spec: LossSpec, outputs: readonly OutputSpec[], options: Parameters<typeof compileLoss>[2] = {}): ConfigError {
  try {
    compileLoss(spec, outputs, options);
  } catch (error) {
    if (error instanceof ConfigError) return error;
  }
  return expect.fail('no ConfigError was thrown');
}

/** total, then the outputs' losses. */
function values(loss: CompiledLoss, ...tensors: Parameters<CompiledLoss['compute']>): number[] {
  const { total, perOutput } = loss.compute(...tensors);
  const read = [total, ...perOutput].map((each) => each.dataSync()[0]!);
  tf.dispose([total, ...perOutput]);
  return read;
}

onBackends('compileLoss', () => {
  test('the total of two outputs is the sum of their means: 0.5 + 0.25', () => {
    const loss = compileLoss(['mae', 'mse'], [digit, size]);
    const labels = [tf.tensor2d([[0, 0, 0], [1, 1, 1]]), tf.tensor2d([[1], [2]])];
    const predictions = [tf.tensor2d([[1, 0, 0.5], [1, 2, 0.5]]), tf.tensor2d([[1.5], [2.5]])];
    expectClose(expectNoLeak(() => values(loss, labels, predictions)), [0.75, 0.5, 0.25]);
    tf.dispose([labels, predictions]);
  });

  test('outputs count by their weights in the total and not in their own losses: 2 x 0.5 + 0.1 x 0.25', () => {
    const labels = [tf.tensor2d([[0], [0]]), tf.tensor2d([[1], [2]])];
    const predictions = [tf.tensor2d([[0.5], [-0.5]]), tf.tensor2d([[1.5], [2.5]])];
    const outputs = [{ ...digit, shape: [null, 1] }, size];
    for (const weights of [[2, 0.1], { digit: 2, size: 0.1 }]) {
      const loss = compileLoss({ digit: 'mae', size: 'mse' }, outputs, { weights });
      expectClose(values(loss, labels, predictions), [1.025, 0.5, 0.25]);
    }
    tf.dispose([labels, predictions]);
  });

  test('sample weights multiply the losses of 1, 2 and 3 before the mean: (0 + 4 + 1.5) / 3', () => {
    const loss = compileLoss('mae', [size]);
    const weights = tf.tensor1d([0, 2, 0.5]);
    const labels = tf.zeros([3, 1]);
    const predictions = tf.tensor2d([[1], [-2], [3]]);
    expectClose(expectNoLeak(() => values(loss, [labels], [predictions], [weights])), [5.5 / 3, 5.5 / 3]);
    tf.dispose([weights, labels, predictions]);
  });

  test('a sample weight goes for all time steps of its sample: (2 x 1 + 2 x 1) / 4', () => {
    const loss = compileLoss('mae', [{ name: 'out', shape: [null, 2, 1] }]);
    const weights = tf.tensor1d([2, 0]);
    const [labels, predictions] = [tf.zeros([2, 2, 1]), tf.ones([2, 2, 1])];
    expectClose(values(loss, [labels], [predictions], [weights]), [1, 1]);
    const perStep = tf.tensor2d([[4, 0], [0, 0]]);
    expectClose(values(loss, [labels], [predictions], [perStep]), [1, 1]);
    const wrong = tf.tensor1d([1, 2, 3]);
    expect(() => loss.compute([labels], [predictions], [wrong])).toThrow(/sample weights of output "out" have shape \[3\]/);
    tf.dispose([labels, predictions, weights, perStep, wrong]);
  });

  test('ending the total leaves the loss of the only output readable', () => {
    const loss = compileLoss('mse', [size]);
    const [labels, predictions] = [tf.zeros([2, 1]), tf.ones([2, 1])];
    const { total, perOutput } = loss.compute([labels], [predictions]);
    total.dispose();
    expect(perOutput[0]!.dataSync()[0]).toBe(1);
    tf.dispose([labels, predictions, ...perOutput]);
  });

  test('the gradient of the total passes through a weight of an output: 3 x 2 (p - y) / n', () => {
    const loss = compileLoss('mse', [size], { weights: [3] });
    const [labels, predictions] = [tf.tensor2d([[1], [2]]), tf.tensor2d([[2], [0]])];
    const gradient = expectNoLeak(() => {
      const found = tf.grad((p) => loss.compute([labels], [p]).total)(predictions);
      const read = Array.from(found.dataSync());
      found.dispose();
      return read;
    });
    expectClose(gradient, [3, -6]);
    tf.dispose([labels, predictions]);
  });

  test('it is what LayersModel.fit reports and differentiates, for two outputs with sequences beside vectors', async () => {
    const source = input({ shape: [4, 2] });
    const steps = layers.dense({ units: 3, activation: 'softmax', name: 'steps' }).apply(source) as SymbolicTensor;
    const flat = layers.dense({ units: 1, name: 'flat' }).apply(layers.flatten().apply(source)) as SymbolicTensor;
    const model = layersModel({ inputs: source, outputs: [steps, flat] });
    const x = tf.tensor3d([[[1, 2], [0, -1], [2, 2], [0.5, 0]], [[3, -1], [1, 1], [0, 0.25], [1, -2]], [[0, 1], [1, 0], [-1, 1], [2, 0.5]], [[1, 1], [2, 2], [0, 3], [-3, 1]]]);
    const y = [tf.tensor3d([0, 1, 2, 1, 2, 2, 0, 1, 1, 0, 0, 0, 2, 1, 0, 2], [4, 4, 1]), tf.tensor2d([[1], [2], [-1], [0.5]])];
    const loss = compileLoss(
      { steps: 'sparseCategoricalCrossentropy', flat: 'meanSquaredError' },
      [{ name: 'steps', shape: [null, 4, 3] }, { name: 'flat', shape: [null, 1] }],
    );
    const variables = model.trainableWeights.map((weight) => weight.read()) as unknown as tf.Variable[];
    const before = variables.map((each) => each.dataSync().slice());
    const { value, grads } = tf.variableGrads(() => loss.compute(y, model.predict(x) as tf.Tensor[]).total, variables);
    const ours = values(loss, y, model.predict(x) as tf.Tensor[]);
    model.compile({ loss: { steps: 'sparseCategoricalCrossentropy', flat: 'meanSquaredError' }, optimizer: tf.train.sgd(0.5) });
    const { history } = await model.fit(x, y, { batchSize: 4, epochs: 1 });
    expectClose(ours, [history.loss![0] as number, history.steps_loss![0] as number, history.flat_loss![0] as number]);
    expectClose(value.dataSync(), [history.loss![0] as number]);
    for (const [i, variable] of variables.entries()) {
      const gradient = grads[variable.name]!.dataSync();
      expectClose(variable.dataSync(), before[i]!.map((was, k) => was - 0.5 * gradient[k]!), 2e-5);
    }
    model.dispose();
    tf.dispose([x, ...y, value, grads]);
  });

  test('class weights of LayersModel.fit are sample weights here', async () => {
    const source = input({ shape: [2] });
    const out = layers.dense({ units: 2, activation: 'softmax' }).apply(source) as SymbolicTensor;
    const model = layersModel({ inputs: source, outputs: out });
    const x = tf.tensor2d([[1, 2], [0, -1], [2, 0.5]]);
    const y = tf.tensor2d([[1, 0], [0, 1], [0, 1]]);
    const weights = tf.tensor1d([0.25, 3, 3]);
    const predictions = model.predict(x) as tf.Tensor;
    const ours = values(compileLoss('categoricalCrossentropy', [{ name: 'out', shape: [null, 2] }]), [y], [predictions], [weights]);
    model.compile({ loss: 'categoricalCrossentropy', optimizer: 'sgd' });
    const { history } = await model.fit(x, y, { classWeight: { 0: 0.25, 1: 3 }, batchSize: 3 });
    expectClose([ours[0]!], [history.loss![0] as number]);
    model.dispose();
    tf.dispose([x, y, weights, predictions]);
  });
});

test.each<[string, LossSpec, readonly OutputSpec[], ErrorCode, RegExp]>([
  ['a mistyped name is answered with the right one', 'catgoricalCrossentropy', [digit], 'LOSS_UNKNOWN', /did you mean "categoricalCrossentropy"\?/],
  ['an option that the loss has not', { name: 'mse', fromLogits: true }, [digit], 'OPTIONS_INVALID', /meanSquaredError has no option "fromLogits"/],
  ['a mistyped option', { name: 'huber', detla: 1 } as LossSpec, [digit], 'OPTIONS_INVALID', /unknown key "detla"/],
  ['a delta of 0', { name: 'huber', delta: 0 }, [digit], 'OPTIONS_INVALID', /delta/],
  ['a name that says logits beside fromLogits: false', { name: 'softmaxCrossEntropy', fromLogits: false }, [digit], 'OPTIONS_INVALID', /from logits by name/],
  ['an output that the model has not', { digit: 'mse', sizes: 'mse' }, [digit, size], 'OPTION_UNKNOWN', /unknown output "sizes" \(did you mean "size"\?\)/],
  ['an output without a loss', { digit: 'mse' }, [digit, size], 'OPTIONS_INVALID', /size: this output has no loss/],
  ['a list that is too short', ['mse'], [digit, size], 'OPTIONS_INVALID', /1 losses for 2 outputs/],
  ['classes along an axis of 1', 'categoricalCrossentropy', [size], 'LOSS_OUTPUT_MISMATCH', /output "size" is 1 wide/],
  ['sparse classes along an axis of 1', 'sparseCategoricalCrossentropy', [size], 'LOSS_OUTPUT_MISMATCH', /binaryCrossentropy/],
])('%s is refused', (_, spec, outputs, code, message) => {
  const error = failure(spec, outputs);
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
});

test('all problems are told at once, with their paths', () => {
  const error = failure({ digit: 'msee', size: 'categoricalCrossentropy' }, [digit, size], { weights: { digit: -1 } });
  expect(error.problems.map(({ path }) => path)).toEqual([['weights', 'digit'], ['digit'], ['size']]);
  expect(error.problems[1]).toMatchObject({ suggestion: 'mse' });
});

test('a binary loss on ten sigmoids or a softmax is legal', () => {
  const output = { name: 'tags', shape: [null, 10], activation: 'softmax' };
  expect(compileLoss('binaryCrossentropy', [output]).config()).toEqual([
    { output: 'tags', loss: 'binaryCrossentropy', fromLogits: false, weight: 1 },
  ]);
});

test('an output may be called name', () => {
  const outputs = [{ name: 'name', shape: [null, 1] }];
  expect(compileLoss({ name: 'mae' }, outputs).outputs[0]!.name).toBe('meanAbsoluteError');
});

onBackends('a loss of one’s own', () => {
  const labels = (): tf.Tensor => tf.tensor2d([[1], [2]]);
  const predictions = (): tf.Tensor => tf.tensor2d([[2], [4]]);
  const compute = (fn: (y: tf.Tensor, p: tf.Tensor) => tf.Tensor, weights?: tf.Tensor): number[] =>
    tf.tidy(() => values(compileLoss(fn, [size]), [labels()], [predictions()], [weights]));

  test('may be a scalar, one value a sample, or one value an element', () => {
    expect(compute((y, p) => tf.mean(tf.abs(tf.sub(p, y))))).toEqual([1.5, 1.5]);
    expect(compute((y, p) => tf.mean(tf.abs(tf.sub(p, y)), -1))).toEqual([1.5, 1.5]);
    expect(compute((y, p) => tf.abs(tf.sub(p, y)))).toEqual([1.5, 1.5]);
  });

  test('is refused when labels [2] beside predictions [2, 1] have spread to [2, 2]', () => {
    const loss = compileLoss((y, p) => tf.abs(tf.sub(p, y)), [size]);
    const flat = tf.tensor1d([1, 2]);
    const p = predictions();
    expect(() => loss.compute([flat], [p])).toThrow(/has shape \[2, 2\] for predictions \[2, 1\]/);
    tf.dispose([flat, p]);
  });

  test('is refused when it is a number, not a tensor', () => {
    expect(() => compute((() => 3) as never)).toThrow(/returned number; a loss is a tensor/);
  });

  test('that is a scalar cannot be weighted by samples', () => {
    const weights = tf.tensor1d([1, 2]);
    expect(() => compute((y, p) => tf.mean(tf.sub(p, y)), weights)).toThrow(DataError);
    weights.dispose();
  });

  test('may be a function of tfjs-layers', async () => {
    const { metrics } = await import('@tensorflow/tfjs-layers');
    expect(compute(metrics.meanSquaredError)).toEqual([2.5, 2.5]);
    expect(compute(tf.losses.absoluteDifference)).toEqual([1.5, 1.5]);
  });
});

describe("the outputs' weights", () => {
  test.each([
    ['null', null, 'weights: found nothing (null), expected a number for each output'],
    ['a number', 2, 'weights: found 2, expected a number for each output'],
    ['a weight that has no text', [Object.create(null)], "weights.size: the output's weight is an object; it must be a number from 0 up"],
    ['a Symbol', { size: Symbol('x') }, "weights.size: the output's weight is Symbol(x); it must be"],
  ])('that are %s are refused', (_, weights, says) => {
    expect(() => compileLoss('meanSquaredError', [size], { weights: weights as never })).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID', message: expect.stringContaining(says) as string }));
  });

  test('an output called constructor has the loss that is said for it, not one that every object has', () => {
    const output = { ...size, name: 'constructor' };
    expect(compileLoss({ constructor: 'meanAbsoluteError' }, [output]).config()).toMatchObject([{ output: 'constructor', loss: 'meanAbsoluteError' }]);
    expect(() => compileLoss({}, [output])).toThrow(/this output has no loss/);
  });
});
