import * as tf from '@tensorflow/tfjs-core';
import type { ModelWeight } from '../../../trainer/model.js';
import type { Lab } from '../lab.js';
import type { Facts, OutputFacts } from './facts.js';
import { layerNodes } from './graph.js';
import type { Expects } from './loss-form.js';

/** The last layer's bias of an output, as what is known of the labels before any input is seen asks for it. */
export interface PriorBias {
  readonly output: string;
  readonly weight: ModelWeight;
  readonly values: Float32Array;
  readonly formula: string;
}

/** Class shares are kept this far off 0 and 1, by half a sample of what was seen. */
const limited = (share: number, samples: number): number => Math.min(1 - 0.5 / samples, Math.max(0.5 / samples, share));

/**
 * The bias with which an untrained model answers the prior: log p a class for softmax, log(p / (1 - p)) for sigmoid
 * (1 of 101 is ln(1 / 100) = -4.6), the mean for measured values (Lin et al., 2017, section 4.1; Karpathy, 2019).
 * Undefined where the last layer has no bias of the output's width, or labels have another form.
 */
export function priorBiasOf(lab: Lab, output: OutputFacts, expects: Expects | undefined): PriorBias | undefined {
  const weight = lastBias(lab, output);
  if (weight === undefined) return undefined;
  const { kind, width, labels, activation } = output;
  const isSoftmax = expects === 'softmax-logits' || activation === 'softmax';
  const isSigmoid = expects === 'sigmoid-logits' || activation === 'sigmoid';
  const rows = kind === 'class' ? labels.values.length : labels.values.length / width;
  if (rows < 2) return undefined;
  const means = new Float64Array(width);
  if (kind === 'class') for (const each of labels.values) means[each] = (means[each] ?? 0) + 1 / rows;
  else if (kind === 'other') return undefined;
  else for (const [i, each] of labels.values.entries()) means[i % width] = (means[i % width] ?? 0) + each / rows;
  const of = (formula: string, bias: (mean: number) => number): PriorBias => ({ output: output.name, weight, values: Float32Array.from(means, bias), formula });
  if (isSoftmax && (kind === 'class' || kind === 'one-hot' || kind === 'distribution')) return of('log p', (p) => Math.log(limited(p, rows)));
  if (isSigmoid && (kind === 'binary' || kind === 'multi-label')) {
    return of('log(p / (1 - p))', (p) => {
      const share = limited(p, rows);
      return Math.log(share / (1 - share));
    });
  }
  if (kind === 'numbers' && expects === 'numbers' && (activation === undefined || activation === 'linear')) return of('mean', (mean) => mean);
  return undefined;
}

function lastBias(lab: Lab, { index, width }: OutputFacts): ModelWeight | undefined {
  const trainable = lab.model.weights().filter(({ info }) => info.trainable);
  const fits = ({ info }: ModelWeight): boolean => info.role === 'bias' && info.shape.length === 1 && info.size === width;
  const ends = layerNodes(lab.model).filter(({ isOutput }) => isOutput);
  if (lab.model.kind === 'layers') {
    const name = ends.length === 1 ? ends[0]?.name : lab.model.outputs[index]?.name;
    return trainable.find((each) => each.info.layer === name && fits(each));
  }
  // Written by hand: the one bias of that width, where there is no doubt.
  const all = trainable.filter(fits);
  return all.length === 1 ? all[0] : undefined;
}

/** Sets the bias: for a repair, or in a trial. */
export function applyPriorBias({ weight, values }: Pick<PriorBias, 'weight' | 'values'>): void {
  const made = tf.tensor1d(values);
  weight.variable.assign(made);
  made.dispose();
}

/** The loss of an output with that bias, on the samples looked at; the weights are put back. */
export async function lossWithPriorBias(lab: Lab, facts: Facts, bias: PriorBias): Promise<number> {
  return lab.trial(async () => {
    applyPriorBias(bias);
    return (await lab.evaluate(facts.indices))['loss'] ?? NaN;
  });
}
