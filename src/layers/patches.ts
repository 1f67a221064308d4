import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** What can be put in place of a model's own for the time of a fit, and so be seen. */
export const patchNames = ['gradients', 'activations', 'predictions', 'end'] as const;
export type PatchName = (typeof patchNames)[number];

/** What the patches tell. A method that throws ends the fit. */
export interface Sight {
  /** The optimizer is about to update. `update` does it. */
  updating(gradients: ReadonlyMap<string, tf.Tensor>, update: () => void): void;
  /** A layer gave this in a forward pass. */
  layerGave(name: string, output: tf.Tensor): void;
  /** The loss of an output is about to be computed: in a step, or in a validation. */
  losing(output: number, labels: tf.Tensor, predictions: tf.Tensor): void;
  /** fit or fitDataset has come to its end, by a throw too. */
  over(): void;
}

type LossFunction = (labels: tf.Tensor, predictions: tf.Tensor) => tf.Tensor;
type NamedGradients = readonly { readonly name: string; readonly tensor: tf.Tensor | null | undefined }[] | Readonly<Record<string, tf.Tensor>>;

/** What tfjs-layers keeps under these names and its types hide. */
export interface FittedModel {
  lossFunctions: LossFunction[];
  isTraining: boolean;
  stopTraining: boolean;
  readonly optimizer: tf.Optimizer;
  readonly layers: LayersModel['layers'];
}

type Undo = () => void;

/** Puts a method of the object's own in place of the one it has. Undone, it is as it was. */
function shadow<T extends object, K extends keyof T>(object: T, key: K, make: (before: T[K]) => T[K]): Undo {
  const own = Object.getOwnPropertyDescriptor(object, key);
  const mine = make(object[key]);
  Object.defineProperty(object, key, { value: mine, configurable: true, writable: true, enumerable: own?.enumerable ?? false });
  return () => {
    // Something else was put over it meanwhile: that stays, and calls this one, which from now on only passes on.
    if (object[key] !== mine) return;
    if (own === undefined) Reflect.deleteProperty(object, key);
    else Object.defineProperty(object, key, own);
  };
}

const isTensor = (value: unknown): value is tf.Tensor => typeof value === 'object' && value !== null && 'dataId' in value;

/** A value as an array of tensors gives the first one. */
const firstOf = (value: unknown): tf.Tensor | undefined => {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return isTensor(first) ? first : undefined;
};

const byName = (gradients: NamedGradients): ReadonlyMap<string, tf.Tensor> => {
  const all: readonly (readonly [string, tf.Tensor | null | undefined])[] = Array.isArray(gradients)
    ? (gradients as Extract<NamedGradients, readonly unknown[]>).map(({ name, tensor }) => [name, tensor] as const)
    : Object.entries(gradients as Readonly<Record<string, tf.Tensor>>);
  return new Map(all.flatMap(([name, tensor]) => (tensor === null || tensor === undefined ? [] : [[name, tensor] as const])));
};

/**
 * Puts functions of ours round those of one model, for the time of one fit. Each calls what it stands in front of, with
 * the same arguments, once, and gives back what that gave.
 *
 * - gradients: `applyGradients` of the model's optimizer
 * - activations: `call` of each of its layers
 * - predictions: its `lossFunctions`
 * - end: `isTraining`, which fit and fitDataset set to false in a `finally`: the one thing that tells a fit which threw
 *
 * @returns what puts everything back; a second call does nothing
 */
export function patch(model: FittedModel, which: ReadonlySet<PatchName>, sight: Sight): Undo {
  const undo: Undo[] = [];
  let active = true;
  if (which.has('gradients')) {
    undo.push(
      shadow(model.optimizer, 'applyGradients', (before) => {
        const apply = before as (this: tf.Optimizer, gradients: NamedGradients) => void;
        return function applyGradients(this: tf.Optimizer, gradients: NamedGradients): void {
          if (!active) {
            apply.call(this, gradients);
            return;
          }
          sight.updating(byName(gradients), () => {
            apply.call(this, gradients);
          });
        };
      }),
    );
  }
  if (which.has('activations')) {
    for (const layer of model.layers) {
      undo.push(
        shadow(layer, 'call', (before) =>
          function call(this: typeof layer, ...given: Parameters<typeof layer.call>) {
            const output = before.apply(this, given);
            const first = active ? firstOf(output) : undefined;
            if (first !== undefined) sight.layerGave(layer.name, first);
            return output;
          },
        ),
      );
    }
  }
  if (which.has('predictions')) {
    undo.push(
      shadow(model, 'lossFunctions', (before) =>
        before.map((loss, i) =>
          function lossFunction(this: unknown, labels: tf.Tensor, predictions: tf.Tensor): tf.Tensor {
            if (active) sight.losing(i, labels, predictions);
            return loss.call(this, labels, predictions);
          },
        ),
      ),
    );
  }
  const restore = (): void => {
    if (!active) return;
    active = false;
    for (const each of undo.reverse()) each();
  };
  if (which.has('end')) watchEnd(model, restore, sight);
  return restore;
}

/** Hears isTraining become false; that it is heard is all that changes. */
function watchEnd(model: FittedModel, restore: Undo, sight: Sight): void {
  let value = model.isTraining;
  Object.defineProperty(model, 'isTraining', {
    configurable: true,
    enumerable: true,
    get: () => value,
    set: (next: boolean) => {
      value = next;
      if (next) return;
      Object.defineProperty(model, 'isTraining', { value: next, configurable: true, enumerable: true, writable: true });
      restore();
      sight.over();
    },
  });
}
