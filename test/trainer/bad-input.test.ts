import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model as makeModel, sequential, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { earlyStopping, gpuProfiler, gradientNorm, lrScheduler, predictionDynamics, seed, weightNorm } from '../../plugins/index.js';
import { memorySink, Trainer, TrainscopeError, type ErrorCode } from '../../src/index.js';
import { definePlugin } from '../../src/plugin/index.js';
import { useBackend } from '../support/backends.js';

beforeAll(() => useBackend('cpu'));

/** A classifier of 4 features and 3 classes: output "species". */
const classifier = (): LayersModel =>
  sequential({ layers: [layers.dense({ name: 'hidden', units: 6, activation: 'relu', inputShape: [4] }), layers.dense({ name: 'species', units: 3, activation: 'softmax' })] });

const rows = (count = 10): number[][] => Array.from({ length: count }, (_, i) => [i / count, 1, 0.5, -1]);
const classes = (count = 10): number[] => Array.from({ length: count }, (_, i) => i % 3);
/** Classes, one of them another. */
const withLabel = (sample: number, label: number, count = 10): number[] => classes(count).map((each, i) => (i === sample ? label : each));
const withInput = (sample: number, value: number): number[][] => rows().map((row, i) => (i === sample ? [...row.slice(1), value] : row));
const good = { inputs: rows(), labels: classes() };

interface Case {
  readonly code: ErrorCode;
  /** What the message has to say. */
  readonly says: RegExp;
  /** Of the trainer, over a sound set; a function for what holds tensors. */
  readonly options?: object | (() => object);
  readonly data?: unknown;
  readonly fit?: object;
}

