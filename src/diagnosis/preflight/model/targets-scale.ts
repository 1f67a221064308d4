import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch } from '../../../data/index.js';
import { forwardBackward } from '../../../trainer/gradients.js';
import { digits, finding, type Finding } from '../../finding.js';
import { nothing, type Check } from '../check.js';
import type { Lab } from '../lab.js';
import { factsOf, labelValues, type Facts, type OutputFacts } from './facts.js';
import { lossFormOf } from './loss-form.js';
import { LossProbe } from './loss-probe.js';
import { meanOf, predictInputs, rms, spreadOf } from './predictions.js';

/** Whether measured values are within reach of the steps that are planned. */
export const targetsScale: Check = {
  name: 'targets-scale',
  stage: 'model',
  summary: 'Whether the labels of a regression are of a size that the planned steps can reach.',
  run: async (lab) => {
    const facts = await factsOf(lab);
    const [output] = facts.outputs;
    if (output === undefined || facts.outputs.length > 1 || output.kind !== 'numbers') return nothing;
    const { expects } = await lossFormOf(LossProbe.of(lab, facts, output));
    if (expects !== 'numbers') return nothing;
    const labels = labelValues(output, facts.indices);
    const [size, own] = [rms(labels), rms(output.predictions)];
    const measured: Record<string, unknown> = { rmsOfLabels: size, rmsOfPredictions: own, mean: meanOf(labels), spread: spreadOf(labels) };
    // Labels of a size that an untrained model puts out are none to speak of: 10 times is one decade.
    if (!(size > 10 * Math.max(own, 1))) return { findings: [], measured };
    const found = adaptive.test(String(lab.engine.optimizer.config()['name'])) ? await outOfReach(lab, facts, output, labels, measured) : await diverging(lab, output, labels, measured);
    return { findings: found === undefined ? [] : [found], measured };
  },
};

/** Optimizers whose steps do not grow with the gradient: Kingma & Ba (2015), section 2.1. */
const adaptive = /adam|rmsprop|adagrad|adadelta|lion|lamb|nadam/i;

const remedyOf = (labels: Float32Array): string =>
  `Train on (y - ${digits(meanOf(labels))}) / ${digits(spreadOf(labels))}, and undo that on predictions; or begin the last layer's bias at ${digits(meanOf(labels))}.`;

/** Real steps that are taken to see how fast predictions move. */
const trialSteps = 16;

/**
 * A step of Adam moves a weight by about the rate at most, so predictions move by the step and not by their distance
 * from the labels. Two optimistic bounds on where T steps lead, and the labels have to be beyond both: all weights moved
 * by rate * T the way of the first gradient; and what 16 real steps move, times (T / 16)^2, for while two layers grow
 * together predictions grow with the square of the steps.
 */
async function outOfReach(lab: Lab, facts: Facts, output: OutputFacts, labels: Float32Array, measured: Record<string, unknown>): Promise<Finding | undefined> {
  const steps = lab.plannedSteps;
  if (steps === undefined || output.labels.width * facts.indices.length !== output.predictions.length) return undefined;
  const distance = rms(labels.map((each, i) => each - (output.predictions[i] ?? 0)));
  const batch = lab.batch(facts.indices.slice(0, 64));
  const first = output.predictions.subarray(0, batch.size * output.labels.width);
  const movedBy = async (): Promise<number> => {
    const { values } = await predictInputs(lab, batch.inputs);
    return rms(first.map((each, i) => (values[output.index]?.[i] ?? NaN) - each));
  };
  try {
    const straight = await lab.trial(async ({ learningRate }) => {
      const trainable = lab.model.weights().filter(({ info }) => info.trainable);
      const pass = forwardBackward({ model: lab.model, loss: lab.loss, lossHook: undefined, trainable, batch, layers: [] });
      for (const { info, variable } of trainable) {
        const gradient = pass.gradients.get(info.name);
        if (gradient === undefined) continue;
        const moved = tf.tidy(() => tf.sub(variable, tf.mul(tf.sign(gradient), learningRate * steps)));
        variable.assign(moved);
        moved.dispose();
      }
      tf.dispose([pass.loss, ...pass.perOutput, ...pass.predictions, ...pass.activations.values(), ...pass.gradients.values()]);
      return movedBy();
    });
    const real = await lab.trial(async (trainee) => {
      for (let i = 0; i < trialSteps; i += 1) await trainee.step(batch);
      return movedBy();
    });
    const reach = Math.max(straight, real * Math.max(1, steps / trialSteps) ** 2);
    const rate = lab.engine.optimizer.learningRate;
    Object.assign(measured, { steps, learningRate: rate, straight, movedInTrial: real, reach, distance });
    // Half the way at the most optimistic leaves a quarter of the loss.
    if (!(reach < 0.5 * distance)) return undefined;
    return finding({
      rule: 'targets-not-scaled',
      severity: 'warning',
      where: { layer: output.name },
      message: `labels have a mean of ${digits(meanOf(labels))} and a standard deviation of ${digits(spreadOf(labels))}, and ${String(steps)} steps of ${digits(rate)} move predictions by ${digits(reach)} at the most optimistic`,
      evidence: { ...measured },
      remedy: remedyOf(labels),
    });
  } finally {
    disposeBatch(batch);
  }
}

/** Gradients grow with the labels: the same steps on the same labels, standardised, are the control. */
async function diverging(lab: Lab, output: OutputFacts, labels: Float32Array, measured: Record<string, unknown>): Promise<Finding | undefined> {
  const spread = spreadOf(labels);
  if (spread === 0) return undefined;
  const mean = meanOf(labels);
  const run = (isScaled: boolean): Promise<readonly [number, number]> =>
    lab.trial(async (trainee) => {
      let first = NaN;
      let last = NaN;
      for (let i = 0; i < 10; i += 1) {
        const batch = lab.batch(lab.choose(lab.batchSize, `model/targets/${String(i)}`));
        const [own] = batch.labels;
        try {
          if (own === undefined) break;
          const scaled = isScaled ? tf.tidy(() => tf.div(tf.sub(own, mean), spread)) : own;
          last = (await trainee.step({ ...batch, labels: [scaled] })).loss;
          if (isScaled) scaled.dispose();
        } finally {
          disposeBatch(batch);
        }
        if (i === 0) first = last;
        if (!Number.isFinite(last)) break;
      }
      return [first, last] as const;
    });
  // Ten times the loss after ten steps is a divergence, not the noise of batches.
  const blew = ([first, last]: readonly [number, number]): boolean => !Number.isFinite(last) || last > 10 * first;
  const given = await run(false);
  if (!blew(given)) return undefined;
  const control = await run(true);
  Object.assign(measured, { lossAsGiven: given, lossOfStandardised: control });
  if (blew(control)) return undefined;
  return finding({
    rule: 'targets-not-scaled',
    severity: 'error',
    where: { layer: output.name },
    message: `labels have a mean of ${digits(mean)} and a standard deviation of ${digits(spread)}: with them the loss goes from ${digits(given[0])} to ${digits(given[1])} in 10 steps, with standardised ones from ${digits(control[0])} to ${digits(control[1])}`,
    evidence: { ...measured },
    remedy: remedyOf(labels),
  });
}
