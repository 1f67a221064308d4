import { headOf, hiddenOptions, plain, type Architecture } from '../architecture.js';
import type { Optimizer, Recipe } from '../recipe.js';
import { initializers, input, layers, model, type LayersModel, type SymbolicTensor } from '../tfjs.js';
import { clouds, digits, friedman, irises, pairs, rare, tokens, waves, type Split } from './data.js';
import { handwrittenDigits } from './handwritten.js';
import { convNet, denseNet, PadTime, stacked } from './network.js';
import { accuracy, explained, ranking } from './score.js';
import type { Setup } from './setup.js';

const adam = (learningRate: number): Optimizer => ({ name: 'adam', learningRate });
const classes = 'sparseCategoricalCrossentropy';

type Parts = Omit<Recipe, 'setup' | 'seed' | 'train' | 'held' | 'architecture' | 'options'> & { readonly architecture: Partial<Architecture>; readonly options?: Recipe['options'] };

const setup = (name: string, { score, reference }: Pick<Setup, 'score' | 'reference'>, data: (seed: number) => Split, { architecture, options = {}, ...parts }: Parts): Setup => ({
  name,
  score,
  reference,
  recipe: (seed) => ({ setup: name, seed, ...data(seed), architecture: { ...plain, ...architecture }, options, ...parts }),
});

/** An embedding of int32 tokens, and a recurrent layer. `special`: the kind of layer. */
const recurrent = (architecture: Architecture): LayersModel => {
  const units = architecture.hidden[0] ?? 16;
  const common = { units, name: 'recurrent', ...(architecture.kernel() === plain.kernel() ? {} : { recurrentInitializer: architecture.kernel() }) };
  const layer = architecture.special === 'lstm' ? layers.lstm(common) : architecture.special === 'simple' ? layers.simpleRNN({ ...common, activation: architecture.activation ?? 'linear' }) : layers.gru(common);
  return stacked([layers.embedding({ inputDim: 9, outputDim: 8, inputLength: 10, name: 'words' }), layer, ...headOf(architecture)], [10], architecture);
};

/** Convolutions over time that see the present and the past. `special: 'centred'`: they see both sides. */
const causal = (architecture: Architecture): LayersModel =>
  stacked(
    [
      ...(architecture.first === undefined ? [] : [architecture.first()]),
      ...architecture.hidden.flatMap((filters, i) => [
        architecture.special === 'centred' ? new PadTime(1, 1, `pad${String(i + 1)}`) : new PadTime(2, 0, `pad${String(i + 1)}`),
        layers.conv1d({ filters, kernelSize: 3, name: `conv${String(i + 1)}`, ...hiddenOptions(architecture) }),
      ]),
      ...headOf(architecture),
    ],
    [24, 1],
    architecture,
  );

/** Blocks of dense, batch norm and activation, each added to what it was given. `special: 'layer'`: layer norm. */
const residual = (architecture: Architecture): LayersModel => {
  const start = input({ shape: [20], name: 'features' });
  const { activation, ...options } = hiddenOptions(architecture);
  let x = layers.dense({ units: architecture.hidden[0] ?? 32, name: 'stem', ...hiddenOptions(architecture) }).apply(architecture.first === undefined ? start : architecture.first().apply(start)) as SymbolicTensor;
  for (const [i, units] of architecture.hidden.entries()) {
    const names = { name: `norm${String(i + 1)}` };
    let y = layers.dense({ units, name: `block${String(i + 1)}`, ...options }).apply(x) as SymbolicTensor;
    y = (architecture.special === 'layer' ? layers.layerNormalization(names) : layers.batchNormalization(names)).apply(y) as SymbolicTensor;
    if (activation !== undefined) y = layers.activation({ activation, name: `active${String(i + 1)}` }).apply(y) as SymbolicTensor;
    if (architecture.dropout > 0) y = layers.dropout({ rate: architecture.dropout, name: `dropout${String(i + 1)}` }).apply(y) as SymbolicTensor;
    x = layers.add({ name: `sum${String(i + 1)}` }).apply([x, y]) as SymbolicTensor;
  }
  for (const layer of headOf(architecture)) x = layer.apply(x) as SymbolicTensor;
  return model({ inputs: start, outputs: x });
};