const errorOf = async (run: () => unknown): Promise<TrainscopeError> => {
  try {
    await run();
  } catch (error) {
    if (error instanceof TrainscopeError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

/** Found; expected. What to do. */
const reads = ({ message, found, remedy }: TrainscopeError): void => {
  expect(message.startsWith(found.replace(/\.$/, ''))).toBe(true);
  // One full stop between sentences, and no value that only a machine would write.
  expect(message).not.toMatch(/\[object |class NaN|(?<!\.)\.\.(?!\.)/);
  expect(message).toMatch(/[.!?]$/);
  if (remedy !== undefined && remedy !== '') expect(message.endsWith(remedy)).toBe(true);
};

const refuses = (name: string, { code, says, options = {}, data = good, fit = {} }: Case): void => {
  it(`${name}: ${code}`, async () => {
    const model = classifier();
    const given = typeof options === 'function' ? (options as () => object)() : options;
    const weights = (): number[][] => model.getWeights().map((weight) => [...weight.dataSync()]);
    const before = { weights: weights(), tensors: tf.memory().numTensors };
    const sink = memorySink();
    let trainer: Trainer | undefined;
    const error = await errorOf(async () => {
      trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', backend: 'keep', sinks: [sink], ...given } as never);
      await trainer.fit(data as never, { batchSize: 4, epochs: 2, ...fit });
    });
    await trainer?.dispose();
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
    reads(error);
    expect(sink.events.filter(({ event }) => event === 'step')).toEqual([]);
    expect(weights()).toEqual(before.weights);
    expect(tf.memory().numTensors).toBe(before.tensors);
  });
};

const describeCases = (what: string, cases: Readonly<Record<string, Case>>): void => {
  describe(what, () => {
    for (const [name, each] of Object.entries(cases)) refuses(name, each);
  });
};

describeCases('data that is empty', {
  'empty arrays': { data: { inputs: [], labels: [] }, code: 'DATA_EMPTY', says: /input "hidden_input" is empty, of shape \[0\]/ },
  'an empty list of batches': { data: [], code: 'DATA_EMPTY', says: /the data is an empty array/ },
  'a generator that yields nothing': { data: function* () { /* nothing */ }, code: 'DATA_EMPTY', says: /gave no batch/ },
  'fewer samples than a batch, with dropLast': { fit: { batchSize: 16, dropLast: true }, code: 'DATA_EMPTY', says: /10 samples make no full batch of 16.*smaller batchSize/ },
  'nothing at all': { data: null, code: 'DATA_TYPE', says: /the data is null; it takes \{ inputs, labels \}/ },
});

describeCases('inputs that do not fit the model', {
  'of a lower rank': { data: { inputs: classes(), labels: classes() }, code: 'DATA_SHAPE', says: /input "hidden_input" has shape \[10\]; the model takes \[null, 4\]/ },
  'of a higher rank': { data: { inputs: rows().map((row) => [row]), labels: classes() }, code: 'DATA_SHAPE', says: /\[10, 1, 4\]; the model takes \[null, 4\].*one .*dimension too many/ },
  'of another width': { data: { inputs: rows().map((row) => row.slice(1)), labels: classes() }, code: 'DATA_SHAPE', says: /\[10, 3\]; the model takes \[null, 4\]/ },
  'of strings': { data: { inputs: rows().map((row) => row.map(String)), labels: classes() }, code: 'DATA_TYPE', says: /"hidden_input"\[0\]\[0\] is the string "0"; numbers are needed/ },
  'a number': { data: { inputs: 3, labels: classes() }, code: 'DATA_TYPE', says: /is the number 3; it takes a tensor/ },
  'under another name': { data: { inputs: { hidden_imput: rows() }, labels: classes() }, code: 'DATA_NAMES', says: /Did you mean "hidden_input"\?/ },
  'in the validation data alone': { fit: { validation: { inputs: rows().map((row) => row.slice(1)), labels: classes() } }, code: 'DATA_SHAPE', says: /\[10, 3\]; the model takes/ },
});

describeCases('labels', {
  'fewer than inputs': { data: { inputs: rows(), labels: classes(9) }, code: 'DATA_LENGTHS_DIFFER', says: /label "species" has 9 samples and input "hidden_input" has 10/ },
  'none': { data: { inputs: rows() }, code: 'DATA_NAMES', says: /no labels; the model takes "species"\. Give \{ inputs, labels \}/ },
  'a class beyond the last, in the first batch': { data: { inputs: rows(), labels: withLabel(1, 3) }, code: 'LABEL_OUT_OF_RANGE', says: /label "species" is 3 in sample 1; .*from 0 to 2\. Count the classes from 0/ },
  'a class beyond the last, in the last batch': { data: { inputs: rows(), labels: withLabel(9, 3) }, fit: { shuffle: false }, code: 'LABEL_OUT_OF_RANGE', says: /is 3 in sample 9/ },
  'a negative class': { data: { inputs: rows(), labels: withLabel(9, -1) }, code: 'LABEL_OUT_OF_RANGE', says: /is -1 in sample 9/ },
  'half a class': { data: { inputs: rows(), labels: withLabel(2, 0.5) }, code: 'LABEL_OUT_OF_RANGE', says: /is 0\.5 in sample 2; class labels are whole numbers/ },
  'a wrong class in the validation data': { fit: { validation: { inputs: rows(), labels: withLabel(8, 7) } }, code: 'LABEL_OUT_OF_RANGE', says: /is 7 in sample 8/ },
});

describeCases('numbers that are not finite', {
  'NaN in the inputs': { data: { inputs: withInput(7, Number.NaN), labels: classes() }, code: 'DATA_NOT_FINITE', says: /input "hidden_input" holds 1 number that is NaN or infinite, the first in sample 7/ },
  'Infinity in the inputs': { data: { inputs: withInput(0, Number.POSITIVE_INFINITY), labels: classes() }, code: 'DATA_NOT_FINITE', says: /the first in sample 0/ },
  'NaN in the labels': { data: { inputs: rows(), labels: withLabel(3, Number.NaN) }, code: 'DATA_NOT_FINITE', says: /label "species"/ },
  'NaN in the sample weights': { data: { ...good, sampleWeights: withLabel(5, Number.NaN) }, code: 'DATA_NOT_FINITE', says: /the sample weight holds 1 number/ },
  'NaN in the validation data': { fit: { validation: { inputs: withInput(4, Number.NaN), labels: classes() } }, code: 'DATA_NOT_FINITE', says: /the first in sample 4/ },
});

describeCases('a loss', {
  'for one-hot labels, given classes': { options: { loss: 'categoricalCrossentropy' }, code: 'DATA_SHAPE', says: /labels of output "species" have shape \[4\]; categoricalCrossentropy expects \[4, 3\].*tf\.oneHot\(labels, 3\), or use sparseCategoricalCrossentropy/ },
  'for classes, given one-hot labels': { data: { inputs: rows(), labels: classes().map((each) => [0, 1, 2].map((k) => (k === each ? 1 : 0))) }, code: 'DATA_SHAPE', says: /expects class numbers, \[4\].*Use categoricalCrossentropy/ },
  'for numbers, given classes': { options: { loss: 'meanSquaredError' }, code: 'DATA_SHAPE', says: /meanSquaredError expects \[4, 3\], the shape of the predictions/ },
  'of classes, on an output of one number': { options: () => ({ model: oneUnit() }), code: 'LOSS_OUTPUT_MISMATCH', says: /output "one" is 1 wide.*use binaryCrossentropy/ },
  'that nothing is called': { options: { loss: 'sparseCategoricalCrosentropy' }, code: 'LOSS_UNKNOWN', says: /unknown loss "sparseCategoricalCrosentropy" \(did you mean "sparseCategoricalCrossentropy"\?\)/ },
  'that is not there': { options: { loss: undefined }, code: 'OPTIONS_INVALID', says: /the loss is not valid: missing, expected a name such as/ },
  'that is null': { options: { loss: null }, code: 'OPTIONS_INVALID', says: /the loss is not valid: found nothing \(null\), expected a name such as/ },
  'for each of two outputs, of which there is one': { options: { loss: ['meanSquaredError', 'meanSquaredError'] }, code: 'OPTIONS_INVALID', says: /2 losses for 1 outputs \(species\)/ },
  'of an output that does not exist': { options: { loss: { specie: 'meanSquaredError' } }, code: 'OPTION_UNKNOWN', says: /unknown output "specie" \(did you mean "species"\?\)/ },
  'of one’s own that gives a number': { options: { loss: function mine() { return 3; } }, code: 'LOSS_OUTPUT_MISMATCH', says: /the loss "mine" of output "species" returned number/ },
  'of one’s own that is async': { options: { loss: async () => tf.scalar(0) }, code: 'LOSS_OUTPUT_MISMATCH', says: /returned a promise/ },
  'of one’s own that throws': { options: { loss: () => { throw new Error('oh'); } }, code: 'LOSS_OUTPUT_MISMATCH', says: /failed for labels \[4\] and predictions \[4, 3\] \(oh\)/ },
  'of one’s own that does not look at the predictions': { options: { loss: () => tf.scalar(3) }, code: 'LOSS_NOT_DIFFERENTIABLE', says: /has no gradient for the predictions/ },
});

const oneUnit = (): LayersModel => sequential({ layers: [layers.dense({ name: 'one', units: 1, inputShape: [4] })] });

describeCases('metrics', {
  'that nothing is called': { options: { metrics: ['acuracy'] }, code: 'METRIC_UNKNOWN', says: /unknown metric "acuracy" \(did you mean "accuracy"\?\)/ },
  'that are a number': { options: { metrics: [3] }, code: 'OPTIONS_INVALID', says: /the metrics are not valid: found 3, expected a name such as "accuracy"/ },
  'that the labels do not fit': { options: { metrics: ['meanSquaredError'] }, code: 'DATA_SHAPE', says: /the metric meanSquaredError expects \[4, 3\]/ },
  'of one’s own that throw': { options: { metrics: [function mine() { throw new Error('oh'); }] }, code: 'METRIC_INVALID', says: /the metric "mine" of output "species" failed for labels \[4\] and predictions \[4, 3\] \(oh\)/ },
  'of one’s own with a shape of their own': { options: { metrics: [function mine() { return tf.zeros([3, 3, 3]); }] }, code: 'METRIC_INVALID', says: /has shape \[3, 3, 3\]/ },
  'of one’s own that are async': { options: { metrics: [async () => tf.scalar(1)] }, code: 'METRIC_INVALID', says: /returned a promise/ },
});

describeCases('an optimizer', {
  'that nothing is called': { options: { optimizer: 'adamm' }, code: 'OPTIMIZER_INVALID', says: /unknown optimizer "adamm" \(did you mean "adam"\?\)/ },
  'that is a number': { options: { optimizer: 0.1 }, code: 'OPTIMIZER_INVALID', says: /it is an optimizer of tf\.train, one of sgd/ },
  'with a negative learning rate': { options: { optimizer: { name: 'adam', learningRate: -1 } }, code: 'OPTIMIZER_INVALID', says: /learningRate: found -1, expected a number of at least 0/ },
  'with a learning rate of NaN': { options: { optimizer: { name: 'adam', learningRate: Number.NaN } }, code: 'OPTIMIZER_INVALID', says: /learningRate: found NaN, expected a finite number/ },
  'with a mistyped option': { options: { optimizer: { name: 'adam', learningrate: 0.1 } }, code: 'OPTIMIZER_INVALID', says: /did you mean "learningRate"\?/ },
  'of tf.train with a negative learning rate': { options: { optimizer: tf.train.sgd(-0.1) }, code: 'OPTIMIZER_INVALID', says: /learningRate is -0\.1; it is 0 or more/ },
  'without a learning rate': { options: { optimizer: { applyGradients: () => undefined } }, code: 'OPTIMIZER_NO_LEARNING_RATE', says: /learningRate is undefined; it is a number that schedules can read and set/ },
});

describeCases('plugins', {
  'two of one name': { options: { plugins: [gradientNorm(), gradientNorm()] }, code: 'PLUGIN_DUPLICATE', says: /two plugins are named "gradientNorm".*\{ name: 'gradientNorm2' \}/ },
  'that were not called': { options: { plugins: [gradientNorm] }, code: 'PLUGIN_INVALID', says: /plugins\[0\] is the function gradientNorm.*Call it: gradientNorm\(\)/ },
  'that are not there': { options: { plugins: [gradientNorm(), undefined] }, code: 'PLUGIN_INVALID', says: /plugins\[1\] is undefined.*Leave it out/ },
  'not in an array': { options: { plugins: gradientNorm() }, code: 'PLUGIN_INVALID', says: /Put it in an array/ },
  'that need validation data, and there is none': { options: { plugins: [predictionDynamics()] }, code: 'PLUGIN_REQUIRES', says: /"predictionDynamics" needs validation data.*\{ validation: \{ inputs, labels \} \}/ },
  'that monitor the validation, and there is none': { options: { plugins: [earlyStopping()] }, code: 'PLUGIN_REQUIRES', says: /"earlyStopping" needs validation data/ },
  'that watch a metric that is not measured': { options: { metrics: ['accuracy'], plugins: [earlyStopping({ monitor: 'val_acuracy', mode: 'max' })] }, fit: { validation: good }, code: 'PLUGIN_REQUIRES', says: /watches the metric "val_acuracy", which is not measured; there are loss, accuracy, val_loss, val_accuracy\. Did you mean "val_accuracy"\?/ },
  'that lower the rate by a metric that is not measured': { options: { plugins: [lrScheduler({ schedule: { kind: 'reduceOnPlateau', monitor: 'accuracy' } })] }, code: 'PLUGIN_REQUIRES', says: /"lrScheduler" watches the metric "accuracy"/ },
});

const handwritten = (over: object): (() => object) => () => ({ model: { forward: (x: tf.Tensor2D) => x, trainableWeights: { w: sharedVariable }, ...over } });
/** One for all cases, made before tensors are counted. */
let sharedVariable: tf.Variable;
let disposedVariable: tf.Variable;
beforeAll(() => {
  sharedVariable = tf.variable(tf.zeros([4, 3]));
  disposedVariable = tf.variable(tf.zeros([1]));
  disposedVariable.dispose();
});

const frozen = (): LayersModel => {
  const model = classifier();
  for (const layer of model.layers) layer.trainable = false;
  return model;
};
const disposed = (): LayersModel => {
  const model = classifier();
  model.dispose();
  return model;
};
const unbuilt = (): LayersModel => sequential();
const withoutWeights = (): LayersModel => {
  const x = input({ shape: [4] });
  return makeModel({ inputs: x, outputs: layers.activation({ activation: 'relu' }).apply(x) as SymbolicTensor });
};

describeCases('a model', {
  'that is not there': { options: { model: undefined }, code: 'MODEL_INVALID', says: /the model is undefined; it is a LayersModel/ },
  'that is text': { options: { model: 'mlp' }, code: 'MODEL_INVALID', says: /the model is the string "mlp"/ },
  'that is an object of another kind': { options: { model: { predict: () => 1 } }, code: 'MODEL_INVALID', says: /an object with the keys predict; .*forward\(x, \{ training \}\) and trainableWeights/ },
  'made by a function that forgets to return it': { options: { model: () => undefined }, code: 'MODEL_INVALID', says: /let it return the model/ },
  'with all layers frozen': { options: () => ({ model: frozen() }), code: 'MODEL_INVALID', says: /4 weights, none of them trainable.*trainable = true/ },
  'without weights': { options: () => ({ model: withoutWeights() }), code: 'MODEL_INVALID', says: /the model has no weights.*Add a layer with weights/ },
  'that is not built': { options: () => ({ model: unbuilt() }), code: 'MODEL_INVALID', says: /cannot be built.*Give the first layer an inputShape/ },
  'that was disposed of': { options: () => ({ model: disposed() }), code: 'MODEL_INVALID', says: /already disposed.*make a new one/ },
  'by hand, without trainableWeights': { options: { model: { forward: () => 1 } }, code: 'MODEL_INVALID', says: /keys forward; .*trainableWeights/ },
  'by hand, with trainableWeights of null': { options: handwritten({ trainableWeights: null }), code: 'MODEL_INVALID', says: /trainableWeights is null; it is an array or a record of variables/ },
  'by hand, with no variable': { options: handwritten({ trainableWeights: [] }), code: 'MODEL_INVALID', says: /no weights.*Put its variables into trainableWeights/ },
  'by hand, with a hole among variables': { options: handwritten({ trainableWeights: new Array<tf.Variable>(1) }), code: 'MODEL_INVALID', says: /trainableWeights\[0\] is undefined; it is a variable/ },
  'by hand, with a number for a variable': { options: handwritten({ trainableWeights: { w: 3 } }), code: 'MODEL_INVALID', says: /trainableWeights\.w is the number 3; it is a variable/ },
  'by hand, with a variable that was disposed of': { options: () => ({ model: { forward: (x: tf.Tensor) => x, trainableWeights: [disposedVariable] } }), code: 'MODEL_INVALID', says: /trainableWeights\[0\] was disposed of/ },
  'by hand, whose forward pass gives nothing': { options: handwritten({ forward: () => undefined }), code: 'MODEL_INVALID', says: /forward pass gave undefined; it gives a tensor.*return that was forgotten/ },
  'by hand, whose forward pass is async': { options: handwritten({ forward: async () => sharedVariable }), code: 'MODEL_INVALID', says: /gave a promise.*plain function/ },
  'by hand, whose forward pass gives a number': { options: handwritten({ forward: () => [1] }), code: 'MODEL_INVALID', says: /gave the number 1 for the output 0/ },
  'by hand, whose forward pass throws': { options: handwritten({ forward: (x: tf.Tensor2D) => tf.matMul(x, tf.zeros([5, 3])) }), code: 'MODEL_INVALID', says: /forward pass failed for inputs \[4, 4\]: Error in matMul/ },
  'by hand, with two outputs by name and no outputNames': { options: handwritten({ forward: (x: tf.Tensor2D) => ({ a: x, b: x }) }), code: 'MODEL_INVALID', says: /outputs by name: a, b; .*Add outputNames: \['a', 'b'\]/ },
  'by hand, whose classes the labels of a later batch go beyond': {
    options: handwritten({ forward: (x: tf.Tensor2D) => tf.matMul(x, sharedVariable) }),
    data: { inputs: rows(), labels: withLabel(9, 3) },
    fit: { shuffle: false },
    code: 'LABEL_OUT_OF_RANGE',
    says: /is 3 in sample 9/,
  },
});

const bad = { 'a negative number': -1, 'NaN': Number.NaN, 'Infinity': Number.POSITIVE_INFINITY, 'half a number': 0.5, 'text': '3' } as const;

describeCases('options of the trainer', {
  ...Object.fromEntries(
    (['accumulateSteps', 'logEvery'] as const).flatMap((option) =>
      Object.entries(bad).map(([what, value]): [string, Case] => [`${option} of ${what}`, { options: { [option]: value }, code: 'OPTIONS_INVALID', says: new RegExp(`options of the trainer are not valid: ${option}: found .*, expected a whole number`) }]),
    ),
  ),
  'a seed of a half': { options: { seed: 0.5 }, code: 'OPTIONS_INVALID', says: /seed: found 0\.5, expected a whole number/ },
  'a negative clip': { options: { clip: { globalNorm: -1 } }, code: 'OPTIONS_INVALID', says: /clip\.globalNorm: found -1, expected a number above 0/ },
  'an infinite clip': { options: { clip: { value: Number.POSITIVE_INFINITY } }, code: 'OPTIONS_INVALID', says: /clip\.value: found Infinity, expected a finite number/ },
  'two clips': { options: { clip: { value: 1, norm: 1 } }, code: 'OPTIONS_INVALID', says: /clip: value and norm do not go together/ },
  'a clip that nothing is called': { options: { clip: { globalNorms: 1 } }, code: 'OPTIONS_INVALID', says: /did you mean "globalNorm"\?/ },
  'a negative weight decay': { options: { weightDecay: -0.1 }, code: 'OPTIONS_INVALID', says: /weightDecay: found -0\.1, expected a number of at least 0/ },
  'a weight decay of NaN': { options: { weightDecay: { rate: Number.NaN } }, code: 'OPTIONS_INVALID', says: /weightDecay\.rate: found NaN/ },
  'a negative loss weight': { options: { lossWeights: [-1] }, code: 'OPTIONS_INVALID', says: /the output's weight is -1/ },
  'a backend that nothing is called': { options: { backend: 'wsm' }, code: 'OPTIONS_INVALID', says: /found "wsm", expected one of .*did you mean "wasm"\?/ },
  'an unknown name': { options: { optimiser: 'adam' }, code: 'OPTIONS_INVALID', says: /unknown key "optimiser" \(did you mean "optimizer"\?\)/ },
  'several at once': { options: { logEvery: 0, acumulateSteps: 2 }, code: 'OPTIONS_INVALID', says: /logEvery: found 0.*unknown key "acumulateSteps"/ },
  'a logger that is none': { options: { logger: 'stdout' }, code: 'OPTIONS_INVALID', says: /logger: it takes a pino logger, or the options of one/ },
  'a sink that is none': { options: { sinks: [console.log] }, code: 'OPTIONS_INVALID', says: /sinks\[0\]: it takes a sink, \{ name, write\(event\) \}/ },
});

describeCases('options of fit', {
  ...Object.fromEntries(
    (['epochs', 'batchSize', 'stepsPerEpoch', 'validationBatchSize'] as const).flatMap((option) =>
      Object.entries(bad).map(([what, value]): [string, Case] => [`${option} of ${what}`, { fit: { [option]: value }, code: 'OPTIONS_INVALID', says: new RegExp(`options of fit are not valid: ${option}: found .*, expected a whole number`) }]),
    ),
  ),
  'zero epochs': { fit: { epochs: 0 }, code: 'OPTIONS_INVALID', says: /epochs: found 0, expected a whole number of at least 1/ },
  'a negative prefetch': { fit: { prefetch: -1 }, code: 'OPTIONS_INVALID', says: /prefetch: found -1/ },
  'a validation every 0 epochs': { fit: { validationEvery: { epochs: 0 } }, code: 'OPTIONS_INVALID', says: /validationEvery\.epochs: found 0/ },
  'a negative class weight': { fit: { classWeights: { 0: -1 } }, code: 'OPTIONS_INVALID', says: /classWeights\.0: found -1, expected a number of at least 0/ },
  'a class weight of NaN': { fit: { classWeights: { 0: Number.NaN } }, code: 'OPTIONS_INVALID', says: /classWeights\.0: found NaN/ },
  'a class weight by a name': { fit: { classWeights: { setosa: 2 } }, code: 'OPTIONS_INVALID', says: /for class "setosa"; it takes a weight of 0 or more for a class index/ },
  'a signal that is none': { fit: { signal: 'SIGINT' }, code: 'OPTIONS_INVALID', says: /AbortSignal/ },
  'an unknown name': { fit: { epoch: 3 }, code: 'OPTIONS_INVALID', says: /unknown key "epoch" \(did you mean "epochs"\?\)/ },
  'defaults of the trainer': { options: { fit: { epochs: -1 } }, code: 'OPTIONS_INVALID', says: /epochs: found -1/ },
  'a shuffle of a stream': { data: [good], fit: { shuffle: true }, code: 'OPTIONS_INVALID', says: /only samples in memory are shuffled/ },
});

/** Every number of every built-in plugin, with the name of the place that the message has to give. */
const pluginNumbers: Readonly<Record<string, { readonly make: (options: never) => unknown; readonly sound?: object; readonly numbers: readonly string[] }>> = {
  seed: { make: seed, numbers: ['verify'], sound: { seed: 1 } },
  gradientNorm: { make: gradientNorm, numbers: ['every', 'window', 'spikeScore', 'spikeFactor', 'patience', 'vanishingRatio', 'explodingRatio', 'explodingFactor'] },
  weightNorm: { make: weightNorm, numbers: ['every', 'window', 'windows', 'growthFactor', 'lowestRatio', 'highestRatio', 'unchangedFor'] },
  predictionDynamics: { make: predictionDynamics, numbers: ['every', 'samples', 'maxOutputs', 'maxValues', 'window', 'persistence'] },
  earlyStopping: { make: earlyStopping, numbers: ['patience', 'minDelta', 'startFromEpoch', 'cooldown'] },
  gpuProfiler: { make: gpuProfiler, numbers: ['every', 'silence', 'warmUp', 'interval'] },
  lrScheduler: { make: lrScheduler, numbers: ['logEvery'], sound: { schedule: { kind: 'cosine', learningRate: 0.1, tMax: 10 } } },
};

describe('options of the built-in plugins', () => {
  for (const [name, { make, sound = {}, numbers }] of Object.entries(pluginNumbers)) {
    for (const option of numbers) {
      it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])(`${name}: ${option} of %s`, async (value) => {
        const error = await errorOf(() => make({ ...sound, [option]: value } as never));
        expect(error.code).toBe('OPTIONS_INVALID');
        expect(error.message).toMatch(new RegExp(`options of the plugin "${name}" are not valid: ${option}: found ${String(value)}, expected `));
        reads(error);
      });
    }
    it(`${name}: an unknown name`, async () => {
      const option = numbers[0] ?? '';
      const error = await errorOf(() => make({ ...sound, [`${option}s`]: 1 } as never));
      expect(error.code).toBe('OPTIONS_INVALID');
      expect(error.message).toContain(`unknown key "${option}s" (did you mean "${option}"?)`);
    });
  }

  it('a seed of the plugin seed that is missing, a half, or not finite', async () => {
    for (const value of [undefined, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1']) {
      const error = await errorOf(() => seed({ seed: value as never }));
      expect(error).toMatchObject({ code: 'OPTIONS_INVALID' });
      expect(error.message).toMatch(/"seed" are not valid: seed: (missing|found .*), expected a whole number/);
    }
  });

  it('a schedule with a negative rate, and one that nothing is called', async () => {
    expect((await errorOf(() => lrScheduler({ schedule: { kind: 'cosine', learningRate: -1, tMax: 3 } } as never))).message).toMatch(/schedule\.learningRate: found -1, expected a number above 0/);
    expect((await errorOf(() => lrScheduler({ schedule: { kind: 'cosin', learningRate: 1, tMax: 3 } } as never))).message).toMatch(/schedule\.kind: found "cosin".*did you mean "cosine"\?/);
  });

  it('a cadence of a third party’s plugin that is no step', async () => {
    const odd = definePlugin({ name: 'odd', summary: 's', role: 'observe', needs: () => ({ every: 0, of: { it: { key: 'it', sources: [], reduce: () => tf.scalar(0), read: () => 0 } } }), hooks: () => ({}) });
    const model = classifier();
    const error = await errorOf(() => new Trainer({ model, loss: 'sparseCategoricalCrossentropy', backend: 'keep', plugins: [odd()] }).fit(good));
    expect(error.code).toBe('MEASUREMENT_INVALID');
    expect(error.message).toMatch(/the cadence \{ every: 0 \}; a cadence is/);
    model.dispose();
  });
});

describe('a trainer that was disposed of', () => {
  it.each(['fit', 'evaluate', 'predict'] as const)('refuses %s', async (method) => {
    const model = classifier();
    const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', backend: 'keep' });
    await trainer.dispose();
    const error = await errorOf(() => trainer[method](good as never));
    expect(error).toMatchObject({ code: 'TRAINER_DISPOSED', message: 'the trainer was disposed of. Make a new one.' });
    model.dispose();
  });
});

describe('a stream whose later batch is wrong', () => {
  it('fails when that batch comes, naming it, and leaves no tensor', async () => {
    const model = classifier();
    const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'sgd', learningRate: 0.1 }, backend: 'keep' });
    // The first 32 samples are looked at before the first step.
    const batches = (): unknown => [
      { inputs: rows(40), labels: classes(40) },
      { inputs: rows(40), labels: withLabel(4, 7, 40) },
    ];
    const run = (): Promise<TrainscopeError> => errorOf(() => trainer.fit(batches as never));
    await run();
    const before = tf.memory().numTensors;
    const error = await run();
    expect(error.code).toBe('LABEL_OUT_OF_RANGE');
    expect(error.message).toMatch(/batch 1 of epoch \d: label "species" is 7 in sample 4/);
    expect(tf.memory().numTensors).toBe(before);
    await trainer.dispose();
    model.dispose();
  });
});
