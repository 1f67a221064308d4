/** Small trainings that are sound, and what runs this stage's checks on one. */
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { consolidate } from '../../../../src/diagnosis/consolidate.js';
import type { Finding } from '../../../../src/diagnosis/finding.js';
import type { Experiment } from '../../../../src/diagnosis/preflight/experiment.js';
import { Lab, labDefaults } from '../../../../src/diagnosis/preflight/lab.js';
import { modelChecks } from '../../../../src/diagnosis/preflight/model/index.js';
import { endedWithError, runCheck } from '../../../../src/diagnosis/preflight/run-check.js';
import { numbers } from '../../../support/numbers.js';

export interface Look {
  /** Consolidated, the gravest first. */
  readonly findings: readonly Finding[];
  /** Warnings and errors. */
  readonly alarms: readonly string[];
  readonly rules: readonly string[];
  readonly measured: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly ms: Readonly<Record<string, number>>;
  readonly tensorsLeft: number;
  /** Checks that failed. */
  readonly failed: readonly string[];
}

/** Runs the checks of the stage, or some of them. */
export async function look(experiment: Experiment, only?: readonly string[]): Promise<Look> {
  // Initialisers draw from Math.random: a test's weights are the same at every run.
  const original = Math.random;
  Math.random = numbers(1);
  let lab: Lab | undefined;
  try {
    lab = await Lab.open(experiment, labDefaults);
    const before = tf.memory().numTensors;
    const all: Finding[] = [];
    const measured: Record<string, Readonly<Record<string, unknown>>> = {};
    const failed: string[] = [];
    const ms: Record<string, number> = {};
    for (const check of modelChecks) {
      const { name } = check;
      if (only !== undefined && !only.includes(name)) continue;
      const start = performance.now();
      const result = await runCheck(check, lab);
      ms[name] = Math.round(performance.now() - start);
      if (result.cannotTell?.startsWith(endedWithError) === true) failed.push(`${name}: ${result.cannotTell}`);
      all.push(...result.findings);
      measured[name] = result.measured ?? {};
    }
    const findings = consolidate(all);
    return {
      findings,
      alarms: findings.filter(({ severity }) => severity !== 'info').map(({ rule }) => rule),
      rules: findings.map(({ rule }) => rule),
      measured,
      ms,
      failed,
      tensorsLeft: tf.memory().numTensors - before,
    };
  } finally {
    Math.random = original;
    lab?.close();
  }
}

/** About normal numbers, the same at every call. */
export function normals(count: number, seed = 1): number[] {
  const next = numbers(seed);
  return Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()));
}

/** [rows][columns] of about normal numbers. */
export function table(rows: number, columns: number, seed = 1): number[][] {
  const all = normals(rows * columns, seed);
  return Array.from({ length: rows }, (_, i) => all.slice(i * columns, (i + 1) * columns));
}

/** A class for each row: the largest of the first columns. */
export const classesOf = (rows: readonly (readonly number[])[], classes: number): number[] => rows.map((row) => row.slice(0, classes).reduce((best, each, i) => (each > (row[best] ?? -Infinity) ? i : best), 0));

/** A smooth target of each row, with a mean of 0 and a standard deviation near 1. */
export const targetsOf = (rows: readonly (readonly number[])[]): number[][] => rows.map(([a = 0, b = 0, c = 0]) => [0.8 * a + 0.6 * Math.sin(b) * (c > 0 ? 1 : -1)]);

/** inputs-16-outputs with ReLU. */
export const perceptron = (inputs: number, outputs: number, activation: 'softmax' | 'sigmoid' | 'linear' | 'tanh' | 'relu' = 'linear', hidden: 'relu' | 'tanh' | 'linear' | 'sigmoid' = 'relu'): LayersModel =>
  sequential({
    layers: [
      layers.dense({ units: 16, activation: hidden, inputShape: [inputs], name: 'hidden' }),
      layers.dense({ units: outputs, activation, name: 'out' }),
    ],
  });

export const rows = table(300, 4);
export const classes = classesOf(rows, 3);
export const oneHots = classes.map((each) => [0, 1, 2].map((i) => Number(i === each)));
export const targets = targetsOf(rows);
export const yesOrNo = rows.map(([a = 0, b = 0]) => [Number(a + b > 0)]);

/** Three classes by softmax, sound. */
export const classifier = (changes: Partial<Experiment> = {}): Experiment => ({
  model: () => perceptron(4, 3, 'softmax'),
  loss: 'sparseCategoricalCrossentropy',
  optimizer: { name: 'adam', learningRate: 0.01 },
  data: { inputs: rows, labels: classes },
  fit: { epochs: 10, batchSize: 32 },
  ...changes,
});

/** One measured value, sound. */
export const regression = (changes: Partial<Experiment> = {}): Experiment => ({
  model: () => perceptron(4, 1),
  loss: 'meanSquaredError',
  optimizer: { name: 'adam', learningRate: 0.01 },
  data: { inputs: rows, labels: targets },
  fit: { epochs: 10, batchSize: 32 },
  ...changes,
});
