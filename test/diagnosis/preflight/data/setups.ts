import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { expect } from 'vitest';
import { dataChecks } from '../../../../src/diagnosis/preflight/data/index.js';
import type { DataSource } from '../../../../src/data/index.js';
import type { Experiment } from '../../../../src/diagnosis/preflight/experiment.js';
import { Lab, labDefaults } from '../../../../src/diagnosis/preflight/lab.js';
import type { Finding } from '../../../../src/diagnosis/finding.js';
import { RandomStreams, type RandomStream } from '../../../../src/random/index.js';

export interface Rows {
  readonly inputs: number[][];
  readonly labels: number[];
}

export const random = (name: string): RandomStream => new RandomStreams(11).derive(name);

/** Points around the centre of their class, with deviation 1; centres have deviation `apart`. */
export function clusters(count: number, classes = 4, features = 6, apart = 3, name = 'clusters'): Rows {
  const stream = random(name);
  const centres = Array.from({ length: classes }, () => Array.from({ length: features }, () => apart * stream.normal()));
  const labels = Array.from({ length: count }, () => stream.int(classes));
  return { inputs: labels.map((label) => centres[label]!.map((centre) => (centre + stream.normal()) / Math.hypot(1, apart))), labels };
}

/** Numbers that are a sum of features, with a little noise. */
export function sums(count: number, features = 6): { inputs: number[][]; labels: number[][] } {
  const stream = random('sums');
  const inputs = Array.from({ length: count }, () => Array.from({ length: features }, () => stream.normal()));
  return { inputs, labels: inputs.map((row) => [(row[0]! - row[1]! + 0.5 * row[2]! + 0.1 * stream.normal()) / 1.5]) };
}

export const net = (features: number, units: number, activation?: 'softmax' | 'sigmoid' | 'linear') => (): Sequential =>
  sequential({ layers: [layers.dense({ units: 6, activation: 'relu', inputShape: [features], name: 'hidden' }), layers.dense({ units, activation: activation ?? 'linear', name: 'out' })] });

export const classifier = (data: DataSource, validation?: DataSource, features = 6, classes = 4): Experiment =>
  ({ model: net(features, classes, 'softmax'), loss: 'sparseCategoricalCrossentropy', backend: 'keep', data, validation });

export const regressor = (data: DataSource, validation?: DataSource, features = 6): Experiment =>
  ({ model: net(features, 1), loss: 'meanSquaredError', backend: 'keep', data, validation });

export const cut = <L>({ inputs, labels }: { readonly inputs: number[][]; readonly labels: L[] }, from: number, to?: number): { inputs: number[][]; labels: L[] } => ({ inputs: inputs.slice(from, to), labels: labels.slice(from, to) });

/** All findings of this stage. No check may leave a tensor, or throw. */
export async function look(experiment: Experiment): Promise<readonly Finding[]> {
  const lab = await Lab.open(experiment, labDefaults);
  try {
    const before = tf.memory().numTensors;
    const findings: Finding[] = [];
    for (const check of dataChecks) findings.push(...(await check.run(lab)).findings);
    expect(tf.memory().numTensors).toBe(before);
    return findings;
  } finally {
    lab.close();
  }
}

/** Rules of what counts as an alarm. */
export const alarms = async (experiment: Experiment): Promise<readonly string[]> => (await look(experiment)).filter(({ severity }) => severity !== 'info').map(({ rule, severity }) => `${severity} ${rule}`);

export const infos = async (experiment: Experiment): Promise<readonly string[]> => (await look(experiment)).filter(({ severity }) => severity === 'info').map(({ rule }) => rule);
