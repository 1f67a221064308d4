import * as tf from '@tensorflow/tfjs-core';
import { readOnce, type BatchLike, type Lab } from '../lab.js';
import type { ModelWeight } from '../../../trainer/model.js';
import { thrownText } from '../../../thrown-text.js';

/** Gradients of the mean loss without penalties, by weight name; a weight that the loss does not reach is absent. The caller's to end. */
export interface LossGradients {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
  /** L2 norm of each. */
  readonly norms: ReadonlyMap<string, number>;
}

export const trainableOf = (lab: Lab): readonly ModelWeight[] => lab.model.weights().filter(({ info }) => info.trainable);

/** Kernels, embeddings and the weights of models written by hand: what learns from inputs, biases left out. */
export const isKernel = ({ info }: ModelWeight): boolean => info.role === 'kernel' || (info.role === 'other' && info.shape.length >= 2);

/** Why there is no gradient at all: an operation without one, or a loss that no weight reaches. */
export class NoGradient extends Error {}

/**
 * One backward pass.
 * @param training Whether dropout and the like are on.
 * @throws NoGradient where TensorFlow.js cannot differentiate the loss
 */
export async function lossGradients(lab: Lab, batch: BatchLike, training: boolean): Promise<LossGradients> {
  const trainable = trainableOf(lab);
  let result: ReturnType<typeof tf.variableGrads>;
  try {
    result = tf.variableGrads(() => lab.loss.compute(batch.labels, lab.model.forward(batch.inputs, training).outputs).total, trainable.map(({ variable }) => variable));
  } catch (error) {
    dropTape();
    throw new NoGradient(thrownText(error), { cause: error });
  }
  const [loss = NaN] = await readOnce(result.value);
  const gradients = new Map<string, tf.Tensor>();
  for (const { info, variable } of trainable) {
    // The types promise a tensor for each name; a variable that the loss does not reach has none.
    const gradient = (result.grads as Partial<typeof result.grads>)[variable.name];
    if (gradient != null) gradients.set(info.name, gradient);
  }
  const names = [...gradients.keys()];
  const squares = names.length === 0 ? new Float32Array() : await readOnce(tf.tidy(() => tf.stack([...gradients.values()].map((each) => tf.sum(tf.square(each))))));
  return { loss, gradients, norms: new Map(names.map((name, i) => [name, Math.sqrt(squares[i] ?? NaN)])) };
}

/** TensorFlow.js ends what it kept for a backward pass only when that pass comes. */
function dropTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  const tape = state.activeTape as typeof state.activeTape | null | undefined;
  for (const { saved } of tape ?? []) for (const tensor of saved ?? []) tensor.dispose();
}

export const lossOf = async (lab: Lab, batch: BatchLike): Promise<number> =>
  (await readOnce(tf.tidy(() => lab.loss.compute(batch.labels, lab.model.forward(batch.inputs, false).outputs).total)))[0] ?? NaN;

/** Runs `body` with weights moved by `size` along a direction of tensors by name, and puts them back to the bit. */
export async function moved<T>(lab: Lab, direction: ReadonlyMap<string, tf.Tensor>, size: number, body: () => Promise<T>): Promise<T> {
  const weights = trainableOf(lab).filter(({ info }) => direction.has(info.name));
  // A buffer of its own: an assigned variable may share one.
  const before = weights.map(({ variable }) => tf.tidy(() => tf.add(variable, tf.scalar(0, variable.dtype as 'float32'))));
  try {
    for (const { info, variable } of weights) {
      const along = direction.get(info.name);
      if (along !== undefined) tf.tidy(() => { variable.assign(tf.add(variable, tf.mul(along, size))); });
    }
    return await body();
  } finally {
    for (const [i, { variable }] of weights.entries()) {
      const value = before[i];
      if (value === undefined) continue;
      variable.assign(value);
      value.dispose();
    }
  }
}
