import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import type { TopLevelSpec } from 'vega-lite';
import { spreadOverUnits } from '../../src/diagnosis/preflight/model/symmetric-weights.js';
import { lossPlots } from './model-loss.js';
import { bars, curves, histogram, type RulePlot, type Series } from './plot.js';
import { classifier, clusters, compared, dig, measure, net, normals, numbersIn, pick, range, regression, seeded, table, targets, type Measured } from './preflight-setups.js';

type DenseArgs = Parameters<typeof layers.dense>[0];
const initializer = (className: string, config: object): NonNullable<DenseArgs['kernelInitializer']> => ({ className, config }) as never;

/** Hidden layers that are all alike, and one number out. */
const stack = (depth: number, options: DenseArgs): LayersModel =>
  sequential({ layers: [...range(depth).map((i) => layers.dense({ ...options, name: `layer${String(i + 1)}`, ...(i === 0 ? { inputShape: [4] } : {}) })), layers.dense({ units: 1, name: 'out' })] });
const scaled = (scale: number): LayersModel => stack(6, { units: 32, activation: 'relu', kernelInitializer: initializer('VarianceScaling', { scale, mode: 'fanIn', distribution: 'normal' }) });

const layersIn = (measured: Measured): readonly Record<string, number | string>[] => measured['layers'] as readonly Record<string, number | string>[];
const ofLayer = (measured: Measured, name: string, what: string): number => Number(layersIn(measured).find((each) => each['name'] === name)?.[what]);
const sizes = (measured: Measured): Series => {
  const hidden = layersIn(measured).filter(({ name }) => String(name).startsWith('layer'));
  return { x: hidden.map((_, i) => i + 1), y: hidden.map(({ rms }) => Number(rms)) };
};
const courseOf = (scale: number) => async (): Promise<TopLevelSpec> => {
  const [faulty, healthy] = [await measure(regression({ model: () => scaled(scale) }), 'activations-at-start'), await measure(regression({ model: () => scaled(2) }), 'activations-at-start')];
  return curves({ title: 'Size of the values that layers give, before training', xTitle: 'layer', yTitle: 'root mean square', faulty: sizes(faulty), healthy: sizes(healthy), logY: true });
};

/** Gradients of kernels beside the kernels, from the first layer to the last. */
const gradients = (measured: Measured): Series => {
  const kernels = measured['kernels'] as readonly { readonly gradient: number; readonly weight: number }[];
  return { x: kernels.map((_, i) => i + 1), y: kernels.map(({ gradient, weight }) => gradient / weight) };
};

