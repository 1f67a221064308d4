import * as tf from '@tensorflow/tfjs-core';
import { model as makeModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { ConfigError } from '../errors.js';
import { weightOf } from './model-weight.js';
import type { ForwardResult, LayerSummary, ModelFace, ModelWeight, Port } from './model.js';

/** Whether it has what a LayersModel has: one of another copy of tfjs-layers is one as well. */
export const isLayersModel = (source: unknown): source is LayersModel => {
  const candidate = source as Partial<Record<keyof LayersModel, unknown>>;
  return Array.isArray(candidate.layers) && Array.isArray(candidate.inputNames) && typeof candidate.call === 'function';
};

const isVariable = (tensor: tf.Tensor): tensor is tf.Variable => tensor instanceof tf.Variable;

const activationOf = (layer: { getConfig(): tf.serialization.ConfigDict }): string | undefined => {
  const { activation } = layer.getConfig();
  return typeof activation === 'string' ? activation : undefined;
};

/**
 * A layer that gives several outputs lends them all its name, and what goes by name would hold one of them alone: the
 * second `head` is `head_2`, the third `head_3`, past names that are taken.
 */
function toldApart(names: readonly string[]): readonly string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  return names.map((name) => {
    if (!seen.has(name)) {
      seen.add(name);
      return name;
    }
    let count = 2;
    while (taken.has(`${name}_${String(count)}`)) count += 1;
    const own = `${name}_${String(count)}`;
    taken.add(own);
    return own;
  });
}

/** A model that hands out more than its outputs: each layer's name with the place of its value. */
interface TappedModel {
  readonly model: LayersModel;
  readonly places: readonly (readonly [string, number])[];
}

type Layer = LayersModel['layers'][number];

/**
 * The layer itself; of a model within the model the layers in it. Their weights are in an order that freezing does not
 * change, where a model lists its trainable ones first.
 */
export const leavesOf = (layer: Layer): readonly Layer[] => ('layers' in layer && Array.isArray(layer.layers) ? (layer.layers as readonly Layer[]).flatMap(leavesOf) : [layer]);

/** A layer and, of a model within the model, all that is in it. */
const withInner = (layer: Layer): readonly Layer[] => ('layers' in layer && Array.isArray(layer.layers) ? [layer, ...(layer.layers as readonly Layer[]).flatMap(withInner)] : [layer]);

/** How many layers a model has, or weights a layer: of lists that are there, and not made at each look. */
function countOf(holder: object): number {
  const { layers, _trainableWeights: trained, _nonTrainableWeights: fixed } = holder as { readonly layers?: readonly unknown[]; readonly _trainableWeights?: readonly unknown[]; readonly _nonTrainableWeights?: readonly unknown[] };
  return (layers?.length ?? 0) + (trained?.length ?? 0) * 1000 + (fixed?.length ?? 0);
}

/** A LayersModel, as it is: nothing in it is patched. */
export class LayersFace implements ModelFace {
  readonly kind = 'layers';
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly dataNames: ModelFace['dataNames'];
  readonly #tapped = new Map<string, TappedModel>();
  #weights: readonly ModelWeight[] = [];
  /** What the weights were read by. */
  #looks: readonly { readonly of: { readonly trainable: boolean }; readonly trainable: boolean; readonly count: number }[] = [];

  constructor(readonly source: LayersModel) {
    this.inputs = source.inputs.map((input, i) => ({ name: source.inputNames[i] ?? input.name, shape: input.shape, dtype: input.dtype }));
    const names = toldApart(source.outputs.map((output, i) => source.outputNames[i] ?? output.name));
    this.outputs = source.outputs.map((output, i) => {
      const activation = activationOf(output.sourceLayer);
      const port = { name: names[i] ?? output.name, shape: output.shape, dtype: output.dtype };
      return activation === undefined ? port : { ...port, activation };
    });
    this.dataNames = { inputs: this.inputs.map(({ name }) => name), labels: this.outputs.map(({ name }) => name) };
  }

  forward(inputs: readonly tf.Tensor[], training: boolean, layers?: readonly string[] | 'all'): ForwardResult {
    const run = (model: LayersModel): tf.Tensor[] => {
      const result = model.call([...inputs], { training });
      return Array.isArray(result) ? result : [result];
    };
    if (layers === undefined || layers.length === 0) return { outputs: run(this.source), activations: new Map() };
    const tap = this.#tap(layers);
    const all = run(tap.model);
    return {
      outputs: all.slice(0, this.outputs.length),
      activations: new Map(
        tap.places.flatMap(([name, place]): [string, tf.Tensor][] => {
          const value = all[place];
          return value === undefined ? [] : [[name, value]];
        }),
      ),
    };
  }

