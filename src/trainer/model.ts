import * as tf from '@tensorflow/tfjs-core';
import { model as makeModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { ConfigError, DataError } from '../errors.js';
import type { WeightInfo, WeightRole } from '../measure/index.js';

/** One input or output of a model. A shape has the batch first; null is a free dimension; undefined is not known. */
export interface Port {
  readonly name: string;
  readonly shape: readonly (number | null)[] | undefined;
  readonly dtype: tf.DataType | undefined;
  /** The activation that ends in this output, where a layer tells. */
  readonly activation?: string;
}

/** Names a value inside a hand-written forward pass, so that measurements can ask for it. Returns what it is given. */
export type Tap = <T extends tf.Tensor>(name: string, value: T) => T;

type Several<T> = T | readonly T[] | Readonly<Record<string, T>>;

/**
 * A model written by hand: a forward pass and the variables to train.
 *
 * @example
 * const w = tf.variable(tf.randomNormal([4, 3])), b = tf.variable(tf.zeros([3]));
 * const model = { forward: (x) => tf.add(tf.matMul(x, w), b), trainableWeights: { w, b } };
 */
export interface HandwrittenModel<Input extends Several<tf.Tensor> = never> {
  /** Inputs as the data names them: a tensor, an array, or a record; outputs likewise. */
  forward(inputs: Input, options: { readonly training: boolean; readonly tap: Tap }): Several<tf.Tensor>;
  /** Read at every step, so leaving a variable out freezes it. */
  readonly trainableWeights: readonly tf.Variable[] | Readonly<Record<string, tf.Variable>>;
  /** All weights to be measured and saved, when there are some that are not trained. Default: the trainable ones. */
  readonly weights?: readonly tf.Variable[] | Readonly<Record<string, tf.Variable>>;
  readonly inputNames?: readonly string[];
  readonly outputNames?: readonly string[];
  /** Added to the loss: regularisation. A scalar. */
  penalty?(): tf.Scalar;
}

export type ModelSource = LayersModel | HandwrittenModel;

export interface ModelWeight {
  readonly info: WeightInfo;
  readonly variable: tf.Variable;
}

export interface ForwardResult {
  readonly outputs: readonly tf.Tensor[];
  readonly activations: ReadonlyMap<string, tf.Tensor>;
}

export interface LayerSummary {
  readonly name: string;
  readonly className: string;
  readonly outputShape: readonly (number | null)[] | null;
  readonly parameters: number;
}

/** One face for both kinds of model: all that the loop needs. */
export interface ModelFace {
  readonly kind: 'layers' | 'handwritten';
  readonly source: unknown;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Call in a tidy or a gradient scope. `layers`: whose outputs to hand out; undefined means none, 'all' every one. */
  forward(inputs: readonly tf.Tensor[], training: boolean, layers?: readonly string[] | 'all'): ForwardResult;
  /** Regularisation losses, or undefined. */
  penalty(): tf.Scalar | undefined;
  /** All weights as they are at this moment: freezing shows at once. */
  weights(): readonly ModelWeight[];
  layers(): readonly LayerSummary[];
}

const roles: Readonly<Record<string, WeightRole>> = {
  kernel: 'kernel',
  recurrent_kernel: 'kernel',
  depthwise_kernel: 'kernel',
  pointwise_kernel: 'kernel',
  embeddings: 'kernel',
  bias: 'bias',
  gamma: 'normalization',
  beta: 'normalization',
  moving_mean: 'statistic',
  moving_variance: 'statistic',
};

/** What a weight is, from the last part of its name (tfjs-layers' names; `_1` and the like set aside). */
const roleOf = (name: string): WeightRole => {
  const last = name.split('/').at(-1) ?? name;
  const plain = last.replace(/_\d+$/, '');
  return roles[plain] ?? (/(^|_)(b|bias)$/i.test(plain) ? 'bias' : 'other');
};

const weightOf = (name: string, variable: tf.Variable, trainable: boolean, layer: string | undefined): ModelWeight => ({
  info: { name, shape: variable.shape, size: variable.size, role: roleOf(name), layer, trainable },
  variable,
});

const isLayersModel = (source: unknown): source is LayersModel => {
  const candidate = source as Partial<Record<keyof LayersModel, unknown>>;
  return Array.isArray(candidate.layers) && Array.isArray(candidate.inputNames) && typeof candidate.call === 'function';
};

const isVariable = (tensor: tf.Tensor): tensor is tf.Variable => tensor instanceof tf.Variable;

const activationOf = (layer: { getConfig(): tf.serialization.ConfigDict }): string | undefined => {
  const { activation } = layer.getConfig();
  return typeof activation === 'string' ? activation : undefined;
};

/** A model that hands out more than its outputs: each layer's name with the place of its value. */
interface TappedModel {
  readonly model: LayersModel;
  readonly places: readonly (readonly [string, number])[];
}

class LayersFace implements ModelFace {
  readonly kind = 'layers';
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly #tapped = new Map<string, TappedModel>();

  constructor(readonly source: LayersModel) {
    this.inputs = source.inputs.map((input, i) => ({ name: source.inputNames[i] ?? input.name, shape: input.shape, dtype: input.dtype }));
    this.outputs = source.outputs.map((output, i) => {
      const activation = activationOf(output.sourceLayer);
      const port = { name: source.outputNames[i] ?? output.name, shape: output.shape, dtype: output.dtype };
      return activation === undefined ? port : { ...port, activation };
    });
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
    const tappable = this.source.layers.filter(({ inboundNodes, name }) => inboundNodes.length > 0 && (layers === 'all' || layers.includes(name)));
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

  penalty(): tf.Scalar | undefined {
    const losses = this.source.calculateLosses();
    return losses.length === 0 ? undefined : losses.reduce<tf.Scalar>((sum, each) => tf.add(sum, each), losses[0] === undefined ? tf.scalar(0) : tf.zerosLike(losses[0]));
  }

  weights(): readonly ModelWeight[] {
    const seen = new Set<string>();
    const trainable = new Set(this.source.trainableWeights.map(({ id }) => id));
    return this.source.layers.flatMap((layer) =>
      layer.weights.flatMap((weight) => {
        const variable: tf.Tensor = weight.read();
        // tfjs-layers gives the variable itself, and types it as a tensor.
        if (!isVariable(variable) || seen.has(variable.name)) return [];
        seen.add(variable.name);
        return [weightOf(weight.name, variable, trainable.has(weight.id), layer.name)];
      }),
    );
  }

  layers(): readonly LayerSummary[] {
    return this.source.layers.map((layer) => {
      const shape = layer.outputShape;
      const first = shape.length > 0 && Array.isArray(shape[0]) ? (shape[0]) : (shape as (number | null)[]);
      return { name: layer.name, className: layer.getClassName(), outputShape: first, parameters: layer.countParams() };
    });
  }
}

const named = (weights: readonly tf.Variable[] | Readonly<Record<string, tf.Variable>>): readonly (readonly [string, tf.Variable])[] =>
  Array.isArray(weights)
    ? (weights as readonly tf.Variable[]).map((variable) => [variable.name, variable] as const)
    : Object.entries(weights as Readonly<Record<string, tf.Variable>>);

class HandwrittenFace implements ModelFace {
  readonly kind = 'handwritten';
  readonly inputs: readonly Port[];
  #outputs: readonly Port[];

  constructor(readonly source: HandwrittenModel) {
    const port = (name: string): Port => ({ name, shape: undefined, dtype: undefined });
    this.inputs = (source.inputNames ?? ['input']).map(port);
    this.#outputs = (source.outputNames ?? ['output']).map(port);
  }

  get outputs(): readonly Port[] {
    return this.#outputs;
  }

  /** Runs one batch to learn how many outputs there are, and of which shape. */
  learnOutputs(inputs: readonly tf.Tensor[]): void {
    tf.tidy(() => {
      const { outputs } = this.forward(inputs, false);
      const names = this.source.outputNames ?? outputs.map((_, i) => (outputs.length === 1 ? 'output' : `output${String(i + 1)}`));
      this.#outputs = outputs.map((output, i) => ({ name: names[i] ?? `output${String(i + 1)}`, shape: [null, ...output.shape.slice(1)], dtype: output.dtype }));
    });
  }

  forward(inputs: readonly tf.Tensor[], training: boolean, layers?: readonly string[] | 'all'): ForwardResult {
    const activations = new Map<string, tf.Tensor>();
    const tap: Tap = (name, value) => {
      if (layers !== undefined && (layers === 'all' || layers.includes(name))) activations.set(name, value);
      return value;
    };
    const names = this.source.inputNames;
    const given = names !== undefined ? Object.fromEntries(names.map((name, i) => [name, inputs[i]])) : inputs.length === 1 ? inputs[0] : inputs;
    const result = this.source.forward(given as never, { training, tap });
    if (result instanceof tf.Tensor) return { outputs: [result], activations };
    if (Array.isArray(result)) return { outputs: result as tf.Tensor[], activations };
    const record = result as Readonly<Record<string, tf.Tensor>>;
    const order = this.source.outputNames ?? Object.keys(record);
    return {
      outputs: order.map((name) => {
        const output = record[name];
        if (output === undefined) {
          throw new DataError('MODEL_INVALID', { found: `the model's forward pass gave outputs ${Object.keys(record).join(', ')}`, expected: `outputNames has "${name}"` });
        }
        return output;
      }),
      activations,
    };
  }

  penalty(): tf.Scalar | undefined {
    return this.source.penalty?.();
  }

  weights(): readonly ModelWeight[] {
    const trainable = new Map(named(this.source.trainableWeights).map(([name, variable]) => [variable, name]));
    const all = new Map(named(this.source.weights ?? {}).map(([name, variable]) => [variable, name]));
    for (const [variable, name] of trainable) all.set(variable, all.get(variable) ?? name);
    return [...all].map(([variable, name]) => weightOf(name, variable, trainable.has(variable), undefined));
  }

  layers(): readonly LayerSummary[] {
    return [];
  }
}

export type { HandwrittenFace };

/**
 * Puts either kind of model behind one face.
 * @throws ConfigError MODEL_INVALID for anything else, and for a model without trainable weights.
 */
export function openModel(source: unknown): ModelFace {
  const face = faceOf(source);
  if (!face.weights().some(({ info }) => info.trainable)) {
    throw new ConfigError('MODEL_INVALID', {
      found: `the model has ${String(face.weights().length)} weights, none of them trainable`,
      expected: 'at least one weight can be trained',
      remedy: 'Build the model (give its first layer an inputShape), or set trainable = true on a layer.',
    });
  }
  return face;
}

/** A sequential model joins its layers late: at the first use, or here. */
function buildSequential(model: LayersModel): void {
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

function faceOf(source: unknown): ModelFace {
  if (typeof source === 'object' && source !== null) {
    if (isLayersModel(source)) {
      buildSequential(source);
      return new LayersFace(source);
    }
    const candidate = source as Partial<HandwrittenModel>;
    if (typeof candidate.forward === 'function' && typeof candidate.trainableWeights === 'object') return new HandwrittenFace(source as HandwrittenModel);
  }
  throw new ConfigError('MODEL_INVALID', {
    found: `the model is ${source === null ? 'null' : typeof source}`,
    expected: 'a tf.LayersModel, an object with forward(x, { training }) and trainableWeights, or a function that makes one',
  });
}

export const isHandwritten = (face: ModelFace): face is HandwrittenFace => face.kind === 'handwritten';
