import { isLayersModel, nestedLayers } from './seeded-initializers.js';

/** A layer that draws at every call from a seed of its own: dropout and its kin. */
interface DrawingLayer {
  seed: number | undefined;
}

/**
 * Gives every layer that draws a new seed at every step. Left alone, a dropout layer with a seed makes a fresh generator
 * of it at each call, and so drops the same units for ever; one without draws from Math.random.
 */
export class DropoutSeeds {
  readonly #layers: readonly { readonly layer: DrawingLayer; readonly own: number | undefined }[];

  constructor(model: unknown) {
    const found = isLayersModel(model) ? model.layers.flatMap((layer) => [...nestedLayers(layer)]).filter((layer) => 'seed' in layer) : [];
    this.#layers = [...new Set(found)].map((layer) => ({ layer: layer as DrawingLayer, own: (layer as DrawingLayer).seed }));
  }

  get count(): number {
    return this.#layers.length;
  }

  /** @param place Names the step; a layer's seed depends on it and on the layer's place in the model. */
  set(place: string, seedFor: (name: string) => number): void {
    this.#layers.forEach(({ layer }, i) => {
      layer.seed = seedFor(`layer/${String(i)}/${place}`);
    });
  }

  /** Puts the seeds back that the layers were made with. */
  restore(): void {
    for (const { layer, own } of this.#layers) layer.seed = own;
  }
}
