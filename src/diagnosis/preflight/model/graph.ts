import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ModelFace } from '../../../trainer/model.js';

type Layer = LayersModel['layers'][number];
type Shape = readonly (number | null)[];

/** A layer of a LayersModel, with its neighbours by name. */
export interface LayerNode {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** In lower case, without separators: `relu`, `hardsigmoid`; undefined where a layer has none. */
  readonly activation: string | undefined;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly inputShape: Shape | undefined;
  readonly outputShape: Shape | undefined;
  readonly parameters: number;
  readonly isOutput: boolean;
  readonly layer: Layer;
}

/** Activations that are layers of their own. */
const activationClasses: Readonly<Record<string, string>> = { ReLU: 'relu', Softmax: 'softmax', LeakyReLU: 'leakyrelu', ELU: 'elu', PReLU: 'prelu', ThresholdedReLU: 'relu' };

const plain = (name: string): string => name.replaceAll(/[_\s-]/g, '').toLowerCase();

/** The activation that a layer ends in; a wrapper's is that of the layer inside. */
export function activationOf(layer: Layer): string | undefined {
  const inner = (layer as unknown as { readonly layer?: Layer }).layer;
  if (layer.getClassName() === 'TimeDistributed' && inner !== undefined) return activationOf(inner);
  const own = activationClasses[layer.getClassName()];
  if (own !== undefined) return own;
  const { activation } = layer.getConfig();
  return typeof activation === 'string' ? plain(activation) : undefined;
}

const single = (read: () => unknown): Shape | undefined => {
  try {
    const shape = read();
    if (!Array.isArray(shape)) return undefined;
    return Array.isArray(shape[0]) ? (shape[0] as Shape) : (shape as Shape);
  } catch {
    // A layer that is used at several places has several shapes.
    return undefined;
  }
};

/** Layers in their order; none for a model written by hand. */
export function layerNodes(model: ModelFace): readonly LayerNode[] {
  if (model.kind !== 'layers') return [];
  const source = model.source as LayersModel;
  const outputs = new Set(source.outputs.map(({ sourceLayer }) => sourceLayer.name));
  const own = new Set(source.layers.map(({ name }) => name));
  const before = new Map(source.layers.map((layer) => [layer.name, layer.inboundNodes.flatMap(({ inboundLayers }) => inboundLayers.map(({ name }) => name)).filter((name) => own.has(name))]));
  return source.layers.map((layer): LayerNode => ({
    name: layer.name,
    className: layer.getClassName(),
    config: layer.getConfig(),
    activation: activationOf(layer),
    before: before.get(layer.name) ?? [],
    after: [...before].flatMap(([name, each]) => (each.includes(layer.name) ? [name] : [])),
    inputShape: single(() => layer.inboundNodes[0]?.inputShapes),
    outputShape: single(() => layer.outputShape),
    parameters: layer.countParams(),
    isOutput: outputs.has(layer.name),
    layer,
  }));
}

/** Layers that pass on what they get, value for value, in inference mode. */
export const passing: ReadonlySet<string> = new Set(['Dropout', 'Flatten', 'Reshape', 'Permute', 'SpatialDropout1D', 'GaussianNoise', 'GaussianDropout', 'AlphaDropout', 'InputLayer']);

/** Layers that add noise in training. */
export const noisy: ReadonlySet<string> = new Set(['Dropout', 'SpatialDropout1D', 'GaussianNoise', 'GaussianDropout', 'AlphaDropout']);

/** The activation of the nearest layer before the model's output that is not merely passing on. */
export function outputActivation(model: ModelFace, index: number): string | undefined {
  const known = model.outputs[index]?.activation;
  if (model.kind !== 'layers') return known === undefined ? undefined : plain(known);
  let layer: Layer | undefined = (model.source as LayersModel).outputs[index]?.sourceLayer;
  while (layer !== undefined && passing.has(layer.getClassName())) layer = layer.inboundNodes[0]?.inboundLayers[0];
  return layer === undefined ? undefined : activationOf(layer);
}