/** Two inputs, put side by side. `special: 'right unused'`: only one of them is led on; 'right times 0': the other is led on as zeros. */
const towers = (architecture: Architecture): LayersModel => {
  const left = input({ shape: [6], name: 'left' });
  const right = input({ shape: [6], name: 'right' });
  const units = architecture.hidden[0] ?? 32;
  const a = layers.dense({ units, name: 'left_hidden', ...hiddenOptions(architecture) }).apply(left) as SymbolicTensor;
  const zero = { kernelInitializer: initializers.zeros(), biasInitializer: initializers.zeros(), trainable: false };
  const b = layers.dense({ units, name: 'right_hidden', ...hiddenOptions(architecture), ...(architecture.special === 'right times 0' ? zero : {}) }).apply(right) as SymbolicTensor;
  let x = architecture.special === 'right unused' ? a : (layers.concatenate({ name: 'both' }).apply([a, b]) as SymbolicTensor);
  for (const [i, each] of architecture.hidden.slice(1).entries()) x = layers.dense({ units: each, name: `hidden${String(i + 2)}`, ...hiddenOptions(architecture) }).apply(x) as SymbolicTensor;
  for (const layer of headOf(architecture)) x = layer.apply(x) as SymbolicTensor;
  return model({ inputs: [left, right], outputs: x });
};

/** All set-ups by name. References: what the set-up reaches over tuning seeds, with room. */
export const setups = {
  mlp: setup('mlp', { score: accuracy, reference: 0.88 }, (seed) => digits(seed, [784], 3000, 1000), {
    architecture: { hidden: [64], outputs: 10, head: 'softmax' },
    build: denseNet(784), loss: classes, optimizer: adam(0.002), epochs: 5, batchSize: 64,
  }),
  cnn: setup('cnn', { score: accuracy, reference: 0.86 }, (seed) => digits(seed, [28, 28, 1], 1500, 500), {
    architecture: { hidden: [8, 16], outputs: 10, head: 'softmax' },
    build: convNet(28), loss: classes, optimizer: adam(0.004), epochs: 4, batchSize: 32,
  }),
  iris: setup('iris', { score: accuracy, reference: 0.9 }, irises, {
    architecture: { hidden: [16], outputs: 3, head: 'softmax' },
    build: denseNet(4), loss: classes, optimizer: adam(0.01), epochs: 50, batchSize: 16,
  }),
  friedman: setup('friedman', { score: explained, reference: 0.82 }, friedman, {
    architecture: { hidden: [32, 32] },
    build: denseNet(10), loss: 'meanSquaredError', optimizer: adam(0.003), epochs: 40, batchSize: 32,
  }),
  tokens: setup('tokens', { score: accuracy, reference: 0.9 }, tokens, {
    architecture: { hidden: [16], outputs: 3, head: 'softmax' },
    build: recurrent, loss: classes, optimizer: adam(0.01), epochs: 15, batchSize: 32,
  }),
  waves: setup('waves', { score: explained, reference: 0.87 }, waves, {
    architecture: { hidden: [16, 16] },
    build: causal, loss: 'meanSquaredError', optimizer: adam(0.005), epochs: 20, batchSize: 32, options: { causal: true },
  }),
  rare: setup('rare', { score: ranking, reference: 0.93 }, rare, {
    architecture: { hidden: [16], head: 'sigmoid' },
    build: denseNet(10), loss: 'binaryCrossentropy', optimizer: adam(0.003), epochs: 12, batchSize: 32,
  }),
  residual: setup('residual', { score: accuracy, reference: 0.87 }, clouds, {
    architecture: { hidden: [32, 32], outputs: 8, head: 'softmax' },
    build: residual, loss: classes, optimizer: adam(0.003), epochs: 15, batchSize: 32,
  }),
  handwritten: setup('handwritten', { score: accuracy, reference: 0.82 }, (seed) => digits(seed, [784], 2000, 500), {
    architecture: { hidden: [16], outputs: 10 },
    build: handwrittenDigits, loss: { name: classes, fromLogits: true }, optimizer: adam(0.002), epochs: 5, batchSize: 32,
  }),
  pairs: setup('pairs', { score: explained, reference: 0.86 }, pairs, {
    architecture: { hidden: [24, 24] },
    build: towers, loss: 'meanSquaredError', optimizer: adam(0.003), epochs: 25, batchSize: 32,
  }),
} as const satisfies Readonly<Record<string, Setup>>;

export type SetupName = keyof typeof setups;
export const setupNames = Object.keys(setups) as readonly SetupName[];
