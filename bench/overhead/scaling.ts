import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { linearRegression, median } from 'simple-statistics';
import { coreCatalogue, fileSink, pinoSink, Trainer, type Sink, type TrainerOptions } from 'trainscope';
import { definePlugin, gradientNorms } from 'trainscope/plugin';
import { gradientNorm, weightNorm } from 'trainscope/plugins';
import { EventBus } from '../../src/events/index.js';
import { StepClock } from './step-clock.js';

/** How the time of something grows with its size. */
export interface Growth {
  readonly name: string;
  /** What grows, and what is measured of it. */
  readonly of: string;
  readonly unit: string;
  readonly points: readonly { readonly size: number; readonly value: number }[];
  /** Why the larger ones are missing, where they are. */
  readonly ended: string | null;
  /** Of the power of size that the values grow with, over the larger half of the sizes: least squares of logarithms. */
  readonly exponent: number;
  /** The smallest and the largest of the turns' own exponents, where there were several turns. */
  readonly spread?: readonly [number, number];
  /** What it should be at most: 1, in proportion to the size, or what the same work by hand was seen to be. */
  readonly expected: number;
  /** The table of the same work by hand. */
  readonly reference?: string;
  readonly isReference?: boolean;
}

const exponentOf = (points: Growth['points']): number => {
  // What is the same for all sizes hides the growth among the small ones.
  const larger = points.slice(Math.floor((points.length - 1) / 2));
  return larger.length < 2 ? Number.NaN : linearRegression(larger.map(({ size, value }) => [Math.log(size), Math.log(value)])).m;
};

/** Each size a few times, in turns; medians. */
async function grow(facts: Omit<Growth, 'points' | 'exponent' | 'ended'>, sizes: readonly number[], turns: number, measure: (size: number) => Promise<number>): Promise<Growth> {
  /** By size, one value a turn. */
  const values = new Map<number, number[]>();
  let ended: string | null = null;
  for (let turn = 0; turn < turns; turn += 1) {
    for (const size of sizes) {
      if (turn > 0 && !values.has(size)) continue;
      try {
        const value = await measure(size);
        values.set(size, [...(values.get(size) ?? []), value]);
      } catch (error) {
        if (turn > 0) throw error;
        ended = `${String(size)}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`;
        break;
      }
    }
  }
  const points = [...values].map(([size, own]) => ({ size, value: median(own) }));
  const byTurn = Array.from({ length: turns }, (_, turn) => exponentOf([...values].map(([size, own]) => ({ size, value: own[turn] ?? Number.NaN }))));
  return { ...facts, points, ended, exponent: exponentOf(points), ...(turns > 1 ? { spread: [Math.min(...byTurn), Math.max(...byTurn)] } : {}) };
}

type Handwritten = Extract<Exclude<TrainerOptions['model'], (...args: never[]) => unknown>, { readonly trainableWeights: unknown }>;

/** A model of `count` weights of `size` numbers each: the output is the mean of all of them, by the input. */
function manyWeights(count: number, size: number, clock: StepClock): Handwritten {
  const weights = Array.from({ length: count }, (_, i) => tf.tidy(() => tf.variable(tf.fill([size], 0.01), true, `bench/weight_${String(i)}`)));
  return {
    inputs: [{ name: 'x', shape: [null, 1] }],
    outputs: [{ name: 'y', shape: [null, 1] }],
    trainableWeights: weights,
    forward(x: tf.Tensor | readonly tf.Tensor[], { training }: { readonly training: boolean }) {
      if (training) clock.tick();
      const input = Array.isArray(x) ? (x[0] as tf.Tensor) : (x as tf.Tensor);
      return tf.mul(input, tf.addN(weights.map((weight) => tf.mean(weight))));
    },
  } as unknown as Handwritten;
}

