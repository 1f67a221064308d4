/** Pictures of the rules of the plugins and of the trainer. */
import * as tf from '@tensorflow/tfjs-core';
import { noTime } from '../../plugins/gpu-profiler/span.js';
import { judge } from '../../plugins/gpu-profiler/verdict.js';
import { gradientNorm, lrScheduler, predictionDynamics, weightNorm } from '../../plugins/index.js';
import { definePlugin } from '../../src/plugin/index.js';
import { bars, curves, type RulePlot, type Series } from './plot.js';
import { dense, each, kernels, randomFor, range, ring, running, shuffled, smooth, told, watch, type Ask, type Watched } from './trainings.js';

type Loss = (labels: tf.Tensor, predictions: tf.Tensor) => tf.Tensor;
const loss = 'meanSquaredError';
const regression = (rest: Partial<Ask> = {}): Ask => ({ model: () => dense(), loss, optimizer: { name: 'adam', learningRate: 0.01 }, data: smooth(128), fit: { epochs: 5 }, ...rest });

/** A probability whose logarithm is taken as it is. */
const bare: Loss = (labels, predictions) => tf.neg(tf.mean(tf.add(tf.mul(labels, tf.log(predictions)), tf.mul(tf.sub(1, labels), tf.log(tf.sub(1, predictions))))));

/** A root whose derivative at 0 is infinite: the labels are what is predicted in places. */
const root = (epsilon: number): Loss => (labels, predictions) => tf.mean(tf.sqrt(tf.add(tf.square(tf.relu(tf.sub(predictions, labels))), epsilon)));

/** A mean square that keeps a tensor in each step, or not. */
const keeping = (keeps: boolean): Loss => (labels, predictions) => {
  const squares = tf.squaredDifference(labels, predictions);
  if (keeps) tf.keep(tf.add(squares, 0));
  return tf.mean(squares);
};

/** Writes to all weights with two axes after each update, as a decay of one's own does. */
class Decaying extends tf.SGDOptimizer {
  constructor(
    rate: number,
    readonly weights: () => readonly tf.Variable[],
  ) {
    super(rate);
  }

  override applyGradients(gradients: Parameters<tf.SGDOptimizer['applyGradients']>[0]): void {
    super.applyGradients(gradients);
    for (const weight of this.weights()) {
      tf.tidy(() => {
        weight.assign(tf.mul(weight, 0.999));
      });
    }
  }
}

/** Network of which the first kernel is frozen; with a decay of one's own that knows nothing of it, or without. */
function frozen(decays: boolean): Ask {
  const model = dense();
  const [first] = model.layers;
  if (first !== undefined) first.trainable = false;
  const variables = (): readonly tf.Variable[] => model.weights.filter(({ shape }) => shape.length === 2).flatMap((weight) => {
    const variable = weight.read();
    return variable instanceof tf.Variable ? [variable] : [];
  });
  return regression({ model, optimizer: decays ? (new Decaying(0.01, variables)) : { name: 'sgd', learningRate: 0.01 }, plugins: [weightNorm({ every: 1 })] });
}

interface WeightNorms {
  readonly weights: Readonly<Record<string, { readonly norm: number; readonly updateNorm: number; readonly updateRatio: number | null }>>;
}

const ofFirst = (of: Watched, read: (weight: WeightNorms['weights'][string]) => number): Series => {
  const seen = told(of, 'weight-norm');
  return { x: seen.map(({ step }) => step), y: seen.map(({ data }) => read(Object.values((data as unknown as WeightNorms).weights)[0]!)) };
};

/** Draws a number from Math.random for each batch, and adds it to the inputs. */
const jitter = definePlugin({
  name: 'jitter',
  summary: 'Adds noise to the inputs.',
  role: 'steer',
  hooks: () => ({ batch: ({ inputs, ...rest }) => ({ ...rest, inputs: inputs.map((input) => tf.add(input, 0.3 * (Math.random() - 0.5))) }) }),
});

/** The losses of a training whose Math.random is other code's, with numbers of its own, or the seed's. */
async function withRandom(seedOf: string): Promise<Series> {
  const original = Math.random;
  const random = randomFor(seedOf);
  Math.random = () => random.float();
  try {
    return (await watch(regression({ plugins: [jitter()] }))).losses;
  } finally {
    Math.random = original;
  }
}

const apart = (a: Series, b: Series): Series => ({ x: a.x, y: a.y.map((value, i) => Math.abs(value - (b.y[i] ?? NaN))) });

/** The verdict on a loop in which the host took this share of 1000 ms, on a GPU that is idle for most of the time. */
const hostShare = (share: number): number => judge({ spent: { ...noTime(), measure: 1000 * share, forwardBackward: 1000 * (1 - share) }, steps: 100, device: 'gpu', gpu: { mean: 30, p5: 0, p95: 60, samples: 100 }, cpuCores: 0.5 }).share ?? NaN;

interface Looked {
  readonly samples: readonly { readonly prediction: readonly number[] }[];
}

