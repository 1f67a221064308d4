import type { TopLevelSpec } from 'vega-lite';
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { preflight, type Experiment } from '../../src/diagnosis/index.js';
import { RandomStreams, type RandomStream } from '../../src/random/index.js';
import { bars, type RulePlot } from './plot.js';

/** The numbers that one check of preflight looks at. */
export type Measured = Readonly<Record<string, unknown>>;

export const measure = async (experiment: Experiment, check: string): Promise<Measured> => {
  const { checks, all } = await preflight({ backend: 'keep', ...experiment }, { only: [check] });
  const [record] = checks;
  if (record === undefined) throw new Error(all.map(({ message }) => message).join('; '));
  return record.measured;
};

/** Follows names and places into what was measured. */
export const dig = (measured: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((at, key) => (at as Readonly<Record<string, unknown>> | undefined)?.[String(key)], measured);

/** @throws where there is no number there */
export function pick(measured: unknown, ...path: readonly (string | number)[]): number {
  const value = dig(measured, ...path);
  if (typeof value !== 'number') throw new Error(`no number at ${path.join('.')} of ${JSON.stringify(measured)}`);
  return value;
}

/** Numbers in an array there. */
export const pickAll = (measured: unknown, ...path: readonly (string | number)[]): readonly number[] => dig(measured, ...path) as readonly number[];

export interface Compared {
  readonly rule: string;
  readonly alt: string;
  readonly check: string;
  readonly title: string;
  readonly yTitle: string;
  readonly faulty: () => Experiment;
  readonly sound: () => Experiment;
  /** What is read from either, by the name under its bars. */
  readonly read: Readonly<Record<string, (measured: Measured) => number>>;
  readonly threshold?: number;
  readonly logY?: boolean;
}

/** Runs one check on a faulty and on a sound training, and draws the numbers that decide. */
export const compared = ({ rule, alt, check, title, yTitle, faulty, sound, read, threshold, logY }: Compared): RulePlot => ({
  rule,
  alt,
  spec: async (): Promise<TopLevelSpec> => {
    const [bad, good] = [await measure(faulty(), check), await measure(sound(), check)];
    const groups = Object.entries(read).map(([name, of]) => ({ name, faulty: of(bad), healthy: of(good) }));
    return bars({ title, yTitle, groups, ...(threshold === undefined ? {} : { threshold }), ...(logY === undefined ? {} : { logY }) });
  },
});

export const random = (name: string): RandomStream => new RandomStreams(7).derive(name);
export const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
export const normals = (count: number, name: string): number[] => {
  const stream = random(name);
  return Array.from({ length: count }, () => stream.normal());
};

/** [rows][columns] of normal numbers. */
export function table(rows: number, columns: number, name = 'table'): number[][] {
  const all = normals(rows * columns, name);
  return Array.from({ length: rows }, (_, i) => all.slice(i * columns, (i + 1) * columns));
}

export interface Rows {
  readonly inputs: number[][];
  readonly labels: number[];
}

/** Points around the centre of their class, which inputs tell well. */
export function clusters(count: number, classes = 4, features = 6, name = 'clusters'): Rows {
  const stream = random('centres');
  const centres = Array.from({ length: classes }, () => Array.from({ length: features }, () => 3 * stream.normal()));
  const own = random(name);
  const labels = Array.from({ length: count }, () => own.int(classes));
  return { inputs: labels.map((label) => (centres[label] ?? []).map((centre) => (centre + own.normal()) / 3.2)), labels };
}

export const shuffled = <T>(values: readonly T[], name = 'shuffled'): T[] => Array.from(random(name).permutation(values.length), (i) => values[i] as T);
export const oneHot = (labels: readonly number[], classes: number): number[][] => labels.map((label) => range(classes).map((c) => Number(c === label)));

type Activation = 'linear' | 'relu' | 'sigmoid' | 'softmax' | 'tanh';

export const net = (inputs: number, outputs: number, activation: Activation = 'linear', hidden: Activation = 'relu'): LayersModel =>
  sequential({ layers: [layers.dense({ units: 16, activation: hidden, inputShape: [inputs], name: 'hidden' }), layers.dense({ units: outputs, activation, name: 'out' })] });

/** Classes by softmax, sound. */
export const classifier = (changes: Partial<Experiment> = {}, classes = 4): Experiment => ({
  model: () => net(6, classes, 'softmax'),
  loss: 'sparseCategoricalCrossentropy',
  optimizer: { name: 'adam', learningRate: 0.01 },
  data: clusters(400, classes),
  fit: { epochs: 10, batchSize: 32 },
  ...changes,
});

export const numbersIn = table(300, 4, 'numbers');
export const targets: number[][] = numbersIn.map(([a = 0, b = 0, c = 0]) => [0.8 * a + 0.6 * Math.sin(b) * (c > 0 ? 1 : -1)]);

/** One measured value, sound. */
export const regression = (changes: Partial<Experiment> = {}): Experiment => ({
  model: () => net(4, 1),
  loss: 'meanSquaredError',
  optimizer: { name: 'adam', learningRate: 0.01 },
  data: { inputs: numbersIn, labels: targets },
  fit: { epochs: 10, batchSize: 32 },
  ...changes,
});

/** Builds with random numbers that are the same at every run: initialisers draw from Math.random. */
export function seeded<T>(build: () => T): T {
  const original = Math.random;
  const stream = random('math-random');
  Math.random = () => stream.float();
  try {
    return build();
  } finally {
    Math.random = original;
  }
}