const signals: readonly RulePlot[] = [
  { rule: 'activations-explode', alt: 'Two curves of the size of values over six layers, on a logarithmic axis. The faulty one rises from 5 to nearly 10,000; the sound one stays near 1.', spec: courseOf(50) },
  { rule: 'activations-vanish', alt: 'Two curves of the size of values over six layers, on a logarithmic axis. The faulty one falls from 0.1 to less than a hundred-thousandth; the sound one stays near 1.', spec: courseOf(0.04) },
  compared({
    rule: 'dead-units-at-start',
    alt: 'Two bars: the share of hidden units that are 0 for every sample. It is 1 in the faulty model, whose biases begin at -100, above the line at 0.7, and 0 in the sound one.',
    check: 'activations-at-start',
    title: 'Hidden units that are 0 for every sample',
    yTitle: 'share of the units',
    faulty: () => regression({ model: () => stack(1, { units: 16, activation: 'relu', biasInitializer: initializer('Constant', { value: -100 }) }) }),
    sound: () => regression({ model: () => stack(1, { units: 16, activation: 'relu' }) }),
    read: { 'hidden layer': (measured) => ofLayer(measured, 'layer1', 'dead') },
    threshold: 0.7,
  }),
  compared({
    rule: 'saturated-at-start',
    alt: 'Two bars: the share of tanh units that are in the flat part for nine samples of ten. It is 1 with inputs of some hundreds, above the line at 0.5, and 0 with scaled ones.',
    check: 'activations-at-start',
    title: 'Units in the flat part of tanh for 90% of samples',
    yTitle: 'share of the units',
    faulty: () => regression({ model: () => net(4, 1, 'linear', 'tanh'), data: { inputs: numbersIn.map((row) => row.map((x) => 300 * x)), labels: targets } }),
    sound: () => regression({ model: () => net(4, 1, 'linear', 'tanh') }),
    read: { 'hidden layer': (measured) => ofLayer(measured, 'hidden', 'saturatedTanh') },
    threshold: 0.5,
  }),
  {
    rule: 'gradients-vanish',
    alt: 'Two curves of the gradient of each kernel beside the kernel itself, from the first layer to the last, on a logarithmic axis. With eight sigmoid layers it is a millionth at the first of what it is at the last; with ReLU it stays within a factor of ten.',
    spec: async () => {
      const faulty = await measure(regression({ model: () => stack(8, { units: 16, activation: 'sigmoid' }) }), 'gradients-at-start');
      const healthy = await measure(regression({ model: () => stack(8, { units: 16, activation: 'relu', kernelInitializer: 'heNormal' }) }), 'gradients-at-start');
      return curves({ title: 'Gradients of kernels, from the first to the last', xTitle: 'layer', yTitle: 'gradient / weight', faulty: gradients(faulty), healthy: gradients(healthy), logY: true });
    },
  },
  {
    rule: 'hidden-softmax',
    alt: 'Two curves of the gradient of each kernel beside the kernel itself, from the first layer to the last, on a logarithmic axis. With four hidden layers of softmax it is far smaller at the first than at the last; with ReLU it stays within a factor of ten.',
    spec: async () => {
      const faulty = await measure(regression({ model: () => stack(4, { units: 16, activation: 'softmax' }) }), 'gradients-at-start');
      const healthy = await measure(regression({ model: () => stack(4, { units: 16, activation: 'relu' }) }), 'gradients-at-start');
      return curves({ title: 'Gradients of kernels with softmax (faulty) and ReLU (sound) in hidden layers', xTitle: 'layer', yTitle: 'gradient / weight', faulty: gradients(faulty), healthy: gradients(healthy), logY: true });
    },
  },
  {
    rule: 'class-weights-inverted',
    alt: 'Bars of the share that each of two classes has of the weights of all samples, of which 380 are of the first and 20 of the second. With a weight of 19 for the first its share is 0.997; with one of 19 for the second both have half.',
    spec: () => {
      const shares = (a: number, b: number): readonly number[] => [(380 * a) / (380 * a + 20 * b), (20 * b) / (380 * a + 20 * b)];
      const [faulty, healthy] = [shares(19, 1), shares(1, 19)];
      return Promise.resolve(bars({ title: 'Share of the weight of all samples', yTitle: 'share', groups: ['380 samples', '20 samples'].map((name, i) => ({ name, faulty: faulty[i] ?? NaN, healthy: healthy[i] ?? NaN })) }));
    },
  },
  compared({
    rule: 'regularization-too-strong',
    alt: 'Two bars on a logarithmic axis: the gradient of the penalties beside that of the data. With an L2 of 3 it is above the line at 2; with one of 1e-4 it is far below.',
    check: 'gradients-at-start',
    title: 'Gradient of the penalties beside that of the data',
    yTitle: 'ratio',
    faulty: () => regression({ model: () => stack(2, { units: 16, activation: 'relu', kernelRegularizer: { className: 'L1L2', config: { l1: 0, l2: 3 } } as never }) }),
    sound: () => regression({ model: () => stack(2, { units: 16, activation: 'relu', kernelRegularizer: { className: 'L1L2', config: { l1: 0, l2: 1e-4 } } as never }) }),
    read: { ratio: (measured) => pick(measured, 'penalty') / pick(measured, 'data') },
    threshold: 2,
    logY: true,
  }),
  compared({
    rule: 'initializer-scale',
    alt: 'Bars on a logarithmic axis: how many times larger three kernels begin than an initialiser makes them. With a standard deviation of 8 it is 10 to 30, at and above the line at 10; with heNormal it is about 1.',
    check: 'initial-weights',
    title: "Size of kernels beside what He's initialiser makes",
    yTitle: 'ratio',
    faulty: () => regression({ model: () => stack(3, { units: 32, activation: 'relu', kernelInitializer: initializer('RandomNormal', { mean: 0, stddev: 8 }) }) }),
    sound: () => regression({ model: () => stack(3, { units: 32, activation: 'relu', kernelInitializer: 'heNormal' }) }),
    read: Object.fromEntries(range(3).map((i) => [`layer ${String(i + 1)}`, (measured: Measured) => pick(measured, 'kernels', i, 'size') / pick(measured, 'kernels', i, 'expected')])),
    threshold: 10,
    logY: true,
  }),
];