/** Milliseconds a step of a model of so many weights. */
async function stepOf(count: number, size: number, steps: number, plugins: TrainerOptions['plugins']): Promise<number> {
  const clock = new StepClock(3, steps);
  const model = manyWeights(count, size, clock);
  const trainer = new Trainer({ model, optimizer: { name: 'sgd', learningRate: 0.01 }, loss: 'meanSquaredError', progress: false, ...(plugins === undefined ? {} : { plugins }) });
  try {
    const column = (value: number): { values: Float32Array; shape: number[] } => ({ values: new Float32Array(4 * steps).fill(value), shape: [4 * steps, 1] });
    await trainer.fit({ inputs: column(1), labels: column(0.5) }, { epochs: 1, batchSize: 4, shuffle: false });
    return clock.time.wall;
  } finally {
    await trainer.dispose();
    tf.dispose(model.trainableWeights as unknown as tf.Tensor[]);
  }
}

/** The same by a loop of one's own. */
async function bareStepOf(count: number, size: number, steps: number): Promise<number> {
  const clock = new StepClock(3, steps);
  const model = manyWeights(count, size, clock);
  const { forward, trainableWeights: weights } = model as unknown as { readonly forward: (x: tf.Tensor, how: { readonly training: boolean }) => tf.Tensor; readonly trainableWeights: tf.Variable[] };
  const optimizer = tf.train.sgd(0.01);
  for (let step = 0; step < steps; step += 1) {
    const [x, y] = [tf.fill([4, 1], 1), tf.fill([4, 1], 0.5)];
    const { value, grads } = tf.variableGrads(() => tf.mean<tf.Scalar>(tf.squaredDifference(y, forward(x, { training: true }))), weights);
    optimizer.applyGradients(grads);
    value.dataSync();
    tf.dispose([x, y, value, grads]);
  }
  optimizer.dispose();
  tf.dispose(weights);
  return Promise.resolve(clock.time.wall);
}

const looking = (): TrainerOptions['plugins'] => [gradientNorm({ every: 1 }), weightNorm({ every: 1 })];

/** A plugin as somebody writes one: it looks at each step, and asks for what others ask for as well. */
const onlooker = definePlugin({
  name: 'onlooker',
  summary: 'Looks.',
  role: 'observe',
  needs: () => ({ every: 1, of: { norms: gradientNorms() } }),
  hooks: () => {
    let seen = 0;
    return {
      stepEnd: ({ batchSize }) => void (seen += batchSize),
      measured: ({ norms }) => void (seen += norms.global),
    };
  },
});

/** Seconds for so many events to reach the disk. */
async function eventsInto(make: (folder: string) => Sink, count: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'trainscope-bench-'));
  try {
    const bus = new EventBus({ runId: 'bench', catalogue: coreCatalogue, sinks: [make(folder)] });
    const began = performance.now();
    for (let step = 1; step <= count; step += 1) {
      bus.emit('step', { loss: 1 / step, metrics: { accuracy: 0.5 }, learningRate: 0.001, batchSize: 32, samples: 32 * step, updated: true }, { epoch: 1, step });
      // As the loop does: sinks write when the event loop turns.
      if (step % 1000 === 0) await new Promise((done) => setImmediate(done));
    }
    await bus.close();
    const { lost } = bus.sinkStats()[0] ?? { lost: 0 };
    if (lost > 0) throw new Error(`${String(lost)} events were lost`);
    return (performance.now() - began) / 1000;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds of so many steps of the smallest training there is. */
async function secondsOf(steps: number): Promise<number> {
  const began = performance.now();
  await stepOf(1, 1, steps, []);
  return (performance.now() - began) / 1000;
}

/** Sizes, how often each is measured, and what of it. */
interface Table {
  readonly facts: Omit<Growth, 'points' | 'exponent' | 'ended'>;
  readonly sizes: readonly number[];
  readonly turns: number;
  readonly measure: (size: number) => Promise<number>;
}

const weightCounts = [1, 10, 100, 500, 1000, 2000];
const parameterCounts = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8];
const counts = [1e3, 1e4, 1e5, 1e6];

