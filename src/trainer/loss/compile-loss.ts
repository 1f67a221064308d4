import * as tf from '@tensorflow/tfjs-core';
import { aliasOf } from '../../backend/index.js';
import { DataError } from '../../errors.js';
import { showValue, valueAt } from '../../problems.js';
import { assertLabelShape, isPerSample, shapeText } from './label-shapes.js';
import type { OutputLoss, OutputSpec } from './loss.js';
import { throwProblems, unknownName, type CodedProblem } from '../spec-problems.js';
import { resolveLoss, type LossEntry } from './resolve-loss.js';

/** One loss for all outputs, or one for each: as a list in the model's order, or by the outputs' names. */
export type LossSpec = LossEntry | readonly LossEntry[] | Readonly<Record<string, LossEntry>>;

export interface LossOptions {
  /** Each output's share in the total, 1 where nothing is said; as a list in the model's order, or by the outputs' names. */
  readonly weights?: readonly number[] | Readonly<Record<string, number>> | undefined;
}

export interface LossValues {
  /** What training makes smaller, regularisation apart: the one to differentiate. */
  readonly total: tf.Scalar;
  /** One an output, sample weights in, the outputs' shares not: Keras' `out_loss`. Tensors of their own, never `total` itself. */
  readonly perOutput: readonly tf.Scalar[];
}

export interface CompiledLoss {
  readonly outputs: readonly OutputLoss[];
  /**
   * The loss of a batch: for each output the mean of the samples' losses, each times its weight, and their sum, each
   * output times its share. That is what LayersModel.fit makes smaller.
   * Differentiable, and leaves nothing behind but what it returns.
   *
   * @param labels One an output. @param predictions One an output, [batch, ...].
   * @param sampleWeights One an output, [batch] or of the shape of the samples' losses; undefined counts every sample once.
   * @throws DataError DATA_SHAPE when labels, predictions and sample weights do not go together,
   *   LOSS_OUTPUT_MISMATCH when a custom loss returns something that is no loss
   */
  compute(
    labels: readonly tf.Tensor[],
    predictions: readonly tf.Tensor[],
    sampleWeights?: readonly (tf.Tensor | undefined)[],
  ): LossValues;
  /** The mean loss of one output by its name, the output's share not in it. Throws as `compute` does. */
  computeOutput(output: string, labels: tf.Tensor, predictions: tf.Tensor, sampleWeights?: tf.Tensor): tf.Scalar;
  /** As plain data, for events. */
  config(): readonly { readonly output: string; readonly loss: string; readonly fromLogits: boolean; readonly weight: number }[];
}

/**
 * Makes a loss for the model's outputs from names, configurations or functions.
 *
 * @throws ConfigError LOSS_UNKNOWN, OPTIONS_INVALID, OPTION_UNKNOWN (no such output) or LOSS_OUTPUT_MISMATCH (classes
 *   counted along an axis of 1); `problems` holds all of them
 * @example compileLoss({ name: 'sparseCategoricalCrossentropy', fromLogits: true }, [{ name: 'digit', shape: [null, 10] }])
 */
export function compileLoss(spec: LossSpec, outputs: readonly OutputSpec[], options: LossOptions = {}): CompiledLoss {
  const problems: CodedProblem[] = [];
  const weights = outputShares(options.weights, outputs, problems);
  const losses = entriesOf(spec, outputs, problems).flatMap(({ entry, output, path }): OutputLoss[] => {
    const resolved = resolveLoss(entry, output, weights.get(output.name) ?? 1, path);
    if ('loss' in resolved) return [resolved.loss];
    problems.push(...resolved.problems);
    return [];
  });
  throwProblems('the loss is', problems);
  return {
    outputs: losses,
    compute: (labels, predictions, sampleWeights) => tf.tidy(() => computeLoss(losses, labels, predictions, sampleWeights)),
    computeOutput: (output, labels, predictions, sampleWeights) => {
      const loss = losses.find((each) => each.output.name === output);
      if (loss === undefined) throw new DataError('DATA_NAMES', { found: `there is no output "${output}"` });
      return tf.tidy(() => meanLoss(loss, labels, predictions, sampleWeights));
    },
    config: () => losses.map(({ output, name, fromLogits, weight }) => ({ output: output.name, loss: name, fromLogits, weight })),
  };
}

