/** Small data, small models and short trainings to draw rules from: the same numbers each time. */
import { initializers, layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import type { TopLevelSpec } from 'vega-lite';
import { diagnosis } from '../../plugins/index.js';
import { preflight, type Experiment, type Statistics } from '../../src/diagnosis/index.js';
import { memorySink, Trainer, type CoreEvents, type DataSource, type FitSettings, type TrainerOptions, type TrainscopeEvent } from '../../src/index.js';
import { RandomStreams, type RandomStream } from '../../src/random/index.js';
import type { Series } from './plot.js';

export const randomFor = (name: string): RandomStream => new RandomStreams(7).derive(`plots/${name}`);
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export interface Data {
  readonly inputs: number[][];
  readonly labels: number[][];
}

/** A smooth function of four numbers, with a little noise; inputs and labels have about unit variance. */
export function smooth(count: number, name = 'smooth'): Data {
  const random = randomFor(name);
  const inputs = range(count).map(() => range(4).map(() => random.normal()));
  return { inputs, labels: inputs.map(([a = 0, b = 0, c = 0]) => [1.2 * Math.tanh(a) + 0.6 * b + 0.4 * Math.sin(2 * c) + 0.1 * random.normal()]) };
}

/** Two classes, 0 and 1: inside a ring or outside, with some that lie on the wrong side. */
export function ring(count: number, name = 'ring', noise = 0.15): Data {
  const random = randomFor(name);
  const inputs = range(count).map(() => [1.2 * random.normal(), 1.2 * random.normal()]);
  return { inputs, labels: inputs.map(([x = 0, y = 0]) => [Math.hypot(x, y) + noise * random.normal() > 1.4 ? 1 : 0]) };
}

/** Classes by number, clouds about a centre each. */
export function clouds(count: number, { classes = 3, spread = 0.7, name = 'clouds' } = {}): { readonly inputs: number[][]; readonly labels: Int32Array } {
  const random = randomFor(name);
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const at = (label: number, way: typeof Math.sin): number => 1.5 * way((2 * Math.PI * label) / classes);
  return { inputs: Array.from(labels, (label) => [at(label, Math.cos) + spread * random.normal(), at(label, Math.sin) + spread * random.normal()]), labels };
}

/** Labels in another order than their inputs. */
export const shuffled = ({ inputs, labels }: Data): Data => {
  const order = randomFor('shuffled').permutation(labels.length);
  return { inputs, labels: Array.from(order, (i) => labels[i] ?? [0]) };
};

export const times = ({ inputs, labels }: Data, factor: number): Data => ({ inputs: inputs.map((row) => row.map((each) => factor * each)), labels });

type Activation = 'relu' | 'tanh' | 'sigmoid' | 'linear' | 'softmax';
export interface Network {
  readonly inputs?: number;
  readonly units?: readonly number[];
  readonly activation?: Activation;
  readonly outputs?: number;
  readonly last?: Activation;
  readonly bias?: number;
  readonly kernels?: 'glorot' | 'he';
}

/** Dense layers, drawn from fixed seeds. */
export function dense({ inputs = 4, units = [16], activation = 'tanh', outputs = 1, last = 'linear', bias = 0, kernels = 'glorot' }: Network = {}): LayersModel {
  const kernel = (seed: number): ReturnType<typeof initializers.heNormal> => (kernels === 'he' ? initializers.heNormal({ seed }) : initializers.glorotUniform({ seed }));
  const model = sequential();
  units.forEach((each, i) => {
    model.add(layers.dense({ units: each, activation, kernelInitializer: kernel(i + 1), biasInitializer: initializers.constant({ value: bias }), name: `hidden${String(i + 1)}`, ...(i === 0 ? { inputShape: [inputs] } : {}) }));
  });
  model.add(layers.dense({ units: outputs, activation: last, kernelInitializer: kernel(99), name: 'out', ...(units.length === 0 ? { inputShape: [inputs] } : {}) }));
  return model;
}

export interface Ask extends Omit<TrainerOptions, 'sinks'> {
  readonly data: DataSource;
  readonly validation?: DataSource;
  readonly fit?: FitSettings;
  /** Steps from one measurement to the next. */
  readonly every?: number;
}

export interface Watched {
  readonly events: readonly TrainscopeEvent[];
  /** The loss of each step. */
  readonly losses: Series;
  /** Mean losses of epochs, and those of the validation. */
  readonly epochs: Series;
  readonly validation: Series;
  readonly statistics: readonly { readonly step: number; readonly of: Statistics }[];
}

const seriesOf = (pairs: readonly (readonly [number, number | undefined])[]): Series => ({ x: pairs.map(([x]) => x), y: pairs.map(([, y]) => y ?? NaN) });

/** Trains, measures with the plugin `diagnosis`, and gives back what was told. */
export async function watch({ data, validation, fit, every = 1, plugins = [], ...options }: Ask): Promise<Watched> {
  const sink = memorySink();
  const trainer = new Trainer({ backend: 'keep', seed: 1, logEvery: 1, progress: false, ...options, plugins: [...plugins, diagnosis({ every })], sinks: [sink] });
  await trainer.fit(data, { epochs: 10, batchSize: 16, ...fit, ...(validation === undefined ? {} : { validation }) });
  await trainer.dispose();
  const of = (name: string): readonly TrainscopeEvent[] => sink.events.filter(({ event }) => event === name);
  const ends = of('epoch-end').map(({ epoch, data: of }) => ({ epoch, of: of as unknown as CoreEvents['epoch-end'] }));
  return {
    events: sink.events,
    losses: seriesOf(of('step').map(({ step, data: each }) => [step, (each as unknown as CoreEvents['step']).loss])),
    epochs: seriesOf(ends.map(({ epoch, of: { metrics } }) => [epoch, metrics['loss']])),
    validation: seriesOf(ends.map(({ epoch, of: { validation: held } }) => [epoch, held?.['loss']])),
    statistics: of('training-statistics').map(({ step, data: each }) => ({ step, of: each as unknown as Statistics })),
  };
}

/** A number of each measurement over the steps. */
export const each = ({ statistics }: Watched, read: (of: Statistics, i: number) => number): Series => seriesOf(statistics.map(({ step, of }, i) => [step, read(of, i)]));

/** The data of all events of a name. */
export const told = ({ events }: Watched, name: string): readonly TrainscopeEvent[] => events.filter(({ event }) => event === name);

/** The first and the last trainable kernel's numbers. */
export const kernels = ({ weights }: Statistics): readonly Statistics['weights'][string][] => Object.values(weights).filter(({ isKernel, trainable }) => isKernel && trainable);

export const largestRatio = (of: Statistics): number => Math.max(...kernels(of).map(({ updateNorm, norm }) => updateNorm / norm));

/** Each value joined with all before it. */
export const running = ({ x, y }: Series, join: (before: number, value: number) => number, start: number): Series => {
  let known = start;
  return { x, y: y.map((value) => (known = join(known, value))) };
};

/** What one check of the preflight measured. */
export async function measured(experiment: Experiment, check: string): Promise<{ readonly measured: Readonly<Record<string, unknown>>; readonly evidence: (rule: string) => Readonly<Record<string, unknown>> }> {
  const { checks, all } = await preflight({ backend: 'keep', ...experiment }, { only: [check] });
  return { measured: checks[0]?.measured ?? {}, evidence: (rule) => all.find((found) => found.rule === rule)?.evidence ?? {} };
}

export const numbers = (value: unknown): number[] => (Array.isArray(value) ? value.map(Number) : []);
export const overSteps = (values: readonly number[], from = 1): Series => ({ x: values.map((_, i) => i + from), y: values });

export const flat = (value: number, { x }: Series): Series => ({ x, y: x.map(() => value) });

interface Layered {
  readonly layer: readonly unknown[];
}

/** With upright lines at some places of x. */
export const upright = (spec: TopLevelSpec, lines: readonly { readonly x: number; readonly colour: string }[]): TopLevelSpec =>
  ({
    ...spec,
    layer: [
      ...(spec as unknown as Layered).layer,
      ...lines.map(({ x, colour }) => ({ data: { values: [{ x }] }, mark: { type: 'rule', strokeWidth: 1.6, color: colour }, encoding: { x: { field: 'x', type: 'quantitative' } } })),
    ],
  }) as unknown as TopLevelSpec;

/** Few and short labels at y: powers of ten over a wide range. */
export const powers = (spec: TopLevelSpec): TopLevelSpec => {
  const [lines, ...rest] = (spec as unknown as { layer: { encoding: { y: object } }[] }).layer;
  return { ...spec, layer: [{ ...lines, encoding: { ...lines?.encoding, y: { ...lines?.encoding.y, axis: { format: '.0e', tickCount: 6 } } } }, ...rest] } as unknown as TopLevelSpec;
};
