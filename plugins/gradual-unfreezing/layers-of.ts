/** What freezing needs of a layer of tfjs-layers, of whichever copy of the package it is. */
export interface FreezableLayer {
  readonly name: string;
  trainable: boolean;
  readonly weights: readonly { readonly name: string }[];
  readonly trainableWeights: readonly { readonly name: string }[];
  /** Of a model within the model. */
  readonly layers?: readonly FreezableLayer[];
}

/** A layer that is no model, with the models that it is in, the outermost first. */
export interface Leaf {
  readonly layer: FreezableLayer;
  readonly within: readonly FreezableLayer[];
}

const isModel = (layer: FreezableLayer): layer is FreezableLayer & { readonly layers: readonly FreezableLayer[] } => Array.isArray(layer.layers);

const leavesOf = (layer: FreezableLayer, within: readonly FreezableLayer[]): readonly Leaf[] =>
  isModel(layer) ? layer.layers.flatMap((inner) => leavesOf(inner, [...within, layer])) : [{ layer, within }];

/** Layers that have weights, each once, in the order of the model; undefined for what is no LayersModel. */
export function leaves(model: unknown): readonly Leaf[] | undefined {
  if (typeof model !== 'object' || model === null || !('layers' in model) || !Array.isArray(model.layers)) return undefined;
  const all = (model.layers as readonly FreezableLayer[]).flatMap((layer) => leavesOf(layer, []));
  return all.filter(({ layer }, i) => layer.weights.length > 0 && all.findIndex((other) => other.layer === layer) === i);
}

/** A pattern of names: `*` stands for any characters, also none. */
export const matches = (pattern: string, name: string): boolean => new RegExp(`^${pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&')).join('.*')}$`).test(name);