export const pluginPlots: readonly RulePlot[] = [
  {
    rule: 'frozen-weight-moves',
    alt: 'Norm of the change of a frozen kernel in each step. Where the optimizer shrinks all weights by a thousandth it is above 0 in every step; without that it is exactly 0.',
    spec: async () => {
      const run = async (decays: boolean): Promise<Series> => ofFirst(await watch(frozen(decays)), ({ updateNorm }) => updateNorm);
      return curves({ title: 'A decay of one’s own that shrinks a frozen kernel, and none', xTitle: 'step', yTitle: 'norm of the change', faulty: await run(true), healthy: await run(false) });
    },
  },
  {
    rule: 'gpu-monitor-lost',
    alt: 'Made-up readings, not measured: the time since the last reading, second by second, with a dashed line at 15 s. Where nvidia-smi hangs after 20 s it climbs over the line; where it answers each second it stays at 1.',
    spec: async () => {
      const seconds = range(45);
      const since = (until: number): Series => ({ x: seconds, y: seconds.map((second) => Math.max(1, second - until)) });
      return curves({ title: 'Readings that end after 20 s, and readings each second (made up)', xTitle: 'seconds', yTitle: 'seconds since the last reading', faulty: since(20), healthy: since(45), threshold: 15 });
    },
  },
  {
    rule: 'host-bound',
    alt: 'Made-up times, not measured, given to the verdict of the plugin: share of the loop that measuring and plugins take while the GPU idles, with a dashed line at 0.3. At 0.55 the loop is bound by the host; at 0.08 it is not.',
    spec: async () => {
      const sound = 0.08;
      return bars({ title: 'Measuring takes 55% of the loop, and 8% (made up)', yTitle: 'share of the loop', groups: [{ name: 'host', faulty: hostShare(0.55), healthy: sound }], threshold: 0.3 });
    },
  },
  {
    rule: 'unused-gpu',
    alt: 'Made-up readings, not measured: utilisation of a GPU in percent, by second. It stays at 0 while the training runs on wasm; it is near 85 where the training runs on the GPU.',
    spec: async () => {
      const random = randomFor('gpu');
      const seconds = range(40);
      return curves({ title: 'A training on wasm, and one on the GPU (made up)', xTitle: 'seconds', yTitle: 'utilisation of the GPU, %', faulty: { x: seconds, y: seconds.map(() => 0) }, healthy: { x: seconds, y: seconds.map(() => Math.min(100, 85 + 4 * random.normal())) } });
    },
  },
  {
    rule: 'math-random-replaced',
    alt: 'Difference of the losses of two runs, by step. Where other code has put numbers of its own in the place of Math.random they differ; where both runs draw the numbers of the seed they are the same.',
    spec: async () => {
      const [one, other, seeded, again] = [await withRandom('other code'), await withRandom('other code, later'), await withRandom('seed'), await withRandom('seed')];
      return curves({ title: 'Numbers of other code, and those of the seed', xTitle: 'step', yTitle: 'difference of two runs', faulty: apart(one, other), healthy: apart(seeded, again) });
    },
  },
  {
    rule: 'non-finite-gradients',
    alt: 'Share of the entries of a kernel’s gradient that are NaN or infinite. Under a loss with a root of 0 all of both kernels are; with a small number under the root none is.',
    spec: async () => {
      const shares = async (epsilon: number): Promise<number[]> => {
        const [first] = told(await watch(regression({ loss: root(epsilon), fit: { epochs: 1 }, plugins: [gradientNorm({ every: 1 })] })), 'gradient-norm');
        const weights = first?.data['weights'] as Readonly<Record<string, { nonFinite: number }>>;
        return Object.values(weights).map(({ nonFinite }) => nonFinite);
      };
      const [faulty, sound] = [await shares(0), await shares(1e-6)];
      return bars({ title: 'The root of x, and of x + 0.000001', yTitle: 'share of entries', groups: ['first kernel', 'last kernel'].map((name, i) => ({ name, faulty: faulty[i] ?? 0, healthy: sound[i] ?? 0 })) });
    },
  },
  {
    rule: 'non-finite-loss',
    alt: 'Loss by step. Under a logarithm of the prediction as it is the line ends after a few steps, where a prediction is exactly 0 or 1; under binary cross-entropy it goes on and falls.',
    spec: async () => {
      const task = (of: Ask['loss'], learningRate: number): Ask => regression({ model: () => dense({ inputs: 2, units: [32], activation: 'relu', kernels: 'he', last: 'sigmoid' }), loss: of, optimizer: { name: 'adam', learningRate }, data: ring(256, 'ring', 0.02), fit: { epochs: 6 } });
      return curves({ title: 'A logarithm without a floor, and binary cross-entropy', xTitle: 'step', yTitle: 'loss', faulty: (await watch(task(bare, 0.1))).losses, healthy: (await watch(task('binaryCrossentropy', 0.03))).losses });
    },
  },
  {
    rule: 'plateau-never-looked-at',
    alt: 'Learning rate by step. Where validation comes every 7 steps, and not at the end of epochs of 8, it stays at 0.05; with a validation at the end of each it is reduced on every plateau.',
    spec: async () => {
      const run = async (validated: boolean): Promise<Series> => {
        const plateau = lrScheduler({ schedule: { kind: 'reduceOnPlateau', monitor: 'val_loss', patience: 2, factor: 0.3 } });
        const seen = await watch(regression({ optimizer: { name: 'adam', learningRate: 0.05 }, plugins: [plateau], validation: smooth(64, 'held'), fit: { epochs: 25, validationEvery: validated ? { epochs: 1 } : { steps: 7 } }, every: 4 }));
        return each(seen, ({ learningRate }) => learningRate);
      };
      return curves({ title: 'Validation every 7 steps, and at the end of each epoch', xTitle: 'step', yTitle: 'learning rate', faulty: await run(false), healthy: await run(true), logY: true });
    },
  },
  {
    rule: 'predictions-oscillating',
    alt: 'Prediction for one sample, look by look. At the rate 0.99 it swings to and fro by nearly the same amount; at 0.1 it comes to rest.',
    spec: async () => {
      // One weight and inputs of 1: the loss is a parabola, on which a rate of 1 jumps from one side to the other.
      const data = { inputs: range(16).map((i) => [i % 2 === 0 ? 1 : -1]), labels: range(16).map((i) => [i % 2 === 0 ? 1 : -1]) };
      const run = async (learningRate: number): Promise<Series> => {
        const seen = told(await watch({ model: () => dense({ inputs: 1, units: [] }), loss, optimizer: { name: 'sgd', learningRate }, data, validation: data, fit: { epochs: 20, batchSize: 16 }, plugins: [predictionDynamics({ every: 1, task: 'regression' })] }), 'prediction-dynamics');
        return { x: seen.map(({ step }) => step), y: seen.map(({ data }) => (data as unknown as Looked).samples[0]?.prediction[0] ?? NaN) };
      };
      return curves({ title: 'SGD at a rate of 0.99, and of 0.1', xTitle: 'step', yTitle: 'prediction for one sample', faulty: await run(0.99), healthy: await run(0.1) });
    },
  },
  {
    rule: 'tensor-leak',
    alt: 'Tensors alive by step. Under a loss that keeps one tensor a step their number climbs by one each time; under the same loss without it, it is level.',
    spec: async () => {
      const run = async (keeps: boolean): Promise<Series> => {
        const of = each(await watch(regression({ loss: keeping(keeps) })), ({ tensors }) => tensors);
        return { x: of.x, y: of.y.map((count) => count - (of.y[2] ?? 0)) };
      };
      return curves({ title: 'A loss that keeps a tensor a step, and one that keeps none', xTitle: 'step', yTitle: 'tensors, beside step 3', faulty: await run(true), healthy: await run(false) });
    },
  },
  {
    rule: 'trainable-weight-unchanged',
    alt: 'Measurements in a row in which the first kernel has not changed, by step, with a dashed line at 5. Behind dead units the count climbs over the line; in a sound network it stays at 0.',
    spec: async () => {
      const run = async (bias: number): Promise<Series> => running(ofFirst(await watch(regression({ model: () => dense({ activation: 'relu', bias }), plugins: [weightNorm({ every: 1 })] })), ({ updateNorm }) => updateNorm), (count, norm) => (norm === 0 ? count + 1 : 0), 0);
      return curves({ title: 'A kernel of dead units, and one of sound units', xTitle: 'step', yTitle: 'unchanged in a row', faulty: await run(-50), healthy: await run(0), threshold: 5 });
    },
  },
  {
    rule: 'update-ratio',
    alt: 'Update of the first kernel over its norm, by step, with a dashed line at 0.1. SGD at the rate 0.3 on labels that are noise is above the line; at 0.003 it stays far below.',
    spec: async () => {
      const run = async (learningRate: number): Promise<Series> => ofFirst(await watch(regression({ model: () => dense({ units: [] }), data: shuffled(smooth(128)), optimizer: { name: 'sgd', learningRate }, plugins: [weightNorm({ every: 1 })] })), ({ updateRatio }) => updateRatio ?? NaN);
      return curves({ title: 'SGD at a rate of 0.3, and of 0.003, on labels that are noise', xTitle: 'step', yTitle: 'update / weight', faulty: await run(0.3), healthy: await run(0.003), logY: true, threshold: 0.1 });
    },
  },
  {
    rule: 'weight-norm-growing',
    alt: 'Norm of a kernel by step. Under a loss without a least value it grows without an end, while the loss of a sound training leaves it level.',
    spec: async () => {
      const unbounded: Loss = (labels, predictions) => tf.neg(tf.mean(tf.mul(labels, predictions)));
      const run = async (of: Ask['loss']): Promise<Series> => each(await watch(regression({ model: () => dense({ units: [] }), loss: of, optimizer: { name: 'sgd', learningRate: 0.05 }, plugins: [weightNorm({ every: 1 })], fit: { epochs: 12 } })), (now) => kernels(now)[0]?.norm ?? NaN);
      return curves({ title: 'A loss without a lower bound, and the mean square', xTitle: 'step', yTitle: 'norm of the kernel', faulty: await run(unbounded), healthy: await run(loss) });
    },
  },
];
