import type { WeightInfo } from 'trainscope/plugin';
import type { Summary } from './contract.js';
import { callsIn, multiplyAdds, type CountedLayer } from './multiply-adds.js';
import { slotsPerWeight } from './slots.js';

/** Bytes of an entry, as TensorFlow.js keeps them; a string's is not known, and no weight is one. */
const bytesOfEntry: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, complex64: 8 };

type LayeredModel = { readonly layers: readonly (CountedLayer & { readonly outputShape: Summary['layers'][number]['outputShape'] })[] };

const isLayered = (model: unknown): model is LayeredModel =>
  typeof model === 'object' && model !== null && 'layers' in model && Array.isArray(model.layers) && 'call' in model && typeof model.call === 'function';

const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);

/** @param dtypes By the name of the weight. @param optimizer As run-start tells it: name and settings. */
export function summarize(model: unknown, infos: readonly WeightInfo[], dtypes: ReadonlyMap<string, string>, optimizer: Readonly<Record<string, unknown>>): Summary {
  const weights = infos.map(({ name, layer, shape, size, trainable }) => {
    const dtype = dtypes.get(name) ?? 'float32';
    return { name, layer: layer ?? null, shape: [...shape], parameters: size, trainable, dtype, bytes: size * (bytesOfEntry[dtype] ?? 4) };
  });
  const trained = weights.filter(({ trainable }) => trainable);
  const layers = isLayered(model) ? model.layers.map((layer) => describe(layer, model, weights)) : [];
  const slots = slotsPerWeight(optimizer);
  const gradientBytes = sum(trained.map(({ bytes }) => bytes));
  return {
    layers,
    weights,
    parameters: sum(weights.map(({ parameters }) => parameters)),
    trainable: sum(trained.map(({ parameters }) => parameters)),
    weightBytes: sum(weights.map(({ bytes }) => bytes)),
    gradientBytes,
    slotBytes: slots === null ? null : slots * gradientBytes,
    multiplyAdds: layers.length === 0 ? null : layers.reduce<number | null>((all, each) => (all === null || each.multiplyAdds === null ? null : all + each.multiplyAdds), 0),
  };
}

function describe(layer: LayeredModel['layers'][number], model: LayeredModel, weights: Summary['weights']): Summary['layers'][number] {
  const own = weights.filter((each) => each.layer === layer.name);
  return {
    name: layer.name,
    className: layer.getClassName(),
    outputShape: callsIn(layer, model).length > 1 ? null : layer.outputShape,
    parameters: sum(own.map(({ parameters }) => parameters)),
    trainable: sum(own.filter(({ trainable }) => trainable).map(({ parameters }) => parameters)),
    bytes: sum(own.map(({ bytes }) => bytes)),
    multiplyAdds: multiplyAdds(layer, model),
  };
}
