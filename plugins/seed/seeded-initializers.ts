import type { Tensor } from '@tensorflow/tfjs-core';
import { layers, type LayersModel } from '@tensorflow/tfjs-layers';

type AddWeight = (this: object, ...args: unknown[]) => unknown;
interface LayerPrototype {
  addWeight: AddWeight;
}
/** An initialiser that draws numbers has a seed; one that fills in constants has none. */
interface Initializer {
  seed: number | undefined;
  apply(shape: number[], dtype?: string): Tensor;
}

const hasSeed = (value: unknown): value is Initializer => typeof value === 'object' && value !== null && 'seed' in value;

/** Runs with the initialiser's seed set, and puts its own back: an initialiser may be shared by several layers. */
function withSeed<T>(initializer: Initializer, seed: number, run: () => T): T {
  const own = initializer.seed;
  initializer.seed = seed;
  try {
    return run();
  } finally {
    initializer.seed = own;
  }
}

/** Those in force, the latest last: several trainers may build models in one process, and the original must come back in the end. */
const inForce: SeededInitializers[] = [];
let original: AddWeight | undefined;
const prototype = (): LayerPrototype => (layers.Layer as unknown as { prototype: LayerPrototype }).prototype;

function addSeededWeight(this: object, ...args: unknown[]): unknown {
  const add = (): unknown => original?.apply(this, args);
  const initializer = args[3];
  const seed = inForce.at(-1)?.next();
  return seed !== undefined && hasSeed(initializer) ? withSeed(initializer, seed, add) : add();
}

/**
 * While it is installed, every weight that a layer makes is drawn from a seed of its own, by its place in the order of
 * making: also in layers whose initialisers have no seed, one that equals another layer's, or 0, which TensorFlow.js
 * takes as unseeded.
 */
export class SeededInitializers {
  #made = 0;
  #seedFor: ((name: string) => number) | undefined;

  /** Weights that were made since it was installed. */
  get made(): number {
    return this.#made;
  }

  /** The seed of the next weight. */
  next(): number | undefined {
    this.#made += 1;
    return this.#seedFor?.(`weight/${String(this.#made - 1)}`);
  }

  install(seedFor: (name: string) => number): void {
    this.remove();
    this.#seedFor = seedFor;
    inForce.push(this);
    if (original !== undefined) return;
    original = prototype().addWeight;
    prototype().addWeight = addSeededWeight;
  }

  remove(): void {
    const place = inForce.indexOf(this);
    if (place >= 0) inForce.splice(place, 1);
    if (inForce.length > 0 || original === undefined) return;
    if (prototype().addWeight === addSeededWeight) prototype().addWeight = original;
    original = undefined;
  }
}

/** The last part of a weight's name to the field of its layer that holds the initialiser (tfjs-layers 4). */
const initializerFields: Readonly<Record<string, string>> = {
  kernel: 'kernelInitializer',
  recurrent_kernel: 'recurrentInitializer',
  depthwise_kernel: 'depthwiseInitializer',
  pointwise_kernel: 'pointwiseInitializer',
  bias: 'biasInitializer',
  embeddings: 'embeddingsInitializer',
  gamma: 'gammaInitializer',
  beta: 'betaInitializer',
  moving_mean: 'movingMeanInitializer',
  moving_variance: 'movingVarianceInitializer',
  alpha: 'alphaInitializer',
};

/** A layer and the layers within it: wrappers, both directions, cells, nested models. */
export function* nestedLayers(layer: object): Generator<object> {
  yield layer;
  for (const field of ['layer', 'forwardLayer', 'backwardLayer', 'cell']) {
    const inner: unknown = Reflect.get(layer, field);
    if (typeof inner === 'object' && inner !== null) yield* nestedLayers(inner);
  }
  for (const field of ['layers', 'cells']) {
    const inner: unknown = Reflect.get(layer, field);
    if (Array.isArray(inner)) for (const each of inner) if (typeof each === 'object' && each !== null) yield* nestedLayers(each as object);
  }
}

export const isLayersModel = (model: unknown): model is LayersModel => typeof model === 'object' && model !== null && Array.isArray((model as Partial<LayersModel>).layers);

/**
 * Draws every weight of a built model anew, from seeds of their own.
 * @returns names of the weights whose initialiser could not be found: they keep their values.
 */
export function reinitialize(model: LayersModel, seedFor: (name: string) => number): readonly string[] {
  const kept: string[] = [];
  const done = new Set<number>();
  let place = 0;
  for (const layer of model.layers) {
    const within = [...nestedLayers(layer)];
    for (const weight of layer.weights) {
      if (done.has(weight.id)) continue;
      done.add(weight.id);
      const field = initializerFields[(weight.originalName.split('/').at(-1) ?? '').replace(/_\d+$/, '')];
      // A wrapper holds several layers with fields of this name: the one that holds this very weight is meant.
      const owner = within.find((each) => field !== undefined && field in each && (Object.values(each).includes(weight) || within.length === 1));
      const initializer: unknown = owner === undefined || field === undefined ? undefined : Reflect.get(owner, field);
      const seed = seedFor(`weight/${String(place)}`);
      place += 1;
      if (typeof initializer !== 'object' || initializer === null || typeof (initializer as Partial<Initializer>).apply !== 'function') {
        kept.push(weight.name);
        continue;
      }
      const draw = (): void => {
        const value = (initializer as Initializer).apply(weight.shape as number[], weight.dtype);
        weight.write(value);
        value.dispose();
      };
      if (hasSeed(initializer)) withSeed(initializer, seed, draw);
      else draw();
    }
  }
  return kept;
}