/** Updates a small model, and says after each how far the hidden units are apart. */
async function apart(kernelInitializer: 'glorotUniform' | 'ones'): Promise<Series> {
  const model = seeded(() => sequential({ layers: [layers.dense({ units: 8, activation: 'tanh', kernelInitializer, inputShape: [4] }), layers.dense({ units: 1, kernelInitializer })] }));
  const [x, y] = [tf.tensor2d(numbersIn), tf.tensor2d(targets)];
  model.compile({ optimizer: tf.train.sgd(0.05), loss: 'meanSquaredError' });
  const spreads: number[] = [];
  for (let step = 0; step <= 20; step += 1) {
    const kernel = model.layers[0]?.getWeights()[0];
    if (kernel === undefined) throw new Error('no kernel');
    spreads.push(spreadOverUnits(await kernel.data<'float32'>(), kernel.size, 8));
    await model.trainOnBatch(x, y);
  }
  return { x: spreads.map((_, i) => i), y: spreads };
}

/** What a model gives while one of its inputs goes from -3 to 3. */
async function along(forward: (x: tf.Tensor2D) => tf.Tensor): Promise<Series> {
  const x = range(61).map((i) => (i - 30) / 10);
  return { x, y: [...(await forward(tf.tensor2d(x.map((at) => [0.5, -0.5, at, 0.3]))).data())] };
}
const kernel = (rows: number, columns: number, name: string): tf.Tensor2D => tf.tensor2d(table(rows, columns, name).map((row) => row.map((x) => x / Math.sqrt(rows))));