/** Of many weights a loop by hand grows faster than they do as well: their tensors leave the caches. */
const byHand = 'weights by a bare loop';

const tables = (steps: number, turns: number): readonly Table[] => [
  { facts: { name: 'weights', of: 'a step, no plugin, by the number of weights (8 numbers each)', unit: 'ms', expected: 1, reference: byHand }, sizes: weightCounts, turns, measure: (count) => stepOf(count, 8, steps, []) },
  { facts: { name: byHand, of: "the same step by a loop of one's own", unit: 'ms', expected: 1, isReference: true }, sizes: weightCounts, turns, measure: (count) => bareStepOf(count, 8, steps) },
  { facts: { name: 'weights, looked at', of: 'a step with the norms of all gradients, weights and updates', unit: 'ms', expected: 1, reference: byHand }, sizes: weightCounts, turns, measure: (count) => stepOf(count, 8, steps, looking()) },
  { facts: { name: 'parameters', of: 'a step, no plugin, by the number of parameters (one weight)', unit: 'ms', expected: 1 }, sizes: parameterCounts, turns, measure: (size) => stepOf(1, size, 8, []) },
  { facts: { name: 'parameters, looked at', of: 'a step with the norms of gradient, weight and update', unit: 'ms', expected: 1 }, sizes: parameterCounts, turns, measure: (size) => stepOf(1, size, 8, looking()) },
  {
    facts: { name: 'plugins', of: 'a step by the number of plugins, each with two hooks', unit: 'ms', expected: 1 },
    sizes: [1, 10, 30, 60, 100],
    turns,
    measure: (count) => stepOf(4, 8, 5 * steps, Array.from({ length: count }, (_, i) => onlooker({}, { name: `onlooker${String(i)}` }))),
  },
  { facts: { name: 'events into a file', of: 'writing so many events', unit: 's', expected: 1 }, sizes: counts, turns: 1, measure: (count) => eventsInto((folder) => fileSink({ path: join(folder, 'events.ndjson') }), count) },
  {
    facts: { name: 'events into pino', of: 'writing so many events', unit: 's', expected: 1 },
    sizes: counts,
    turns: 1,
    measure: (count) => eventsInto((folder) => pinoSink({ level: 'trace', transport: { target: 'pino/file', options: { destination: join(folder, 'pino.ndjson') } } }), count),
  },
  { facts: { name: 'steps', of: 'a training of so many steps', unit: 's', expected: 1 }, sizes: counts, turns: 1, measure: secondsOf },
];

/** By how much a table grows faster than it should, beside growth in proportion: 1 is as it should be. */
export const beyondExpected = ({ exponent, expected }: Growth): number => exponent - expected + 1;

/** Whether some turns grew as they should and others did not: then it cannot be told. */
export const scattersOver = ({ spread, expected }: Growth): boolean => spread !== undefined && spread[0] <= expected && expected < spread[1];

/** All tables on the backend in use; or those of the names, and the others as they are known. */
export async function scalingTables({ quick, names, known }: { readonly quick: boolean; readonly names: readonly string[] | undefined; readonly known: readonly Growth[] }): Promise<readonly Growth[]> {
  const growths: Growth[] = [];
  for (const { facts, sizes, turns, measure } of tables(quick ? 6 : 24, quick ? 1 : 5)) {
    const before = known.find(({ name }) => name === facts.name);
    if (before !== undefined && names?.includes(facts.name) === false) growths.push(before);
    else growths.push(await grow(facts, quick ? sizes.slice(0, 3) : sizes, turns, measure));
  }
  return growths.map((growth) => {
    const byHandToo = growths.find(({ name }) => name === growth.reference);
    return byHandToo === undefined ? growth : { ...growth, expected: Math.max(1, byHandToo.exponent) };
  });
}
