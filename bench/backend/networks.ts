import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model as functional, sequential, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';

/** A product of matrices [m, k] x [k, n], `times` over. */
export interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly times?: number;
}

/** A network whose training is timed: 10 classes, random inputs (no kernel's time depends on the values). */
export interface Network {
  readonly name: string;
  readonly batch: number;
  /** Of one example. */
  readonly shape: readonly number[];
  readonly build: () => LayersModel;
  /** The forward pass as products of matrices; the backward pass follows from them. Products of less than a hundredth are left out. */
  readonly products: readonly Product[];
}

const apply = (layer: { apply: (x: SymbolicTensor | SymbolicTensor[]) => unknown }, ...x: SymbolicTensor[]): SymbolicTensor =>
  layer.apply(x.length === 1 ? x[0]! : x) as SymbolicTensor;

const softmax = (): ReturnType<typeof layers.dense> => layers.dense({ units: 10, activation: 'softmax' });

/** A convolution as a product: output positions by what lies under the filter by filters. */
const convolution = (batch: number, outSize: number, filterSize: number, channels: number, filters: number): Product => ({
  m: batch * outSize * outSize, k: filterSize * filterSize * channels, n: filters,
});

function transformer(): LayersModel {
  const [length, width, heads, blocks] = [32, 64, 4, 2];
  const x = input({ shape: [length, width] });
  let h: SymbolicTensor = x;
  for (let block = 0; block < blocks; block++) {
    const normal = apply(layers.layerNormalization(), h);
    const outputs = Array.from({ length: heads }, () => {
      const [query, key, value] = [0, 1, 2].map(() => apply(layers.dense({ units: width / heads }), normal)) as [SymbolicTensor, SymbolicTensor, SymbolicTensor];
      const weights = apply(layers.activation({ activation: 'softmax' }), apply(layers.dot({ axes: 2 }), query, key));
      return apply(layers.dot({ axes: [2, 1] }), weights, value);
    });
    h = apply(layers.add(), h, apply(layers.dense({ units: width }), apply(layers.concatenate(), ...outputs)));
    const wide = apply(layers.dense({ units: 4 * width, activation: 'relu' }), apply(layers.layerNormalization(), h));
    h = apply(layers.add(), h, apply(layers.dense({ units: width }), wide));
  }
  return functional({ inputs: x, outputs: apply(softmax(), apply(layers.globalAveragePooling1d(), h)) });
}

export const networks: readonly Network[] = [
  {
    name: 'mlp', batch: 64, shape: [784],
    build: () => sequential({ layers: [layers.dense({ units: 256, activation: 'relu', inputShape: [784] }), layers.dense({ units: 128, activation: 'relu' }), softmax()] }),
    products: [{ m: 64, k: 784, n: 256 }, { m: 64, k: 256, n: 128 }, { m: 64, k: 128, n: 10 }],
  },
  {
    name: 'small cnn', batch: 64, shape: [28, 28, 1],
    build: () => sequential({ layers: [
      layers.conv2d({ filters: 8, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }), layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 16, kernelSize: 3, activation: 'relu' }), layers.maxPooling2d({ poolSize: 2 }), layers.flatten(), softmax(),
    ] }),
    products: [convolution(64, 26, 3, 1, 8), convolution(64, 11, 3, 8, 16), { m: 64, k: 400, n: 10 }],
  },
  {
    name: 'medium cnn', batch: 8, shape: [32, 32, 3],
    build: () => sequential({ layers: [
      layers.conv2d({ filters: 32, kernelSize: 3, padding: 'same', useBias: false, inputShape: [32, 32, 3] }), layers.batchNormalization(), layers.activation({ activation: 'relu' }),
      layers.conv2d({ filters: 32, kernelSize: 3, padding: 'same', strides: 2, activation: 'relu' }), layers.conv2d({ filters: 64, kernelSize: 3, padding: 'same', activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }), layers.conv2d({ filters: 64, kernelSize: 3, padding: 'same', activation: 'relu' }), layers.globalAveragePooling2d({}), softmax(),
    ] }),
    products: [convolution(8, 32, 3, 3, 32), convolution(8, 16, 3, 32, 32), convolution(8, 16, 3, 32, 64), convolution(8, 8, 3, 64, 64)],
  },
  {
    name: 'depthwise-separable', batch: 32, shape: [32, 32, 3],
    build: () => sequential({ layers: [
      layers.conv2d({ filters: 16, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu', inputShape: [32, 32, 3] }),
      layers.separableConv2d({ filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' }),
      layers.separableConv2d({ filters: 64, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }), layers.globalAveragePooling2d({}), softmax(),
    ] }),
    // A depthwise filter is no product of matrices; its operations are counted as those of one with as many.
    products: [convolution(32, 16, 3, 3, 16), convolution(32, 16, 3, 1, 16), convolution(32, 16, 1, 16, 32), convolution(32, 8, 3, 1, 32), convolution(32, 8, 1, 32, 64)],
  },
  {
    name: 'lstm', batch: 32, shape: [28, 28],
    build: () => sequential({ layers: [layers.lstm({ units: 64, inputShape: [28, 28], recurrentInitializer: 'glorotUniform' }), softmax()] }),
    products: [{ m: 32, k: 28, n: 256, times: 28 }, { m: 32, k: 64, n: 256, times: 28 }],
  },
  {
    name: 'small transformer', batch: 16, shape: [32, 64],
    build: transformer,
    products: [
      { m: 512, k: 64, n: 16, times: 2 * 4 * 3 }, { m: 32, k: 16, n: 32, times: 2 * 4 * 16 }, { m: 32, k: 32, n: 16, times: 2 * 4 * 16 },
      { m: 512, k: 64, n: 64, times: 2 }, { m: 512, k: 64, n: 256, times: 2 }, { m: 512, k: 256, n: 64, times: 2 },
    ],
  },
];

/** The products of a whole step: forward, and for each one the gradients of its right operand and, but for the first's, its left. */
export const stepProducts = ({ products }: Network): readonly Product[] =>
  products.flatMap(({ m, k, n, times = 1 }, at) => [{ m, k, n, times }, { m: k, k: m, n, times }, ...(at === 0 ? [] : [{ m, k: n, n: k, times }])]);

/** Inputs and one-hot labels on the backend in use. */
export function batchOf({ batch, shape }: Network): { readonly x: tf.Tensor; readonly y: tf.Tensor } {
  return { x: tf.randomUniform([batch, ...shape]), y: tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(Array.from({ length: batch }, (_, i) => i % 10), 'int32'), 10), 'float32')) };
}
