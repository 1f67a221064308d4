import * as tf from '@tensorflow/tfjs-core';
import { aliasOf } from '../backend/index.js';
import { ConfigError } from '../errors.js';
import type { BatchData } from '../plugin/hooks.js';
import type { CompiledHooks } from '../plugin/runner.js';
import type { CompiledLoss } from './loss/index.js';
import type { ModelFace, ModelWeight } from './model.js';

export interface ForwardBackward {
  /** By weight name; a weight that the loss does not reach is absent. */
  readonly gradients: Map<string, tf.Tensor>;
  /** The loss that was differentiated: mean over the batch, penalties and loss hooks included. */
  readonly loss: tf.Scalar;
  /** Mean loss of each output, without weights of outputs and penalties; one element for a single output. */
  readonly perOutput: readonly tf.Scalar[];
  readonly predictions: readonly tf.Tensor[];
  readonly activations: ReadonlyMap<string, tf.Tensor>;
}

export interface ForwardBackwardAsk {
  readonly model: ModelFace;
  readonly loss: CompiledLoss;
  readonly lossHook: CompiledHooks['loss'];
  readonly trainable: readonly ModelWeight[];
  readonly batch: BatchData;
  readonly layers: readonly string[] | 'all';
}

/**
 * Ends what TensorFlow.js kept for a backward pass that does not come: it ends that itself after the pass, but not when
 * the function to differentiate throws.
 */
function disposeTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  const tape = state.activeTape as typeof state.activeTape | null | undefined;
  for (const { saved } of tape ?? []) for (const tensor of saved ?? []) tensor.dispose();
}

/** To be ended with the step: a weight, or a tensor that someone keeps, stays its owner's, and a clone goes in its place. */
const own = (tensor: tf.Tensor): tf.Tensor => tf.keep(tensor.kept || tensor instanceof tf.Variable ? aliasOf(tensor) : tensor);

const unreachable = /connection between any variable and the result of the loss function/;

/**
 * One forward and backward pass. Everything in the result is the caller's to end; nothing else is left behind.
 * @throws ConfigError LOSS_OUTPUT_MISMATCH when the loss does not depend on any trainable weight.
 */
export function forwardBackward({ model, loss, lossHook, trainable, batch, layers }: ForwardBackwardAsk): ForwardBackward {
  let perOutput: readonly tf.Scalar[] = [];
  let predictions: readonly tf.Tensor[] = [];
  let activations: ReadonlyMap<string, tf.Tensor> = new Map();
  const total = (): tf.Scalar => {
    const result = model.forward(batch.inputs, true, layers);
    const parts = loss.compute(batch.labels, result.outputs, batch.sampleWeights);
    predictions = result.outputs.map(own);
    perOutput = parts.perOutput.map((each) => tf.keep(each));
    activations = new Map([...result.activations].map(([name, each]) => [name, own(each)]));
    const penalty = model.penalty();
    const whole = penalty === undefined ? parts.total : tf.add<tf.Scalar>(parts.total, penalty);
    return lossHook === undefined ? whole : lossHook(whole, { labels: batch.labels, predictions: result.outputs });
  };
  try {
    const { value, grads } = tf.variableGrads(total, trainable.map(({ variable }) => variable));
    const gradients = new Map<string, tf.Tensor>();
    for (const { info, variable } of trainable) {
      // The types promise a tensor for each name; a variable that the loss does not reach has none.
      const gradient = (grads as Partial<typeof grads>)[variable.name];
      if (gradient != null) gradients.set(info.name, gradient);
    }
    return { gradients, loss: value, perOutput, predictions, activations };
  } catch (error) {
    for (const each of [...predictions, ...perOutput, ...activations.values()]) each.dispose();
    disposeTape();
    if (error instanceof Error && unreachable.test(error.message)) {
      throw new ConfigError('LOSS_OUTPUT_MISMATCH', {
        found: 'the loss does not depend on any trainable weight',
        expected: 'it is computed from the predictions by TensorFlow.js operations that have gradients',
        remedy: 'Look for dataSync(), tf.argMax, tf.round or a constant in the loss or the model.',
        cause: error,
      });
    }
    throw error;
  }
}

/** Adds `next`, weighted by its number of samples, to the sum of micro-batches. Takes over `next`; the sum stays the caller's. */
export function accumulate(sum: Map<string, tf.Tensor>, next: ReadonlyMap<string, tf.Tensor>, samples: number): void {
  for (const [name, gradient] of next) {
    const before = sum.get(name);
    sum.set(
      name,
      tf.tidy(() => {
        const weighted = tf.mul(gradient, samples);
        return before === undefined ? weighted : tf.add(before, weighted);
      }),
    );
    before?.dispose();
    gradient.dispose();
  }
}
