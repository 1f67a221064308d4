import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { metrics } from '@tensorflow/tfjs-layers';
import { chooseBackend } from '../../src/backend/index.js';
import { compileOptimizer } from '../../src/trainer/optimizer/index.js';
import { batchOf, stepProducts, type Network } from './networks.js';
import { takeKernels, useKernels, type KernelSet } from './kernel-sets.js';

export const contenderNames = ['stock cpu', 'stock wasm', 'trainscope wasm', 'roofline'] as const;
export type ContenderName = (typeof contenderNames)[number];

export interface Contender {
  /** Makes its backend and its kernels the ones in use. */
  readonly enter: () => Promise<void>;
  /** One training step, or all products of one; what it computed has been read at the end. */
  readonly step: () => void;
  readonly dispose: () => void;
}

let sets: { readonly stock: KernelSet; readonly ours: KernelSet } | undefined;

/** Takes the stock kernels down before ours are put in front of them. Once, before anything else uses a backend. */
export async function prepare(): Promise<void> {
  const stock = takeKernels();
  await chooseBackend('wasm');
  sets = { stock, ours: takeKernels() };
}

async function enter(backend: 'cpu' | 'wasm', set: 'stock' | 'ours'): Promise<void> {
  if (sets === undefined) throw new Error('prepare() comes first');
  useKernels(sets[set]);
  await tf.setBackend(backend);
}

/**
 * A step of a layers model with Adam, the same for all: forward, backward, update, and the loss read. Trainscope's
 * differs in who updates: its optimizer, which calls its own kernels.
 */
function training(network: Network, update: 'stock' | 'trainscope'): { step: () => void; dispose: () => void } {
  const model = network.build();
  const { x, y } = batchOf(network);
  const variables = model.trainableWeights.map((weight) => weight.read()).filter((weight): weight is tf.Variable => weight instanceof tf.Variable);
  const adam = tf.train.adam(0.001);
  const optimizer = compileOptimizer(adam);
  const step = (): void => {
    const { value, grads } = tf.variableGrads(() => tf.mean<tf.Scalar>(metrics.categoricalCrossentropy(y, model.apply(x, { training: true }) as tf.Tensor)), variables);
    if (update === 'stock') adam.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
    else optimizer.apply(new Map(variables.map((variable) => [variable, grads[variable.name]!])));
    value.dataSync();
    tf.dispose([value, grads]);
  };
  return { step, dispose: () => { tf.dispose([x, y]); adam.dispose(); model.dispose(); } };
}

/** The products of a step alone, each of operands that lie ready, by the faster kernels of the two: trainscope's. */
function products(network: Network): { step: () => void; dispose: () => void } {
  const operands = stepProducts(network).map(({ m, k, n, times = 1 }) => ({ a: tf.randomUniform([m, k]), b: tf.randomUniform([k, n]), times }));
  return {
    step: () => {
      for (const { a, b, times } of operands) for (let each = 0; each < times; each++) tf.matMul(a, b).dispose();
    },
    dispose: () => tf.dispose(operands.flatMap(({ a, b }) => [a, b])),
  };
}

const make: Readonly<Record<ContenderName, readonly ['cpu' | 'wasm', 'stock' | 'ours', (network: Network) => { step: () => void; dispose: () => void }]>> = {
  'stock cpu': ['cpu', 'stock', (network) => training(network, 'stock')],
  'stock wasm': ['wasm', 'stock', (network) => training(network, 'stock')],
  'trainscope wasm': ['wasm', 'ours', (network) => training(network, 'trainscope')],
  roofline: ['wasm', 'ours', products],
};

/** A contender whose backend is in use. */
export async function openContender(name: ContenderName, network: Network): Promise<Contender> {
  const [backend, set, open] = make[name];
  await enter(backend, set);
  const { step, dispose } = open(network);
  return { enter: () => enter(backend, set), step, dispose };
}
