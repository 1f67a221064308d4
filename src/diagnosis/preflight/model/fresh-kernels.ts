import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ModelFace } from '../../../trainer/model.js';
import { meanOf, spreadOf, valuesOf } from './predictions.js';

type Layer = LayersModel['layers'][number];
type Variable = Layer['weights'][number];
interface Initializer {
  apply(shape: readonly number[]): tf.Tensor;
}

export interface HeldKernel {
  readonly layer: string;
  readonly weight: string;
  readonly size: number;
  readonly isOutput: boolean;
  /** Whether its numbers are those of its own initialiser; undefined where that cannot be told. */
  readonly isFresh: boolean | undefined;
}

/** The initialiser of each kernel, by the last part of its name. */
const initializers: Readonly<Record<string, string>> = {
  kernel: 'kernelInitializer',
  recurrent_kernel: 'recurrentInitializer',
  depthwise_kernel: 'depthwiseInitializer',
  pointwise_kernel: 'pointwiseInitializer',
  embeddings: 'embeddingsInitializer',
};

const partOf = ({ originalName }: Variable): string => (originalName.split('/').at(-1) ?? '').replace(/_\d+$/, '');
const shapeOf = (variable: Variable): number[] => variable.shape.map((each) => each ?? 1);
const sizeOf = (variable: Variable): number => shapeOf(variable).reduce((product, each) => product * each, 1);

/** Layers, those of models within the model in place of these. */
const flat = (layers: readonly Layer[]): readonly Layer[] => layers.flatMap((layer) => ('layers' in layer && Array.isArray(layer.layers) ? flat(layer.layers as Layer[]) : [layer]));

function initializerOf(layer: Layer, part: string): Initializer | undefined {
  const name = initializers[part] ?? '';
  const holder = layer as unknown as Readonly<Record<string, unknown>>;
  const cell = holder['cell'] as Readonly<Record<string, unknown>> | undefined;
  const found = (holder[name] ?? cell?.[name]) as Partial<Initializer> | undefined;
  return typeof found?.apply === 'function' ? (found as Initializer) : undefined;
}

/** Fewer numbers do not tell a distribution: at 256 the standard deviation is known to 3 or 4%. */
const fewest = 256;
/** So many numbers of an initialiser's own, over some draws. */
const drawn = 8192;
/** Standard errors within which a statistic is that of the initialiser: one kernel in 2000 is beyond. */
const near = 3.5;

const kurtosisOf = (values: Float32Array, mean: number, spread: number): number => values.reduce((sum, each) => sum + ((each - mean) / spread) ** 4, 0) / values.length;

async function drawsOf(initializer: Initializer, shape: readonly number[], size: number): Promise<Float32Array> {
  const all: number[] = [];
  do all.push(...((await valuesOf([initializer.apply(shape)]))[0] ?? []).slice(0, drawn));
  while (all.length < drawn && all.length < 32 * size);
  return Float32Array.from(all);
}

/** Mean, deviation, kurtosis and bounds of a kernel beside those of draws of its initialiser. */
function isOf(own: Float32Array, draws: Float32Array): boolean {
  const [mean, there] = [meanOf(own), meanOf(draws)];
  const [spread, wanted] = [spreadOf(own), spreadOf(draws)];
  const errors = Math.sqrt(1 / own.length + 1 / draws.length);
  const [kurtosis, expected] = [kurtosisOf(own, mean, spread), kurtosisOf(draws, there, wanted)];
  const most = (values: Float32Array): number => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  // Errors of a deviation and of a kurtosis, for distributions no heavier than the normal one.
  if (Math.abs(mean - there) > near * wanted * errors || Math.abs(spread / wanted - 1) > near * errors * Math.sqrt((expected - 1) / 4)) return false;
  if (Math.abs(kurtosis - expected) > near * errors * Math.sqrt(24)) return false;
  // A uniform distribution has a kurtosis of 1.8, a normal one cut off at two deviations 2.4: both end, and training goes beyond.
  return expected > 2.7 || most(own) <= 1.01 * most(draws);
}

/** Whether what stands beside the kernel is untouched too: biases of 0 (or 1, of a forget gate), moving means of 0. */
async function isUntouched(layer: Layer, after: readonly Layer[]): Promise<boolean> {
  const beside = [
    ...layer.weights.filter((each) => partOf(each) === 'bias'),
    ...after.flatMap((each) => each.weights.filter((weight) => partOf(weight) === 'moving_mean')),
  ];
  for (const each of beside) {
    const values = await each.read().data<'float32'>();
    if (values.some((value) => value !== 0 && value !== 1)) return false;
  }
  return true;
}

async function freshness(layer: Layer, kernel: Variable, after: readonly Layer[]): Promise<boolean | undefined> {
  const initializer = initializerOf(layer, partOf(kernel));
  const size = sizeOf(kernel);
  // An orthogonal matrix takes a decomposition to draw.
  if (initializer === undefined || size < fewest || size > 1e7 || (/orthogonal/i.test(initializer.constructor.name) && size > 65_536)) return undefined;
  const own = await kernel.read().data<'float32'>();
  if (!(spreadOf(own) > 0) || !(await isUntouched(layer, after))) return spreadOf(own) > 0 ? false : undefined;
  const draws = await drawsOf(initializer, shapeOf(kernel), size);
  return spreadOf(draws) > 0 ? isOf(Float32Array.from(own), draws) : false;
}

export interface HeldKernels {
  readonly held: readonly HeldKernel[];
  /** Kernels that are trained. */
  readonly trained: number;
}

/** Kernels of a LayersModel that are not trained, and whether they hold what their own initialiser makes. */
export async function heldKernels(model: ModelFace): Promise<HeldKernels> {
  if (model.kind !== 'layers') return { held: [], trained: 0 };
  const source = model.source as LayersModel;
  const trainable = new Set<unknown>(source.trainableWeights.map(({ id }) => id));
  const outputs = new Set(source.outputs.map(({ sourceLayer }) => sourceLayer.name));
  const layers = flat(source.layers);
  const held: HeldKernel[] = [];
  let trained = 0;
  for (const layer of layers) {
    const after = layers.filter((each) => /BatchNormalization/.test(each.getClassName()) && each.inboundNodes.some(({ inboundLayers }) => inboundLayers.includes(layer)));
    for (const kernel of layer.weights.filter((each) => partOf(each) in initializers)) {
      if (trainable.has(kernel.id)) trained += 1;
      else held.push({ layer: layer.name, weight: kernel.name, size: sizeOf(kernel), isOutput: outputs.has(layer.name), isFresh: await freshness(layer, kernel, after) });
    }
  }
  return { held, trained };
}