  /** A model that shares the layers: the same kernel calls forward and backward, with more of them handed out. */
  #tap(layers: readonly string[] | 'all'): TappedModel {
    const tappable = this.#reached().filter(({ name }) => layers === 'all' || layers.includes(name));
    const key = tappable.map(({ name }) => name).join('\n');
    const known = this.#tapped.get(key);
    if (known !== undefined) return known;
    const outputs = [...this.source.outputs];
    const places = tappable.map((layer): readonly [string, number] => {
      const output = layer.getOutputAt(0) as LayersModel['outputs'][number];
      // Each value once: where one is asked for twice, tfjs-layers fills in the first place alone.
      let place = outputs.indexOf(output);
      if (place < 0) place = outputs.push(output) - 1;
      return [layer.name, place];
    });
    const tapped = { model: makeModel({ inputs: this.source.inputs, outputs }), places };
    this.#tapped.set(key, tapped);
    return tapped;
  }

  /** Layers that the forward pass goes through. */
  #reached(): LayersModel['layers'] {
    return this.source.layers.filter(({ inboundNodes }) => inboundNodes.length > 0);
  }

  tappable(): readonly string[] {
    return this.#reached().map(({ name }) => name);
  }

  penalty(): tf.Scalar | undefined {
    const losses = this.source.calculateLosses();
    return losses.length === 0 ? undefined : losses.reduce<tf.Scalar>((sum, each) => tf.add(sum, each), losses[0] === undefined ? tf.scalar(0) : tf.zerosLike(losses[0]));
  }

  weights(): readonly ModelWeight[] {
    if (this.#weightsAreAsBefore()) return this.#weights;
    this.#weights = this.#readWeights();
    const all = [this.source, ...this.source.layers.flatMap(withInner)];
    this.#looks = [...all, ...new Set(all.flatMap((layer) => layer.weights))].map((of) => ({ of, trainable: of.trainable, count: countOf(of) }));
    return this.#weights;
  }

  /**
   * Freezing a model, a layer, a cell within it (which freezes its weights) or a weight, and adding a layer or a weight, is
   * seen at once: it shows in one of these.
   */
  #weightsAreAsBefore(): boolean {
    if (this.#looks.length === 0) return false;
    for (const { of, trainable, count } of this.#looks) if (of.trainable !== trainable || countOf(of) !== count) return false;
    return this.#weights.every(({ variable }) => !variable.isDisposed);
  }

  #readWeights(): readonly ModelWeight[] {
    const seen = new Set<string>();
    const trainable = new Set(this.source.trainableWeights.map(({ id }) => id));
    return this.source.layers.flatMap((layer) =>
      leavesOf(layer).flatMap(({ weights }) => weights).flatMap((weight) => {
        const variable: tf.Tensor = weight.read();
        // tfjs-layers gives the variable itself, and types it as a tensor.
        if (!isVariable(variable) || seen.has(variable.name)) return [];
        seen.add(variable.name);
        return [weightOf(weight.name, variable, trainable.has(weight.id), layer.name)];
      }),
    );
  }

  savedNames(): readonly string[] {
    const originals = new Map(this.source.weights.map((weight) => [weight.name, weight.originalName]));
    const names = this.weights().map(({ info }) => info.name);
    const saved = names.map((name) => originals.get(name) ?? name);
    return new Set(saved).size === saved.length ? saved : names;
  }

  statefulLayers(): readonly string[] {
    return this.source.layers.flatMap(leavesOf).filter(({ stateful }) => stateful).map(({ name }) => name);
  }

  topology(): unknown {
    try {
      return this.source.toJSON(null, false);
    } catch {
      // A layer of the user's that cannot tell its configuration: the weights are saved all the same.
      return null;
    }
  }

  layers(): readonly LayerSummary[] {
    return this.source.layers.map((layer) => {
      const shape = layer.outputShape;
      const first = shape.length > 0 && Array.isArray(shape[0]) ? (shape[0]) : (shape as (number | null)[]);
      return { name: layer.name, className: layer.getClassName(), outputShape: first, parameters: layer.countParams() };
    });
  }
}

/** A sequential model joins its layers late: at the first use, or here. */
export function buildSequential(model: LayersModel): void {
  if (model.built) return;
  try {
    (model as unknown as { build(): void }).build();
  } catch (cause) {
    throw new ConfigError('MODEL_INVALID', {
      found: 'the model cannot be built',
      expected: 'shapes are known before training',
      remedy: 'Give the first layer an inputShape, and the model at least one layer.',
      cause,
    });
  }
}
