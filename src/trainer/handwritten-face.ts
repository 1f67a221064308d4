import * as tf from '@tensorflow/tfjs-core';
import { describe, isTensor } from '../data/recognize.js';
import { ConfigError } from '../errors.js';
import { weightOf } from './model-weight.js';
import type { ForwardResult, HandwrittenModel, LayerSummary, ModelFace, ModelWeight, Port, Tap } from './model.js';

type Weights = HandwrittenModel['trainableWeights'];

const named = (weights: Weights): readonly (readonly [string, tf.Variable])[] =>
  Array.isArray(weights)
    ? (weights as readonly tf.Variable[]).map((variable) => [variable.name, variable] as const)
    : Object.entries(weights as Readonly<Record<string, tf.Variable>>);

const invalid = (found: string, expected: string, remedy?: string): ConfigError => new ConfigError('MODEL_INVALID', { found, expected, ...(remedy === undefined ? {} : { remedy }) });

const gives = 'it gives a tensor, an array of tensors, or a record of them by outputNames';

/** A model written by hand. */
export class HandwrittenFace implements ModelFace {
  readonly kind = 'handwritten';
  readonly inputs: readonly Port[];
  readonly dataNames: ModelFace['dataNames'];
  #outputs: readonly Port[];
  readonly #taps = new Set<string>();
  /** Every variable that was among the weights, in the order in which they came. */
  readonly #seen = new Map<tf.Variable, string>();

  /** @throws ConfigError MODEL_INVALID for weights that are no variables, were disposed of, or share a name. */
  constructor(readonly source: HandwrittenModel) {
    const port = (name: string): Port => ({ name, shape: undefined, dtype: undefined });
    this.inputs = (source.inputNames ?? ['input']).map(port);
    this.#outputs = (source.outputNames ?? ['output']).map(port);
    this.dataNames = { inputs: source.inputNames, labels: source.outputNames };
    checkWeights('trainableWeights', source.trainableWeights);
    if (source.weights !== undefined) checkWeights('weights', source.weights);
    checkNames(this.weights());
  }

  get outputs(): readonly Port[] {
    return this.#outputs;
  }

  /** Runs one batch to learn how many outputs there are, and of which shape. */
  learnOutputs(inputs: readonly tf.Tensor[]): void {
    tf.tidy(() => {
      const { outputs } = this.forward(inputs, false);
      const names = this.source.outputNames ?? outputs.map((_, i) => (outputs.length === 1 ? 'output' : `output${String(i + 1)}`));
      if (names.length !== outputs.length) throw invalid(`the model's forward pass gave ${String(outputs.length)} outputs`, `outputNames has ${String(names.length)}: ${names.join(', ')}`);
      this.#outputs = outputs.map((output, i) => ({ name: names[i] ?? `output${String(i + 1)}`, shape: [null, ...output.shape.slice(1)], dtype: output.dtype }));
    });
  }