interface PlacedEntry {
  readonly entry: LossEntry;
  readonly output: OutputSpec;
  readonly path: readonly (string | number)[];
}

const isList = (spec: LossSpec): spec is readonly LossEntry[] => Array.isArray(spec);

/** One loss with its options, not one for each output: `name` is a loss then, unless an output has that name. */
const isSingle = (spec: LossSpec, outputs: readonly OutputSpec[]): spec is LossEntry =>
  typeof spec !== 'object' || (spec as unknown) === null || ('name' in spec && !outputs.some(({ name }) => name === 'name'));

function entriesOf(spec: LossSpec, outputs: readonly OutputSpec[], problems: CodedProblem[]): readonly PlacedEntry[] {
  if (isList(spec)) {
    if (spec.length !== outputs.length) {
      const message = `${spec.length} losses for ${outputs.length} outputs (${outputs.map(({ name }) => name).join(', ')})`;
      problems.push({ code: 'OPTIONS_INVALID', path: [], message });
    }
    return outputs.flatMap((output, i) => {
      const entry = spec[i];
      return entry === undefined ? [] : [{ entry, output, path: [i] }];
    });
  }
  if (isSingle(spec, outputs)) return outputs.map((output) => ({ entry: spec, output, path: [] }));
  unknownOutputs(Object.keys(spec), outputs, problems, []);
  return outputs.flatMap((output) => {
    const entry = valueAt(spec, output.name) as LossEntry | undefined;
    if (entry !== undefined) return [{ entry, output, path: [output.name] }];
    problems.push({ code: 'OPTIONS_INVALID', path: [output.name], message: 'this output has no loss; every output needs one' });
    return [];
  });
}

function unknownOutputs(names: readonly string[], outputs: readonly OutputSpec[], problems: CodedProblem[], path: readonly string[]): void {
  const known = outputs.map(({ name }) => name);
  for (const name of names) {
    if (!known.includes(name)) problems.push(unknownName('OPTION_UNKNOWN', 'output', name, known, [...path, name]));
  }
}

function outputShares(weights: LossOptions['weights'], outputs: readonly OutputSpec[], problems: CodedProblem[]): ReadonlyMap<string, number> {
  if (weights === undefined) return new Map();
  if (typeof weights !== 'object' || (weights as unknown) === null) {
    problems.push({ code: 'OPTIONS_INVALID', path: ['weights'], message: `found ${showValue(weights)}, expected a number for each output, as a list or by the outputs' names` });
    return new Map();
  }
  const isByOrder = (each: readonly number[] | Readonly<Record<string, number>>): each is readonly number[] => Array.isArray(each);
  if (isByOrder(weights) && weights.length !== outputs.length) {
    problems.push({ code: 'OPTIONS_INVALID', path: ['weights'], message: `${weights.length} weights for ${outputs.length} outputs` });
  }
  const entries = isByOrder(weights) ? outputs.map(({ name }, i) => [name, weights[i] ?? 1] as const) : Object.entries(weights);
  unknownOutputs(entries.map(([name]) => name), outputs, problems, ['weights']);
  for (const [name, weight] of entries) {
    if (Number.isFinite(weight) && weight >= 0) continue;
    problems.push({ code: 'OPTIONS_INVALID', path: ['weights', name], message: `the output's weight is ${showValue(weight)}; it must be a number from 0 up` });
  }
  return new Map(entries);
}

