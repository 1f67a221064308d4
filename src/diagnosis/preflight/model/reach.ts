import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch } from '../../../data/index.js';
import { forwardBackward } from '../../../trainer/gradients.js';
import { finding, type Finding } from '../../finding.js';
import type { Check } from '../check.js';
import type { Lab } from '../lab.js';
import { factsOf } from './facts.js';
import { predictInputs } from './predictions.js';

/** Features that are looked at one by one, at most: each takes a forward pass of `perFeature` samples. */
const mostFeatures = 64;
const perFeature = 12;

/** What has no influence: inputs and features on the outputs, weights on the loss. */
export const reach: Check = {
  name: 'reach',
  stage: 'model',
  summary: 'Whether every input reaches an output, and the loss every weight.',
  run: async (lab) => {
    const unreached = await lab.trial(() => weightsWithoutGradient(lab));
    // What moves the outputs is used, and has lost its gradient on the way: that is for the check of gradients to say.
    const moving = await lab.trial(() => thatMove(lab, unreached));
    const weights = unreached.filter((name) => !moving.includes(name));
    const { without, measured } = await inputsWithoutInfluence(lab);
    return { findings: [...unusedWeights(weights), ...without], measured: { weightsWithoutGradient: unreached, thatMoveOutputs: moving, ...measured } };
  },
};

function weightsWithoutGradient(lab: Lab): readonly string[] {
  const batch = lab.batch(lab.choose(Math.min(8, lab.training.count), 'model/reach'));
  const trainable = lab.model.weights().filter(({ info }) => info.trainable);
  try {
    const pass = forwardBackward({ model: lab.model, loss: lab.loss, lossHook: undefined, trainable, batch, layers: [] });
    const without = trainable.filter(({ info }) => !pass.gradients.has(info.name)).map(({ info }) => info.name);
    tf.dispose([pass.loss, ...pass.perOutput, ...pass.predictions, ...pass.activations.values(), ...pass.gradients.values()]);
    return without;
  } finally {
    disposeBatch(batch);
  }
}

/** Weights of these that outputs change with, when they are doubled and moved by 1. In a trial, which puts them back. */
async function thatMove(lab: Lab, names: readonly string[]): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const batch = lab.batch(lab.choose(Math.min(8, lab.training.count), 'model/reach'));
  const found: string[] = [];
  try {
    const { values: base } = await predictInputs(lab, batch.inputs);
    const { values: again } = await predictInputs(lab, batch.inputs);
    // What differs by itself, as by dropout, tells nothing.
    if (!isEqual(base, again)) return [];
    for (const { info, variable } of lab.model.weights().filter(({ info: each }) => names.includes(each.name))) {
      const before = tf.clone(variable);
      tf.tidy(() => { variable.assign(tf.cast(tf.add(tf.mul(before, 2), 1), variable.dtype)); });
      const { values } = await predictInputs(lab, batch.inputs);
      variable.assign(before);
      before.dispose();
      if (!isEqual(base, values)) found.push(info.name);
    }
    return found;
  } finally {
    disposeBatch(batch);
  }
}

const isEqual = (a: readonly Float32Array[], b: readonly Float32Array[]): boolean => a.every((each, i) => each.every((value, at) => Object.is(value, b[i]?.[at])));

function unusedWeights(names: readonly string[]): readonly Finding[] {
  if (names.length === 0) return [];
  return [
    finding({
      rule: 'unused-weights',
      severity: 'warning',
      where: { weight: names[0] ?? '' },
      message: `the loss does not reach ${names.length === 1 ? 'the trainable weight' : `${String(names.length)} trainable weights:`} ${names.slice(0, 5).map((name) => `"${name}"`).join(', ')}: ${names.length === 1 ? 'it is' : 'they are'} never trained`,
      evidence: { weights: names },
      remedy: 'Use it in the forward pass (by operations that have gradients: no tf.round, argMax, dataSync), or leave it out of the trainable weights.',
    }),
  ];
}

