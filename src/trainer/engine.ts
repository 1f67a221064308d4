import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch, openData, type ArrayValues, type DataOptions, type DataSource, type DataSpec, type LoadedData, type NestedArray } from '../data/index.js';
import { ConfigError, DataError } from '../errors.js';
import type { OutputInfo } from '../measure/index.js';
import type { Metrics } from '../plugin/index.js';
import { evaluate } from './evaluate.js';
import { compileLoss, type CompiledLoss, type OutputLoss } from './loss/index.js';
import { shapeText } from './loss/label-shapes.js';
import { compileMetrics } from './metrics/index.js';
import { MetricSums } from './metric-sums.js';
import type { ModelFace } from './model.js';
import { isHandwritten, openModel } from './open-model.js';
import { compileOptimizer, type TrainerOptimizer } from './optimizer/index.js';
import type { TrainerOptions, checkTrainerOptions } from './options.js';
import { Pace } from './pace.js';

type Settings = ReturnType<typeof checkTrainerOptions>;

/** The default optimizer: Adam with Kingma & Ba's (2015) rate of 0.001, as in Keras. */
const defaultOptimizer = { name: 'adam', learningRate: 0.001 } as const;

interface Compiled {
  readonly loss: CompiledLoss;
  readonly metrics: MetricSums;
  readonly metricNames: readonly string[];
}

/** Everything that computes: the model and, once its outputs are known, the loss and metrics on them. */
export class Engine {
  #compiled: Compiled | undefined;

  private constructor(
    readonly model: ModelFace,
    readonly optimizer: TrainerOptimizer,
    readonly options: TrainerOptions,
  ) {
    // A layers model knows its outputs: a loss that does not exist or fit shows before any data is touched.
    if (!isHandwritten(model)) this.#compile();
  }

  static open(model: unknown, options: TrainerOptions, settings: Settings): Engine {
    const face = openModel(model);
    const optimizer = compileOptimizer(options.optimizer ?? defaultOptimizer, optimizerOptions(settings));
    try {
      return new Engine(face, optimizer, options);
    } catch (error) {
      optimizer.dispose();
      throw error;
    }
  }

  /** Builds the model where it was given as a function. */
  static async make(options: TrainerOptions, settings: Settings): Promise<Engine> {
    const made = typeof options.model === 'function' ? await options.model() : options.model;
    return Engine.open(made, options, settings);
  }

  /** False for a model written by hand that has not seen a batch. */
  get knowsOutputs(): boolean {
    return this.#compiled !== undefined;
  }

  get loss(): CompiledLoss {
    return this.#compile().loss;
  }

  /** The outputs with what they are trained for. */
  get outputs(): readonly OutputInfo[] {
    return this.loss.outputs.map(({ output, name, form, fromLogits }) => ({ name: output.name, shape: output.shape, loss: name, form, fromLogits }));
  }

  get metrics(): MetricSums {
    return this.#compile().metrics;
  }

  get metricNames(): readonly string[] {
    return this.#compile().metricNames;
  }