  forward(inputs: readonly tf.Tensor[], training: boolean, layers?: readonly string[] | 'all'): ForwardResult {
    const activations = new Map<string, tf.Tensor>();
    const tap: Tap = (name, value) => {
      this.#taps.add(name);
      if (layers !== undefined && (layers === 'all' || layers.includes(name))) activations.set(name, value);
      return value;
    };
    const names = this.source.inputNames;
    const given = names !== undefined ? Object.fromEntries(names.map((name, i) => [name, inputs[i]])) : inputs.length === 1 ? inputs[0] : inputs;
    return { outputs: this.#listed(this.source.forward(given as never, { training, tap })), activations };
  }

  tappable(): readonly string[] {
    return [...this.#taps];
  }

  penalty(): tf.Scalar | undefined {
    return this.source.penalty?.();
  }

  /** One that is left out to freeze it stays a weight: slots of the optimizer are of it, and it may come back. */
  weights(): readonly ModelWeight[] {
    const trainable = new Map(named(this.source.trainableWeights).map(([name, variable]) => [variable, name]));
    const all = new Map(named(this.source.weights ?? {}).map(([name, variable]) => [variable, name]));
    for (const [variable, name] of trainable) all.set(variable, all.get(variable) ?? name);
    const names = new Set(all.values());
    // Where another variable has its name, or it was disposed of, it was replaced.
    for (const [variable, name] of this.#seen) if (!all.has(variable) && (variable.isDisposed || names.has(name))) this.#seen.delete(variable);
    for (const [variable, name] of all) this.#seen.set(variable, name);
    return [...this.#seen].map(([variable, name]) => weightOf(name, variable, trainable.has(variable), undefined));
  }

  savedNames(): readonly string[] {
    return this.weights().map(({ info }) => info.name);
  }

  statefulLayers(): readonly string[] {
    return [];
  }

  topology(): null {
    return null;
  }

  layers(): readonly LayerSummary[] {
    return [];
  }

  /** What the forward pass gave, as tensors in the outputs' order. */
  #listed(result: unknown): readonly tf.Tensor[] {
    if (isTensor(result)) return [result];
    if (result instanceof Promise) {
      result.catch(() => undefined);
      throw invalid("the model's forward pass gave a promise", gives, 'Make forward a plain function: inside the gradient computation nothing can be awaited.');
    }
    if (typeof result !== 'object' || result === null) throw invalid(`the model's forward pass gave ${describe(result)}`, gives, result === undefined ? 'Look for a return that was forgotten.' : undefined);
    const isList = Array.isArray(result);
    const record = result as Readonly<Record<string, unknown>>;
    const order = isList ? Object.keys(result) : (this.source.outputNames ?? Object.keys(record));
    if (!isList && this.source.outputNames === undefined && order.length > 1) {
      throw invalid(
        `the model's forward pass gave outputs by name: ${order.join(', ')}`,
        'the model has outputNames, so that each finds its labels',
        `Add outputNames: [${order.map((name) => `'${name}'`).join(', ')}] to the model.`,
      );
    }
    if (order.length === 0) throw invalid("the model's forward pass gave no output", gives);
    return order.map((name) => {
      const output = record[name];
      if (isTensor(output)) return output;
      throw output === undefined
        ? invalid(`the model's forward pass gave outputs ${Object.keys(record).join(', ')}`, `outputNames has "${name}"`)
        : invalid(`the model's forward pass gave ${describe(output)} for the output ${name}`, gives);
    });
  }
}

/** Throws unless all are variables with values: their place in the record or list, and what was there. */
function checkWeights(field: string, weights: unknown): void {
  if (typeof weights !== 'object' || weights === null) throw invalid(`the model's ${field} is ${describe(weights)}`, 'it is an array or a record of variables');
  // Holes of a list as well, which its entries leave out.
  for (const [key, variable] of Object.entries(Array.isArray(weights) ? Array.from<unknown>(weights) : (weights as Readonly<Record<string, unknown>>))) {
    const place = `${field}${Array.isArray(weights) ? `[${key}]` : `.${key}`}`;
    if (!(variable instanceof tf.Variable)) {
      throw invalid(`the model's ${place} is ${describe(variable)}`, 'it is a variable, which an optimizer can change', isTensor(variable) ? 'Make it one with tf.variable(tensor).' : undefined);
    }
    if (variable.isDisposed) throw invalid(`the model's ${place} was disposed of`, 'it is a variable with values', 'Make a new model.');
  }
}

/** Throws where two variables have one name: gradients, measurements and checkpoints go by it. */
function checkNames(weights: readonly ModelWeight[]): void {
  const byName = new Map<string, ModelWeight>();
  const told = ({ info, variable }: ModelWeight): string => `the ${info.trainable ? 'trainable ' : ''}variable ${variable.name} of shape [${info.shape.join(', ')}]`;
  for (const weight of weights) {
    const other = byName.get(weight.info.name);
    if (other !== undefined) {
      throw invalid(`the name "${weight.info.name}" stands for ${told(other)} and for ${told(weight)}`, 'every weight has a name of its own', 'Give one of them another key in trainableWeights or weights.');
    }
    byName.set(weight.info.name, weight);
  }
}