const forms: readonly RulePlot[] = [
  {
    rule: 'symmetric-weights',
    alt: 'Two curves of how far the units of a hidden layer are apart, over 20 updates. Kernels that begin as ones stay at exactly 0; random ones begin and stay above 1.',
    spec: async () => curves({ title: 'How far the units of a layer are apart', xTitle: 'updates', yTitle: 'difference / size of the weights', faulty: await apart('ones'), healthy: await apart('glorotUniform') }),
  },
  {
    rule: 'missing-activation',
    alt: 'Two curves of what two layers make of one feature. Without an activation between them it is a straight line; with ReLU it bends.',
    spec: async () => {
      const [a, b] = [kernel(4, 8, 'first'), kernel(8, 1, 'second')];
      return curves({ title: 'What two layers make of one feature', xTitle: 'feature', yTitle: 'output', faulty: await along((x) => tf.matMul(tf.matMul(x, a), b)), healthy: await along((x) => tf.matMul(tf.relu(tf.matMul(x, a)), b)) });
    },
  },
  compared({
    rule: 'network-is-linear',
    alt: 'Two bars on a logarithmic axis: how far the output halfway between two inputs is from the mean of their outputs. It is less than a millionth in the model without activations, below the line at 0.001, and far above it in the sound one.',
    check: 'linearity',
    title: 'How far the model is from a straight line',
    yTitle: 'bend / difference of outputs',
    faulty: () => regression({ model: () => stack(2, { units: 16 }) }),
    sound: () => regression({ model: () => stack(2, { units: 16, activation: 'relu' }) }),
    read: { bend: (measured) => Math.max(1e-7, pick(measured, 'bend')) },
    threshold: 1e-3,
    logY: true,
  }),
  {
    rule: 'normalisation-axis',
    alt: 'Bars of the standard deviation of three channels after normalisation. Along the rows of the image they come out as unlike as they were, from less than 0.1 to above 1.5; along the channels they are all 1.',
    spec: async () => {
      const scales = [0.1, 1, 3];
      const images = tf.tensor4d(normals(64 * 6 * 6 * 3, 'images').map((x, i) => x * (scales[i % 3] ?? 1)), [64, 6, 6, 3]);
      const spreads = async (axes: number[]): Promise<Float32Array> => {
        const { mean, variance } = tf.moments(images, axes, true);
        return tf.sqrt(tf.moments(tf.div(tf.sub(images, mean), tf.sqrt(variance)), [0, 1, 2]).variance).data<'float32'>();
      };
      const [faulty, healthy] = [await spreads([0, 2, 3]), await spreads([0, 1, 2])];
      return bars({ title: 'Channels after normalisation along the rows, and along channels', yTitle: 'standard deviation', groups: scales.map((_, i) => ({ name: `channel ${String(i)}`, faulty: faulty[i] ?? NaN, healthy: healthy[i] ?? NaN })) });
    },
  },
  {
    rule: 'softmax-axis',
    alt: 'Bars of the sum of the probabilities of five samples. With the softmax along the batch they are anything from 0.2 to 1.2; along the classes they are all 1, on the line.',
    spec: async () => {
      const logits = tf.tensor2d(table(5, 3, 'logits').map((row) => row.map((x) => 1.5 * x)));
      const [faulty, healthy] = [await tf.sum(tf.transpose(tf.softmax(tf.transpose(logits))), 1).data(), await tf.sum(tf.softmax(logits), 1).data()];
      return bars({ title: 'Sum of the probabilities of a sample', yTitle: 'sum', threshold: 1, groups: range(5).map((i) => ({ name: `sample ${String(i)}`, faulty: faulty[i] ?? NaN, healthy: healthy[i] ?? NaN })) });
    },
  },
  {
    rule: 'spatial-collapse',
    alt: 'Two curves of the width of an image over five layers. The faulty one is at 1 from layer 2 on, with convolutions still to come; the sound one goes down from 16 to 4 by steps.',
    spec: async () => {
      const images = (poolSize: number): LayersModel =>
        sequential({
          layers: [
            layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [16, 16, 1] }),
            layers.maxPooling2d({ poolSize }),
            layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
            layers.maxPooling2d({ poolSize: poolSize === 16 ? 1 : poolSize }),
            layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
            layers.flatten(),
            layers.dense({ units: 4, activation: 'softmax' }),
          ],
        });
      const data = { inputs: table(64, 256, 'pixels').map((row) => range(16).map((i) => row.slice(16 * i, 16 * i + 16).map((x) => [x]))), labels: clusters(64).labels };
      const widths = async (poolSize: number): Promise<Series> => {
        const shapes = layersIn(await measure(classifier({ model: () => images(poolSize), data }), 'shapes')).slice(0, 5);
        return { x: shapes.map((_, i) => i + 1), y: shapes.map((each) => pick(each, 'shape', 1)) };
      };
      return curves({ title: 'Width of the image, layer by layer', xTitle: 'layer', yTitle: 'pixels', faulty: await widths(16), healthy: await widths(2) });
    },
  },
  {
    rule: 'uneven-cropping',
    alt: 'Bars of the influence of the five columns of an image on a pooling of 2. With padding "valid" the last column has none; with "same" all have some.',
    spec: async () => {
      const influence = async (padding: 'same' | 'valid'): Promise<Float32Array> => tf.sum(tf.grad((x) => tf.sum(tf.avgPool(x as tf.Tensor4D, 2, 2, padding)))(tf.ones([1, 5, 5, 1])), [0, 1, 3]).data<'float32'>();
      const [faulty, healthy] = [await influence('valid'), await influence('same')];
      return bars({ title: 'Influence of each column on what a pooling gives', yTitle: 'gradient', groups: range(5).map((i) => ({ name: `column ${String(i)}`, faulty: faulty[i] ?? NaN, healthy: healthy[i] ?? NaN })) });
    },
  },
];

/** One sample through a model in training mode, again and again. */
async function again(outputs: 'dropout' | 'hidden'): Promise<number[]> {
  const [a, b, x] = [kernel(4, 32, 'dropout'), kernel(32, 1, 'last'), tf.tensor2d(numbersIn.slice(0, 1))];
  const values: number[] = [];
  for (let i = 0; i < 300; i += 1) {
    const y = tf.tidy(() => {
      const hidden = tf.relu(tf.matMul(x, a));
      return outputs === 'hidden' ? tf.matMul(tf.dropout(hidden, 0.3, undefined, i + 1), b) : tf.dropout(tf.matMul(hidden, b), 0.3, undefined, i + 1);
    });
    values.push((await y.data())[0] ?? NaN);
    y.dispose();
  }
  return values;
}

const withDropout = (rate: number): LayersModel => sequential({ layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [4] }), layers.dropout({ rate }), layers.dense({ units: 1 })] });
const frozenLayer = (at: number | undefined): LayersModel => {
  const model = net(4, 1);
  const layer = at === undefined ? undefined : model.layers[at];
  if (layer !== undefined) layer.trainable = false;
  return model;
};
const trained = ({ layers: [hidden, out] }: LayersModel): readonly number[] => [hidden, out].map((layer) => (layer?.trainableWeights ?? []).reduce((sum, { shape }) => sum + shape.reduce<number>((product, each) => product * (each ?? 1), 1), 0));

