import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ModelFace } from '../../../trainer/model.js';
import { spreadOf, valuesOf } from './predictions.js';
import { isOf, scaledTo } from './random-numbers.js';

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
/** With untouched biases or moving means beside it as a second witness: at 50 the deviation is known to 7 or 10%. */
const fewestBeside = 50;
/** So many numbers of an initialiser's own, over some draws. */
const drawn = 8192;

async function drawsOf(initializer: Initializer, shape: readonly number[], size: number): Promise<Float32Array> {
  const all: number[] = [];
  do all.push(...((await valuesOf([initializer.apply(shape)]))[0] ?? []).slice(0, drawn));
  while (all.length < drawn && all.length < 128 * size);
  return Float32Array.from(all);
}

/** Whether what stands beside the kernel is untouched too: biases of 0 (or 1, of a forget gate), moving means of 0; undefined where nothing does. */
async function isUntouched(layer: Layer, after: readonly Layer[]): Promise<boolean | undefined> {
  const beside = [
    ...layer.weights.filter((each) => partOf(each) === 'bias'),
    ...after.flatMap((each) => each.weights.filter((weight) => partOf(weight) === 'moving_mean')),
  ];
  for (const each of beside) {
    const values = await each.read().data<'float32'>();
    if (values.some((value) => value !== 0 && value !== 1)) return false;
  }
  return beside.length === 0 ? undefined : true;
}

/** A kernel's numbers beside its initialiser's; `isFresh` where that is known without these. */
interface Compared {
  readonly isFresh?: boolean | undefined;
  readonly own?: Float32Array;
  readonly draws?: Float32Array;
  readonly hasWitness?: boolean;
}

async function compare(layer: Layer, kernel: Variable, after: readonly Layer[]): Promise<Compared> {
  const initializer = initializerOf(layer, partOf(kernel));
  const size = sizeOf(kernel);
  // An orthogonal matrix takes a decomposition to draw, and the numbers of a small one are not independent.
  const isOrthogonal = initializer !== undefined && /orthogonal/i.test(initializer.constructor.name);
  if (initializer === undefined || size > 1e7 || (isOrthogonal && (size > 65_536 || size < fewest))) return {};
  const own = Float32Array.from(await kernel.read().data<'float32'>());
  if (!(spreadOf(own) > 0)) return {};
  const untouched = await isUntouched(layer, after);
  if (untouched === false) return { isFresh: false };
  const draws = await drawsOf(initializer, shapeOf(kernel), size);
  return spreadOf(draws) > 0 ? { own, draws, hasWitness: untouched === true } : { isFresh: false };
}

const isEnough = (numbers: number, hasWitness: boolean): boolean => numbers >= (hasWitness ? fewestBeside : fewest);

/** What each kernel is by itself; those too small for that, all together, each by the size of its initialiser's draws. */
function judged(all: readonly Compared[]): readonly (boolean | undefined)[] {
  const small = all.filter(({ own, draws, hasWitness = false }) => own !== undefined && draws !== undefined && !isEnough(own.length, hasWitness));
  const numbers = small.reduce((sum, { own }) => sum + (own?.length ?? 0), 0);
  let together: boolean | undefined;
  if (small.length > 1 && isEnough(numbers, small.every(({ hasWitness }) => hasWitness === true))) {
    const joined = (of: 'own' | 'draws'): Float32Array => Float32Array.from(small.flatMap((each) => Array.from(scaledTo(each[of] ?? new Float32Array(), spreadOf(each.draws ?? new Float32Array())))));
    together = isOf(joined('own'), joined('draws'));
  }
  return all.map((each) => {
    const { own, draws } = each;
    if (own === undefined || draws === undefined) return each.isFresh;
    return small.includes(each) ? together : isOf(own, draws);
  });
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
  const held: Omit<HeldKernel, 'isFresh'>[] = [];
  const compared: Compared[] = [];
  let trained = 0;
  for (const layer of layers) {
    const after = layers.filter((each) => /BatchNormalization/.test(each.getClassName()) && each.inboundNodes.some(({ inboundLayers }) => inboundLayers.includes(layer)));
    for (const kernel of layer.weights.filter((each) => partOf(each) in initializers)) {
      if (trainable.has(kernel.id)) trained += 1;
      else {
        held.push({ layer: layer.name, weight: kernel.name, size: sizeOf(kernel), isOutput: outputs.has(layer.name) });
        compared.push(await compare(layer, kernel, after));
      }
    }
  }
  const fresh = judged(compared);
  return { held: held.map((each, i) => ({ ...each, isFresh: fresh[i] })), trained };
}
