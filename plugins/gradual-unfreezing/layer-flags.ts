import type { Part } from './groups.js';
import type { FreezableLayer } from './layers-of.js';

/** Freezes layers by their own flag, `trainable`, and remembers how the user had it. */
export class LayerFlags {
  readonly #before = new Map<FreezableLayer, boolean>();

  /** Sets which parts are trained. A model that they are in and that is frozen as a whole is opened, its other layers staying frozen. */
  set(parts: readonly Part[], isTrained: (part: Part) => boolean): void {
    for (const { leaf } of parts) for (const outer of leaf?.within ?? []) this.#open(outer);
    for (const part of parts) {
      if (part.leaf !== undefined) this.#put(part.leaf.layer, isTrained(part));
    }
  }

  /** Puts all flags back. */
  restore(): void {
    // A model's flag sets those of its layers: theirs come after it.
    const flags = [...this.#before];
    for (const [layer, trainable] of flags.filter(([{ layers }]) => layers !== undefined)) layer.trainable = trainable;
    for (const [layer, trainable] of flags.filter(([{ layers }]) => layers === undefined)) layer.trainable = trainable;
    this.#before.clear();
  }

  #open(model: FreezableLayer): void {
    if (model.trainable) return;
    const inner = (model.layers ?? []).map((layer) => [layer, false] as const);
    this.#put(model, true);
    for (const [layer, trainable] of inner) this.#put(layer, trainable);
  }

  #put(layer: FreezableLayer, trainable: boolean): void {
    if (!this.#before.has(layer)) this.#before.set(layer, layer.trainable);
    layer.trainable = trainable;
  }
}