/** The numbers of a kernel before and after some updates. */
async function kernelOf(updates: number): Promise<number[]> {
  const model = seeded(() => sequential({ layers: [layers.dense({ units: 64, activation: 'relu', kernelInitializer: 'glorotUniform', inputShape: [4] }), layers.dense({ units: 64, activation: 'relu', kernelInitializer: 'glorotUniform' }), layers.dense({ units: 1 })] }));
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
  const [x, y] = [tf.tensor2d(numbersIn), tf.tensor2d(targets)];
  for (let i = 0; i < updates; i += 1) await model.trainOnBatch(x, y);
  return [...((await model.layers[1]?.getWeights()[0]?.data()) ?? [])];
}

/** A model written by hand: two kernels, and what `forward` makes of them. */
const byHand = (forward: (x: tf.Tensor, w: tf.Variable, v: tf.Variable) => tf.Tensor) => () => {
  const [w, v] = [tf.variable(kernel(4, 8, 'w')), tf.variable(kernel(8, 1, 'v'))];
  return { trainableWeights: { w, v }, forward: (x: tf.Tensor) => forward(x, w, v) };
};
const plain = byHand((x, w, v) => tf.matMul(tf.relu(tf.matMul(x, w)), v));
const byTheBatch = byHand((x, w, v) => {
  const h = tf.matMul(x, w);
  const { mean, variance } = tf.moments(h, 0);
  return tf.matMul(tf.relu(tf.div(tf.sub(h, mean), tf.sqrt(tf.add(variance, 1e-3)))), v);
});
const waves = range(100).map((s) => range(17).map((t) => Math.sin(0.4 * t + s)));
const sequences = (recurrent: () => ReturnType<typeof layers.simpleRNN>) => () =>
  regression({
    model: () => sequential({ layers: [recurrent(), layers.dense({ units: 1 })] }),
    data: { inputs: waves.map((each) => each.slice(0, -1).map((x) => [x])), labels: waves.map((each) => each.slice(1).map((x) => [x])) },
  });
const change = (when: 'early' | 'late') => (measured: Measured): number => pick((dig(measured, 'changes') as readonly Readonly<Record<string, unknown>>[]).find(({ name }) => String(name).startsWith('output ')), when);
const cell = (): ReturnType<typeof layers.simpleRNN> => layers.simpleRNN({ units: 4, returnSequences: true });