function computeLoss(
  losses: readonly OutputLoss[],
  labels: readonly tf.Tensor[],
  predictions: readonly tf.Tensor[],
  sampleWeights: readonly (tf.Tensor | undefined)[] | undefined,
): { total: tf.Scalar; perOutput: tf.Scalar[] } {
  const means = losses.map((loss, i) => {
    const label = labels[i];
    const prediction = predictions[i];
    if (label === undefined || prediction === undefined) {
      throw new DataError('DATA_SHAPE', {
        found: `there are ${labels.length} label and ${predictions.length} prediction tensors`,
        expected: `the model has ${losses.length} outputs, each with one of either`,
      });
    }
    return meanLoss(loss, label, prediction, sampleWeights?.[i]);
  });
  const shares = means.map((mean, i) => (losses[i]?.weight === 1 ? mean : tf.mul<tf.Scalar>(mean, losses[i]?.weight ?? 1)));
  const total = shares.length === 0 ? tf.scalar(0) : shares.reduce((sum, share) => tf.add(sum, share));
  // A copy shares its data and is off the path of the gradient, so whoever ends one of the two leaves the other whole.
  const perOutput = means.map((mean) => (mean === total ? aliasOf(mean) as tf.Scalar : mean));
  return { total, perOutput };
}

function meanLoss(loss: OutputLoss, labels: tf.Tensor, predictions: tf.Tensor, sampleWeights: tf.Tensor | undefined): tf.Scalar {
  assertLabelShape(loss.form, loss.name, loss.output.name, labels.shape, predictions.shape);
  const mean = sampleWeights === undefined ? loss.mean?.(labels, predictions) : undefined;
  if (mean !== undefined) return mean;
  const samples = loss.fn(labels, predictions);
  if (loss.custom) assertLossShape(loss, samples, predictions);
  return tf.mean<tf.Scalar>(sampleWeights === undefined ? samples : weighted(loss, samples, sampleWeights));
}

/** The samples' losses times their weights; [batch] weights go for all time steps of a sample. */
function weighted(loss: OutputLoss, samples: tf.Tensor, weight: tf.Tensor): tf.Tensor {
  if (samples.rank === 0) {
    throw new DataError('LOSS_OUTPUT_MISMATCH', {
      found: `the loss "${loss.name}" of output "${loss.output.name}" is one number for the whole batch`,
      expected: 'sample weights need one loss for every sample',
      remedy: 'Return the samples’ losses, [batch], without the last tf.mean; the trainer takes the mean.',
    });
  }
  const sameShape = weight.shape.length === samples.shape.length && weight.shape.every((size, axis) => size === samples.shape[axis]);
  if (sameShape) return tf.mul(samples, weight);
  if (weight.rank === 1 && weight.shape[0] === samples.shape[0]) {
    return tf.mul(samples, tf.reshape(weight, [...weight.shape, ...samples.shape.slice(1).map(() => 1)]));
  }
  throw new DataError('DATA_SHAPE', {
    found: `sample weights of output "${loss.output.name}" have shape ${shapeText(weight.shape)}`,
    expected: `one for every sample, ${shapeText(samples.shape.slice(0, 1))}, or one for every loss, ${shapeText(samples.shape)}`,
  });
}

// tf.Tensor is generic in its rank, and instanceof alone leaves that rank as any.
const isTensor = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor;

/** Throws unless a custom loss returned a scalar or something that starts as the predictions do. */
function assertLossShape(loss: OutputLoss, result: unknown, predictions: tf.Tensor): void {
  const remedy = 'Return a scalar, or one loss for every sample.';
  if (!isTensor(result)) {
    throw new DataError('LOSS_OUTPUT_MISMATCH', {
      found: `the loss "${loss.name}" of output "${loss.output.name}" returned ${result instanceof Promise ? 'a promise' : typeof result}`,
      expected: 'a loss is a tensor, made inside the gradient computation where nothing can be awaited or read',
      remedy,
    });
  }
  if (isPerSample(result.shape, predictions.shape)) return;
  throw new DataError('LOSS_OUTPUT_MISMATCH', {
    found: `the loss "${loss.name}" of output "${loss.output.name}" has shape ${shapeText(result.shape)} for predictions ${shapeText(predictions.shape)}`,
    expected: 'a loss is a scalar, or has one value for every sample: [batch] or [batch, ...]',
    remedy: `${remedy} Labels [batch] beside predictions [batch, 1] spread to [batch, batch]: give the labels a last axis.`,
  });
}
