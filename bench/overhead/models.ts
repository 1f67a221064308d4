import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';

/** A network that is trained, and on what: random inputs and classes, since no kernel's time depends on the values. */
export interface BenchModel {
  readonly name: string;
  /** Of one example. */
  readonly shape: readonly number[];
  readonly classes: number;
  readonly batch: number;
  readonly build: () => LayersModel;
  /** Backends on which a step takes seconds, and tells nothing about overhead. */
  readonly tooSlowOn?: readonly string[];
}

const mlp = (inputs: number, ...units: readonly number[]): (() => LayersModel) => () =>
  sequential({
    layers: units.map((each, i) =>
      layers.dense({ units: each, activation: i === units.length - 1 ? 'softmax' : 'relu', ...(i === 0 ? { inputShape: [inputs] } : {}) }),
    ),
  });

const cnn = (size: number, channels: number, filters: readonly [number, number]): (() => LayersModel) => () =>
  sequential({
    layers: [
      layers.conv2d({ filters: filters[0], kernelSize: 3, activation: 'relu', inputShape: [size, size, channels] }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: filters[1], kernelSize: 3, activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });

/** From tiny, where what is done beside the arithmetic shows most, to medium. Two are those of examples/mnist, in its batches of 64: the mlp and, without its dropout, the cnn. */
export const models: readonly BenchModel[] = [
  { name: 'tiny mlp 4-16-3', shape: [4], classes: 3, batch: 32, build: mlp(4, 16, 3) },
  { name: 'small mlp 64-128-10', shape: [64], classes: 10, batch: 32, build: mlp(64, 128, 10) },
  { name: 'deep mlp 32-(32 x 16)-10', shape: [32], classes: 10, batch: 32, build: mlp(32, ...Array.from({ length: 16 }, () => 32), 10) },
  { name: 'mlp 784-256-128-10', shape: [784], classes: 10, batch: 64, build: mlp(784, 256, 128, 10) },
  { name: 'small cnn 28x28', shape: [28, 28, 1], classes: 10, batch: 64, build: cnn(28, 1, [16, 32]), tooSlowOn: ['cpu'] },
  { name: 'medium mlp 784-1024-1024-10', shape: [784], classes: 10, batch: 128, build: mlp(784, 1024, 1024, 10), tooSlowOn: ['cpu'] },
];

/** Samples in arrays of the host, as one has them after loading. */
export interface Samples {
  readonly count: number;
  /** [count, ...shape] */
  readonly inputs: Float32Array;
  /** One-hot, [count, classes]. */
  readonly labels: Float32Array;
}

export function samplesFor({ shape, classes }: BenchModel, count: number): Samples {
  const size = shape.reduce((product, each) => product * each, 1);
  // A sequence without a pattern that any batch could have for itself; the golden ratio's multiples are spread evenly.
  const inputs = new Float32Array(count * size).map((_, i) => ((i * 0.618_033_988_749_895) % 1) - 0.5);
  const labels = new Float32Array(count * classes);
  for (let i = 0; i < count; i += 1) labels[i * classes + ((i * 7) % classes)] = 1;
  return { count, inputs, labels };
}