const behaviours: readonly RulePlot[] = [
  {
    rule: 'dropout-on-output',
    alt: 'Histogram of one prediction, made 300 times in training mode. With dropout on the output it is one of two values, 0 among them; with dropout before the last layer it is spread over many values.',
    spec: async () => histogram({ title: 'One prediction, made 300 times in training mode', xTitle: 'prediction', faulty: await again('dropout'), healthy: await again('hidden') }),
  },
  compared({
    rule: 'dropout-too-high',
    alt: 'Two bars: the rate of a dropout layer. It is 0.9 in the faulty model, above the line at 0.5, and 0.3 in the sound one.',
    check: 'structure',
    title: 'Share of the units that are dropped',
    yTitle: 'rate',
    faulty: () => regression({ model: () => withDropout(0.9) }),
    sound: () => regression({ model: () => withDropout(0.3) }),
    read: { rate: (measured) => pick(measured, 'dropout', 0, 'rate') },
    threshold: 0.5,
  }),
  compared({
    rule: 'few-trainable',
    alt: 'Bars of parameters: both models have 97; the one with a frozen hidden layer trains 17 of them, the other one all.',
    check: 'structure',
    title: 'Parameters, and those that are trained',
    yTitle: 'parameters',
    faulty: () => regression({ model: () => frozenLayer(0) }),
    sound: () => regression({ model: () => frozenLayer(undefined) }),
    read: { trained: (measured) => pick(measured, 'trainable'), all: (measured) => pick(measured, 'parameters') },
  }),
  {
    rule: 'frozen-at-random',
    alt: 'Histogram of the numbers of a kernel. At random it is the box that its initialiser draws from, with sharp ends; after training it is a hump that goes beyond these ends on both sides.',
    spec: async () => histogram({ title: 'Numbers of a kernel: at random (faulty), trained (sound)', xTitle: 'weight', faulty: await kernelOf(0), healthy: await kernelOf(80), bins: 60 }),
  },
  {
    rule: 'output-frozen',
    alt: 'Bars of the parameters that are trained in the hidden and in the output layer: 80 and 0 in the faulty model, 80 and 17 in the sound one.',
    spec: () => {
      const [faulty, healthy] = [trained(frozenLayer(1)), trained(frozenLayer(undefined))];
      return Promise.resolve(bars({ title: 'Parameters that are trained', yTitle: 'parameters', groups: ['hidden layer', 'output layer'].map((name, i) => ({ name, faulty: faulty[i] ?? NaN, healthy: healthy[i] ?? NaN })) }));
    },
  },
  compared({
    rule: 'batch-mixing',
    alt: 'Two bars on a logarithmic axis: how much the outputs of a sample change when another sample of its batch is replaced. In the model that normalises by the batch it is far above the line at 0.0001; in the sound one it is 0, drawn at a hundred-millionth.',
    check: 'batch-mixing',
    title: 'Change of outputs when another sample is replaced',
    yTitle: 'change / size of outputs',
    faulty: () => regression({ model: byTheBatch }),
    sound: () => regression({ model: plain }),
    read: { change: (measured) => Math.max(2e-8, ...(dig(measured, 'outputs', 0, 'changes') as readonly number[])) },
    threshold: 1e-4,
    logY: true,
  }),
  {
    rule: 'noise-in-inference',
    alt: 'Two curves of one prediction over 30 passes in inference mode. With dropout left on it jumps from pass to pass; without it is a straight line.',
    spec: async () => {
      const noisy = (await again('hidden')).slice(0, 30);
      const [a, b] = [kernel(4, 32, 'dropout'), kernel(32, 1, 'last')];
      const steady = (await tf.matMul(tf.relu(tf.matMul(tf.tensor2d(numbersIn.slice(0, 1)), a)), b).data())[0] ?? NaN;
      return curves({ title: 'One prediction, made 30 times in inference mode', xTitle: 'pass', yTitle: 'prediction', faulty: { x: range(30), y: noisy }, healthy: { x: range(30), y: noisy.map(() => steady) } });
    },
  },
  compared({
    rule: 'future-leak',
    alt: 'Bars of how much outputs change when inputs from step 8 on are replaced. Before step 8 they change in the model that looks both ways, and not at all in the sound one; from step 8 on they change in both.',
    check: 'future-leak',
    title: 'Change of outputs when inputs from step 8 on are replaced',
    yTitle: 'change / size of outputs',
    faulty: sequences(() => layers.bidirectional({ layer: cell(), mergeMode: 'concat', inputShape: [16, 1] } as never) as unknown as ReturnType<typeof layers.simpleRNN>),
    sound: sequences(() => layers.simpleRNN({ units: 4, returnSequences: true, inputShape: [16, 1] })),
    read: { 'before step 8': change('early'), 'from step 8 on': change('late') },
  }),
  {
    rule: 'unused-input',
    alt: 'Two curves of the output of a model while one feature goes from -3 to 3. The faulty model, which cuts the feature off, gives a flat line; the sound one bends.',
    spec: async () => {
      const [w, v] = [kernel(4, 8, 'w'), kernel(8, 1, 'v')];
      return curves({
        title: 'Output, while one feature changes',
        xTitle: 'feature',
        yTitle: 'output',
        faulty: await along((x) => tf.matMul(tf.tanh(tf.matMul(tf.slice(x, [0, 0], [-1, 2]), tf.slice(w, [0, 0], [2, 8]))), v)),
        healthy: await along((x) => tf.matMul(tf.tanh(tf.matMul(x, w)), v)),
      });
    },
  },
  compared({
    rule: 'unused-weights',
    alt: 'Two bars: the number of weights that the loss does not reach. It is 1 in the faulty model, which leaves its second kernel out, and 0 in the sound one.',
    check: 'reach',
    title: 'Trainable weights without a gradient',
    yTitle: 'weights',
    faulty: () => regression({ model: byHand((x, w) => tf.mean(tf.matMul(x, w), 1, true)) }),
    sound: () => regression({ model: plain }),
    read: { 'of two': (measured) => (dig(measured, 'weightsWithoutGradient') as readonly string[]).length },
  }),
];

export const modelPlots: readonly RulePlot[] = [...signals, ...forms, ...behaviours, ...lossPlots];
