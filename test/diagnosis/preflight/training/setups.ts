import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, initializers } from '@tensorflow/tfjs-layers';
import { loadDigits } from '../../../../examples/mnist/data.js';
import { loadIris } from '../../../../examples/iris.js';
import { Lab, labDefaults } from '../../../../src/diagnosis/preflight/lab.js';
import type { Check, CheckResult } from '../../../../src/diagnosis/preflight/check.js';
import type { Experiment } from '../../../../src/diagnosis/preflight/experiment.js';
import type { OptimizerSpec } from '../../../../src/trainer/optimizer/index.js';
import type { Finding } from '../../../../src/diagnosis/finding.js';
import { numbers } from '../../../support/numbers.js';

/** Experiments with sound models and data, to be changed by the tests. */
const init = (seed: number): ReturnType<typeof initializers.glorotUniform> => initializers.glorotUniform({ seed });

export const digitsSetup = (optimizer: OptimizerSpec = { name: 'adam', learningRate: 1e-3 }, samples = 1000): Experiment => {
  const { inputs, labels } = loadDigits('train', [784], 0, samples);
  return {
    model: () => sequential({ layers: [layers.dense({ units: 64, activation: 'relu', inputShape: [784], kernelInitializer: init(11) }), layers.dense({ units: 10, activation: 'softmax', kernelInitializer: init(12) })] }),
    loss: 'sparseCategoricalCrossentropy',
    optimizer,
    data: { inputs, labels },
    fit: { epochs: 5, batchSize: 32 },
  };
};

export const irisSetup = (optimizer: OptimizerSpec = { name: 'adam', learningRate: 0.01 }): Experiment => {
  const { inputs, labels } = loadIris().training;
  return {
    model: () => sequential({ layers: [layers.dense({ units: 16, activation: 'tanh', inputShape: [4], kernelInitializer: init(13) }), layers.dense({ units: 3, activation: 'softmax', kernelInitializer: init(14) })] }),
    loss: 'sparseCategoricalCrossentropy',
    optimizer,
    data: { inputs, labels },
    fit: { epochs: 20, batchSize: 16 },
  };
};

/** y = a x1 - b x2 + sin(x3) with a little noise, standardised. */
export const regressionSetup = (optimizer: OptimizerSpec = { name: 'sgd', learningRate: 0.01 }, samples = 400): Experiment => {
  const random = numbers(5);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const inputs = Array.from({ length: samples }, () => [normal(), normal(), normal()]);
  const labels = inputs.map(([a = 0, b = 0, c = 0]) => [0.6 * a - 0.5 * b + Math.sin(c) + 0.1 * normal()]);
  return {
    model: () => sequential({ layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [3], kernelInitializer: init(15) }), layers.dense({ units: 1, kernelInitializer: init(16) })] }),
    loss: 'meanSquaredError',
    optimizer,
    data: { inputs, labels },
    fit: { epochs: 20, batchSize: 32 },
  };
};

/** Tells whether the first half of a sequence has a larger mean than the second. */
export const sequenceSetup = (optimizer: OptimizerSpec = { name: 'adam', learningRate: 1e-3 }, samples = 400): Experiment => {
  const random = numbers(6);
  const inputs = Array.from({ length: samples }, () => Array.from({ length: 12 }, () => [random() - 0.5]));
  const mean = (values: number[][]): number => values.reduce((sum, [value = 0]) => sum + value, 0) / values.length;
  const labels = inputs.map((each) => [mean(each.slice(0, 6)) > mean(each.slice(6)) ? 1 : 0]);
  return {
    model: () =>
      sequential({
        layers: [
          layers.lstm({ units: 16, inputShape: [12, 1], kernelInitializer: init(17), recurrentInitializer: init(18) }),
          layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: init(19) }),
        ],
      }),
    loss: 'binaryCrossentropy',
    optimizer,
    data: { inputs, labels },
    fit: { epochs: 20 },
  };
};

/** Next letter of a text whose letters follow each other by a rule. */
export const lettersSetup = (samples = 300): Experiment => {
  const random = numbers(7);
  const rows = Array.from({ length: samples }, () => {
    const row = [Math.floor(random() * 8)];
    while (row.length < 11) row.push(random() < 0.7 ? ((row.at(-1) ?? 0) * 3 + 1) % 8 : Math.floor(random() * 8));
    return row;
  });
  return {
    model: () =>
      sequential({
        layers: [layers.embedding({ inputDim: 8, outputDim: 8, inputLength: 10 }), layers.gru({ units: 16, returnSequences: true }), layers.dense({ units: 8, activation: 'softmax' })],
      }),
    loss: 'sparseCategoricalCrossentropy',
    data: { inputs: tf.tensor2d(rows.map((row) => row.slice(0, 10)), [samples, 10], 'int32'), labels: tf.tensor2d(rows.map((row) => row.slice(1)), [samples, 10], 'int32') },
    fit: { epochs: 10 },
  };
};

export interface Seen {
  readonly findings: readonly Finding[];
  readonly results: readonly (CheckResult & { readonly name: string; readonly ms: number })[];
}

/** Runs checks of this stage on an experiment. */
export async function look(experiment: Experiment, checks: readonly Check[], body?: (lab: Lab) => Promise<void>): Promise<Seen> {
  const lab = await Lab.open(experiment, labDefaults);
  try {
    const results: (CheckResult & { name: string; ms: number })[] = [];
    for (const check of checks) {
      const began = performance.now();
      results.push({ ...(await check.run(lab)), name: check.name, ms: performance.now() - began });
    }
    await body?.(lab);
    return { findings: results.flatMap(({ findings }) => findings), results };
  } finally {
    lab.close();
  }
}

export const alarms = ({ findings }: Seen): readonly string[] => findings.filter(({ severity }) => severity !== 'info').map(({ rule }) => rule);