  /** Opens a source as this model takes it. `labels` false: inputs alone are wanted. */
  openData(source: DataSource, options: DataOptions, labels = true): LoadedData {
    const { inputs, dataNames } = this.model;
    const spec: DataSpec = {
      inputNames: dataNames.inputs,
      ...(this.model.kind === 'layers' ? { inputShapes: inputs.map(({ shape }) => shape), inputDtypes: inputs.map(({ dtype }) => dtype) } : {}),
      labelNames: labels ? dataNames.labels : [],
    };
    if (labels) {
      // Looked at with each batch of a stream: a model written by hand knows its outputs only after the first one.
      Object.defineProperty(spec, 'labelClasses', { enumerable: true, get: () => this.#compiled?.loss.outputs.map(classesOf) });
    }
    return openData(source, spec, options);
  }

  /** Learns what only a batch can tell: the outputs of a hand-written model. */
  learnFrom(inputs: readonly tf.Tensor[]): void {
    if (isHandwritten(this.model) && this.#compiled === undefined) this.model.learnOutputs(inputs);
    this.#compile();
  }

  async evaluate(source: DataSource, batchSize: number | undefined): Promise<Metrics> {
    const data = this.openData(source, { batchSize, shuffle: false });
    try {
      await data.ready();
      await this.#learnFromFirst(data);
      const { metrics } = await evaluate({ model: this.model, loss: this.loss, metrics: this.metrics, pace: new Pace() }, data);
      return metrics;
    } finally {
      data.dispose();
    }
  }

  async predict(source: DataSource | ArrayValues, batchSize: number | undefined): Promise<readonly tf.Tensor[]> {
    if (typeof source === 'function' && (source as { readonly shuffled?: unknown }).shuffled === true) throw predictsInOrder();
    const data = this.openData(asInputs(source), { batchSize, shuffle: false }, false);
    const pace = new Pace();
    const parts: tf.Tensor[][] = [];
    try {
      await data.ready();
      const cursor = data.epoch(0);
      try {
        for (;;) {
          const batch = await cursor.next();
          if (batch === undefined) break;
          try {
            tf.tidy(() => {
              this.model.forward(batch.inputs, false).outputs.forEach((output, i) => {
                const earlier = (parts[i] ??= []);
                checkJoinable(output.shape, earlier[0]?.shape, this.model.outputs[i]?.name ?? String(i));
                earlier.push(tf.keep(tf.clone(output)));
              });
            });
          } finally {
            disposeBatch(batch);
          }
          if (pace.isDue) await pace.turn();
        }
      } finally {
        await cursor.close();
      }
      return parts.map((each) => tf.concat(each, 0));
    } finally {
      tf.dispose(parts);
      data.dispose();
    }
  }

  dispose(): void {
    this.optimizer.dispose();
  }

  async #learnFromFirst(data: LoadedData): Promise<void> {
    if (this.#compiled !== undefined) return;
    const first = await data.first();
    try {
      this.learnFrom(first.inputs);
    } finally {
      disposeBatch(first);
    }
  }

  #compile(): Compiled {
    if (this.#compiled !== undefined) return this.#compiled;
    const { loss, lossWeights, metrics } = this.options;
    const outputs = this.model.outputs.map(({ name, shape, activation }) => ({ name, shape: shape ?? [null], ...(activation === undefined ? {} : { activation }) }));
    const compiledLoss = compileLoss(loss, outputs, lossWeights === undefined ? {} : { weights: lossWeights });
    const compiledMetrics = compileMetrics(metrics, compiledLoss);
    this.#compiled = { loss: compiledLoss, metrics: new MetricSums(outputs.map(({ name }) => name), compiledMetrics), metricNames: compiledMetrics.names };
    return this.#compiled;
  }
}

/** Predictions of all batches become one tensor: they may differ in their number of samples alone. Throws DATA_SHAPE. */
function checkJoinable(shape: readonly number[], earlier: readonly number[] | undefined, name: string): void {
  if (earlier === undefined || shapeText(shape.slice(1)) === shapeText(earlier.slice(1))) return;
  throw new DataError('DATA_SHAPE', {
    found: `predictions of output "${name}" have shape ${shapeText(shape)} in one batch and ${shapeText(earlier)} in another`,
    expected: 'predict joins those of all batches to one tensor',
    remedy: 'Call predict once for each length, or pad the inputs to one.',
  });
}

const optimizerOptions = (settings: Settings): { weightDecay?: { rate: number; mode: 'decoupled' | 'l2' } } => {
  const { weightDecay } = settings;
  if (weightDecay === undefined) return {};
  return { weightDecay: typeof weightDecay === 'number' ? { rate: weightDecay, mode: 'decoupled' } : weightDecay };
};

/** How many classes an output's labels number, where its loss takes class numbers and the width is known. */
const classesOf = ({ values, output }: OutputLoss): number | undefined => (values === 'class' ? (output.shape?.at(-1) ?? undefined) : undefined);

/** To predict, arrays are inputs: [a, b] of two samples must not be taken for [inputs, labels]. A list of batches stays one. */
function asInputs(source: DataSource | ArrayValues): DataSource {
  if (!Array.isArray(source)) return source as DataSource;
  const elements: readonly unknown[] = source;
  const areBatches = elements.length > 0 && elements.every((each) => typeof each === 'object' && each !== null && ('inputs' in each || 'xs' in each));
  return areBatches ? (source) : { inputs: elements as NestedArray };
}

const predictsInOrder = (): ConfigError => {
  const problem = 'the data says that it is shuffled';
  return new ConfigError('OPTIONS_INVALID', { found: problem, expected: 'predictions come in the order of the data, and are to be matched with its samples', remedy: 'Make a loader for it with shuffle: false.', problems: [{ path: ['data'], message: problem }] });
};
