import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch } from '../../../data/index.js';
import type { Lab } from '../lab.js';
import type { HeldKernel } from './fresh-kernels.js';
import { changed } from './mixing.js';
import { furthest, predictInputs, rms } from './predictions.js';
import { isFreshlyDrawn } from './random-numbers.js';

/** Numbers from which on a distribution tells: the deviation of 256 is known to 3 or 4%. */
const fewest = 256;

/**
 * Kernels of a model written by hand that are among its weights and not trained, hold what looks freshly drawn, and move
 * the outputs. A copy of a trained kernel, as of a slow teacher, is none of these.
 */
export async function frozenByHand(lab: Lab): Promise<readonly HeldKernel[]> {
  if (lab.model.kind === 'layers') return [];
  const weights = lab.model.weights();
  const trained = weights.filter(({ info }) => info.trainable);
  const held = weights.filter(({ info }) => !info.trainable && info.role !== 'statistic' && info.shape.length >= 2 && info.size >= fewest && info.size <= 1e7);
  // Biases that have moved say that their kernels have, too.
  const beside = await Promise.all(weights.filter(({ info }) => !info.trainable && info.role === 'bias').map(({ variable }) => variable.data<'float32'>()));
  if (held.length === 0 || beside.some((values) => values.some((each) => each !== 0 && each !== 1))) return [];
  const copies = new Set<string>();
  const found: HeldKernel[] = [];
  const known = await Promise.all(trained.map(async ({ variable }) => ({ shape: variable.shape.join(), values: await variable.data<'float32'>() })));
  for (const { info, variable } of held) {
    const values = Float32Array.from(await variable.data<'float32'>());
    const isCopy = known.some((each) => each.shape === info.shape.join() && each.values.every((value, i) => value === values[i]));
    if (isCopy) copies.add(info.name);
    const columns = info.shape.at(-1) ?? 1;
    if (!isCopy && isFreshlyDrawn(values, info.size / columns, columns)) found.push({ layer: info.layer ?? info.name, weight: info.name, size: info.size, isOutput: false, isFresh: true });
  }
  if (found.length === 0 || copies.size > 0) return [];
  const used = await lab.trial(() => thatMove(lab, found.map(({ weight }) => weight)));
  return found.filter(({ weight }) => used.includes(weight));
}

/** Weights that outputs change with when they change their sign. In a trial, which puts them back. */
async function thatMove(lab: Lab, names: readonly string[]): Promise<readonly string[]> {
  const batch = lab.batch(lab.choose(Math.min(8, lab.training.count), 'model/frozen'));
  const outputs = async (): Promise<readonly Float32Array[]> => (await predictInputs(lab, batch.inputs)).values;
  const moving: string[] = [];
  try {
    const base = await outputs();
    for (const { info, variable } of lab.model.weights().filter(({ info: each }) => names.includes(each.name))) {
      const before = tf.clone(variable);
      const turned = tf.neg(before);
      variable.assign(turned);
      const now = await outputs();
      variable.assign(before);
      tf.dispose([before, turned]);
      if (base.some((each, i) => furthest(each, now[i] ?? each) > changed * rms(each))) moving.push(info.name);
    }
    return moving;
  } finally {
    disposeBatch(batch);
  }
}
