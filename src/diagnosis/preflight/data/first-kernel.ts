import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Lab } from '../lab.js';

type Layer = LayersModel['layers'][number];

/** How an input comes to the first layer that multiplies it with weights. */
export interface FirstKernel {
  /** That layer; undefined where none was found. */
  readonly layer: string | undefined;
  readonly className: string | undefined;
  /** The layer whose output it takes, where something on the way changes values; undefined where the input comes as it is. */
  readonly from: string | undefined;
  /** The way goes through a layer that normalises. */
  readonly normalised: boolean;
  /** A layer that normalises comes right after it. */
  readonly normalisedAfter: boolean;
  /** The way leads into a model within the model, where no value can be asked for. */
  readonly hidden: boolean;
}

/** Layers that move values or leave some out, and change none by much: dropout's factor at most doubles at a rate of 0.5. */
const passing = new Set(['InputLayer', 'Flatten', 'Reshape', 'Permute', 'Dropout', 'SpatialDropout1D', 'ZeroPadding2D', 'RepeatVector', 'Cropping2D', 'Masking', 'MaxPooling1D', 'MaxPooling2D', 'MaxPooling3D', 'AveragePooling1D', 'AveragePooling2D', 'AveragePooling3D', 'UpSampling2D']);
const normalising = new Set(['BatchNormalization', 'LayerNormalization']);

const isModel = (layer: Layer): layer is Layer & LayersModel => Array.isArray((layer as Partial<LayersModel>).layers);

function consumersOf(model: LayersModel): ReadonlyMap<Layer, readonly Layer[]> {
  const consumers = new Map<Layer, Layer[]>();
  for (const layer of model.layers) {
    for (const { inboundLayers } of layer.inboundNodes) for (const from of inboundLayers) consumers.set(from, [...(consumers.get(from) ?? []), layer]);
  }
  return consumers;
}

function walk(model: LayersModel, start: Layer, hidden: boolean): FirstKernel {
  const consumers = consumersOf(model);
  let at = start;
  let from: string | undefined;
  let normalised = false;
  const end = (layer: Layer | undefined): FirstKernel => ({
    layer: layer?.name,
    className: layer?.getClassName(),
    from,
    normalised,
    normalisedAfter: layer !== undefined && (consumers.get(layer) ?? []).some((next) => normalising.has(next.getClassName())),
    hidden,
  });
  // A graph of layers has no circle, and every turn goes one layer on.
  for (let left = model.layers.length + 1; left > 0; left -= 1) {
    const branches = consumers.get(at) ?? [];
    // Of several ways that of the kernel tells most: an input that is also added later on is multiplied first here.
    const next = branches.find((each) => each.weights.length > 0) ?? branches[0];
    if (next === undefined) return end(undefined);
    const name = next.getClassName();
    if (isModel(next)) {
      const inner = next.inputLayers[0];
      const within = inner === undefined ? end(next) : walk(next, inner, true);
      return { ...within, from: within.from ?? from, normalised: normalised || within.normalised };
    }
    if (normalising.has(name)) normalised = true;
    else if (next.weights.length > 0) return end(next);
    if (!passing.has(name)) from = next.name;
    at = next;
  }
  return end(undefined);
}

const known = new WeakMap<Lab, readonly (FirstKernel | undefined)[]>();

/** How input `index` comes to its first kernel; undefined for models written by hand, where nothing tells. */
export function firstKernel(lab: Lab, index: number): FirstKernel | undefined {
  let all = known.get(lab);
  if (all === undefined) {
    const { model } = lab;
    all = model.kind === 'layers' ? (model.source as LayersModel).inputs.map(({ sourceLayer }) => walk(model.source as LayersModel, sourceLayer, false)) : [];
    known.set(lab, all);
  }
  return all[index];
}

/** Whether an input's numbers are looked up in a table: they are names then, and have no scale. */
export const goesIntoEmbedding = (lab: Lab, index: number): boolean => firstKernel(lab, index)?.className === 'Embedding';