async function inputsWithoutInfluence(lab: Lab): Promise<{ readonly without: readonly Finding[]; readonly measured: Record<string, unknown> }> {
  const { training } = lab;
  const count = Math.min(perFeature, training.count - 1);
  if (count < 2) return { without: [], measured: {} };
  const chosen = lab.choose(count, 'model/influence');
  const batch = lab.batch(chosen);
  const others = lab.batch(Array.from(chosen, (_, i) => chosen[(i + 1) % count] ?? 0));
  try {
    const base = await predictInputs(lab, batch.inputs);
    // Unlike a difference of two numbers, sameness to the bit has no threshold; the products are those of the same shapes.
    const isSame = (values: readonly Float32Array[]): boolean => isEqual(values, base.values);
    const without: string[] = [];
    for (const i of batch.inputs.keys()) {
      const own = batch.inputs[i];
      const other = others.inputs[i];
      if (own === undefined || other === undefined || (await same(own, other))) continue;
      const { values } = await predictInputs(lab, batch.inputs.map((each, at) => (at === i ? other : each)));
      if (isSame(values)) without.push(training.inputs[i]?.name ?? String(i));
    }
    const measured: Record<string, unknown> = { inputsWithoutInfluence: without };
    // A model that answers nothing at all, as with a last kernel of zeros, tells nothing of its inputs.
    if (without.length === batch.inputs.length) return { without: [], measured };
    const findings = without.map((name) =>
      finding({
        rule: 'unused-input',
        severity: 'warning',
        where: {},
        message: `the input "${name}" has no influence on any output: with that of other samples, ${String(count)} outputs stay the same to the bit`,
        evidence: { input: name, samples: count },
        remedy: `Connect "${name}", or leave it out.`,
      }),
    );
    const features = await featuresWithoutInfluence(lab, batch.inputs);
    return { without: [...findings, ...features], measured };
  } finally {
    disposeBatch(batch);
    disposeBatch(others);
  }
}

const same = async (a: tf.Tensor, b: tf.Tensor): Promise<boolean> => {
  const [first, second] = [await a.data(), await b.data()];
  return first.every((value, i) => Object.is(value, second[i]));
};

/** Features of a narrow table of one input, each set far away for all samples. */
async function featuresWithoutInfluence(lab: Lab, inputs: readonly tf.Tensor[]): Promise<readonly Finding[]> {
  const [own] = inputs;
  const width = own?.shape[1] ?? 0;
  const { isFloat } = await factsOf(lab);
  if (own === undefined || inputs.length !== 1 || own.rank !== 2 || !isFloat || width < 2 || width > mostFeatures) return [];
  const base = await predictInputs(lab, inputs);
  // A saturated output stays where it is whatever happens.
  if (base.values.some((each) => each.every((value) => value === 0 || value === 1))) return [];
  const unused: number[] = [];
  for (let feature = 0; feature < width; feature += 1) {
    let isUsed = false;
    // In both directions, for a unit may be off in one of them.
    for (const distance of [100, -100, 1, -1]) {
      const moved = tf.tidy(() => tf.add(own, tf.mul(tf.oneHot(tf.fill([own.shape[0]], feature, 'int32'), width), distance)));
      const { values } = await predictInputs(lab, [moved]);
      moved.dispose();
      isUsed ||= !isEqual(values, base.values);
      if (isUsed) break;
    }
    if (!isUsed) unused.push(feature);
  }
  if (unused.length === 0 || unused.length === width) return [];
  const name = (feature: number): string => lab.experiment.featureNames?.[feature] ?? `feature ${String(feature)}`;
  return [
    finding({
      rule: 'unused-input',
      severity: 'warning',
      where: { feature: unused[0] ?? 0 },
      message: `${unused.slice(0, 5).map(name).join(', ')}${unused.length > 5 ? ' and others' : ''} of ${String(width)} features ${unused.length === 1 ? 'has' : 'have'} no influence on any output, even when ${unused.length === 1 ? 'it is' : 'they are'} changed by 100`,
      evidence: { features: unused, of: width },
      remedy: 'Look where the model takes a part of its input (tf.slice, a mask, a kernel of zeros).',
    }),
  ];
}
