import * as tf from '@tensorflow/tfjs-core';
import { chooseBackend } from '../../backend/index.js';
import { disposeBatch, type Batch, type DataOptions } from '../../data/index.js';
import type { Metrics } from '../../plugin/index.js';
import { RandomStreams, type RandomStream } from '../../random/index.js';
import { checkFirst } from '../../trainer/check-first.js';
import { requireMetrics, requireValidation } from '../../trainer/check-requirements.js';
import { Engine } from '../../trainer/engine.js';
import { forwardBackward } from '../../trainer/gradients.js';
import type { CompiledLoss } from '../../trainer/loss/index.js';
import type { ForwardResult, ModelFace, ModelSource } from '../../trainer/model.js';
import { compileClipping, compileOptimizer, type OptimizerSpec, type TrainerOptimizer } from '../../trainer/optimizer/index.js';
import { checkFitOptions, checkTrainerOptions } from '../../trainer/options.js';
import { copyWeights, putWeights } from '../../trainer/weight-snapshots.js';
import type { Experiment, OpenedExperiment } from './experiment.js';
import { isOneShot, rowsOf, takeSample, type Sample } from './sample.js';

export interface LabOptions {
  /** Samples of each source that are looked at, at most. */
  readonly samples: number;
  /** Numbers of each source that are copied to the host, at most. */
  readonly numbers: number;
  /** Everything random in the checks. */
  readonly seed: number;
  /** Milliseconds after which checks that train are left out. */
  readonly milliseconds: number;
}

/** Defaults: 4096 samples give a share of 1% a standard error of 0.16%; 8,000,000 numbers are 32 MB. */
export const labDefaults: LabOptions = { samples: 4096, numbers: 8_000_000, seed: 1, milliseconds: 40_000 };

/** What is trained in a trial. Its weights and optimizer slots are put back when the trial ends. */
export interface Trainee {
  /** One update on the batch, which stays the caller's. `apply` false: gradients alone, no update. */
  step(batch: BatchLike, options?: { readonly learningRate?: number; readonly apply?: boolean }): Promise<StepOutcome>;
  /** Mean loss of the batch in inference mode, without penalties. */
  loss(batch: BatchLike): Promise<number>;
  readonly learningRate: number;
}

export interface StepOutcome {
  /** Before the update, in training mode, penalties included. */
  readonly loss: number;
  /** L2 norm of all gradients as one vector; NaN when one is not finite. */
  readonly gradientNorm: number;
}

export type BatchLike = Pick<Batch, 'inputs' | 'labels' | 'size'>;

/**
 * An experiment opened for looking at: samples on the host, the model, its loss and optimizer, and trials that train
 * and put everything back. What it hands out stays the lab's; batches that it makes are the caller's to end.
 */
export class Lab {
  readonly streams: RandomStreams;
  readonly #began = performance.now();

  private constructor(
    readonly experiment: Experiment,
    readonly options: LabOptions,
    readonly engine: Engine,
    readonly training: Sample,
    readonly validation: Sample | undefined,
    /** Samples a batch in the user's training. */
    readonly batchSize: number,
    readonly epochs: number,
    private readonly ownsModel: boolean,
  ) {
    this.streams = new RandomStreams(options.seed);
  }

  /**
   * @throws what opening a trainer and its data throws: ConfigError, DataError, BackendError
   */
  static async open(experiment: OpenedExperiment, options: LabOptions): Promise<Lab> {
    const rest = trainerPart(experiment);
    const settings = checkTrainerOptions(rest);
    if (settings.backend !== 'keep') await chooseBackend(settings.backend ?? 'auto');
    const ownsModel = typeof experiment.model === 'function';
    // Made here and not by the engine, so that it is ended whatever it turns out to be.
    const model = typeof experiment.model === 'function' ? await experiment.model() : experiment.model;
    let engine: Engine | undefined;
    try {
      engine = await Engine.make({ ...rest, model, metrics: rest.metrics ?? [] }, settings);
      return await Lab.#filled(experiment, options, engine, ownsModel);
    } catch (error) {
      engine?.dispose();
      if (ownsModel) endModel(model);
      throw error;
    }
  }

  /** The samples and checks of an engine that is open. */
  static async #filled(experiment: OpenedExperiment, options: LabOptions, engine: Engine, ownsModel: boolean): Promise<Lab> {
    const { data, validation, opened } = experiment;
    const plugins = experiment.plugins ?? [];
    if (validation === undefined) requireValidation(plugins);
    const fit = checkFitOptions({}, experiment.fit);
    const open = (source: typeof data) => (batchSize: number | undefined) => {
      const dataOptions: DataOptions = { batchSize: batchSize ?? fit.batchSize, shuffle: false, checkFinite: fit.checkFinite, prefetch: fit.prefetch };
      return engine.openData(source, dataOptions);
    };
    const names = { inputs: engine.model.inputs.map(({ name }) => name), labels: engine.model.outputs.map(({ name }) => name) };
    // A source that can be read once is opened once: what is looked at first comes again.
    const main = opened?.data ?? open(data)(undefined);
    let training: Sample;
    try {
      await main.ready();
      await checkFirst(engine, main, fit);
      training = await takeSample(open(data), data, options, names, isOneShot(data) ? main : undefined);
    } finally {
      if (opened === undefined) main.dispose();
    }
    const held = validation === undefined ? undefined : await takeSample(open(validation), validation, options, names, opened?.validation);
    if (!engine.knowsOutputs) {
      const inputs = training.inputs.map((column) => rowsOf(column, Array.from({ length: Math.min(2, training.count) }, (_, i) => i)));
      engine.learnFrom(inputs);
      tf.dispose(inputs);
    }
    const { names: metrics } = engine.metrics;
    requireMetrics(plugins, validation === undefined ? metrics : [...metrics, ...metrics.map((name) => `val_${name}`)]);
    const batchSize = fit.batchSize ?? training.batchSizes[0] ?? 32;
    return new Lab(experiment, options, engine, training, held, batchSize, fit.epochs ?? 1, ownsModel);
  }

  get model(): ModelFace {
    return this.engine.model;
  }

  get loss(): CompiledLoss {
    return this.engine.loss;
  }

  /** Whether the time for checks that train is over. */
  get isLate(): boolean {
    return performance.now() - this.#began > this.options.milliseconds;
  }

  /** Updates of the user's training, as far as it is known. */
  get plannedSteps(): number | undefined {
    const { total } = this.training;
    return total === undefined ? undefined : this.epochs * Math.ceil(total / this.batchSize);
  }

  /** A stream that starts anew at every call. */
  random(name: string): RandomStream {
    return this.streams.derive(name);
  }

  /** Tensors of some samples, by their indices in `of`. End with disposeBatch. */
  batch(indices: ArrayLike<number>, of: Sample = this.training): Batch {
    return {
      inputs: of.inputs.map((column) => rowsOf(column, indices)),
      labels: of.labels.map((column) => rowsOf(column, indices)),
      sampleWeights: undefined,
      size: indices.length,
      index: 0,
      last: false,
      indices: undefined,
    };
  }

  /** Indices of `count` different samples, at random; all of them where there are fewer. */
  choose(count: number, name: string, of: Sample = this.training): Int32Array {
    return this.random(name).permutation(of.count).slice(0, count);
  }

  /** A forward pass on some samples, in chunks of the batch size. Everything in the result is the caller's to end. */
  forward(inputs: readonly tf.Tensor[], training = false, layers?: readonly string[] | 'all'): ForwardResult {
    let activations = new Map<string, tf.Tensor>();
    const outputs = tf.tidy(() => {
      const result = this.model.forward(inputs, training, layers);
      activations = new Map([...result.activations].map(([name, each]) => [name, tf.keep(tf.clone(each))]));
      return result.outputs.map((each) => tf.keep(tf.clone(each)));
    });
    return { outputs, activations };
  }

  /** Loss, and metrics where the experiment has some, of some samples in inference mode. */
  async evaluate(indices: ArrayLike<number>, of: Sample = this.training): Promise<Metrics> {
    const batch = this.batch(indices, of);
    try {
      const vector = tf.tidy(() => {
        const { outputs } = this.model.forward(batch.inputs, false);
        const { total, perOutput } = this.loss.compute(batch.labels, outputs);
        const penalty = this.model.penalty();
        return this.engine.metrics.vector(penalty === undefined ? total : tf.add<tf.Scalar>(total, penalty), perOutput, batch.labels, outputs, batch.size);
      });
      const sums = await readOnce(vector);
      return this.engine.metrics.finish(sums, batch.size);
    } finally {
      disposeBatch(batch);
    }
  }

  /**
   * Trains on what `body` asks for, and puts weights and optimizer back as they were, to the bit.
   * @param spec Another optimizer than the user's.
   */
  async trial<T>(body: (trainee: Trainee) => T | Promise<T>, spec?: OptimizerSpec): Promise<T> {
    const { model, loss } = this;
    const weights = copyWeights(model);
    const own = spec === undefined;
    const optimizer: TrainerOptimizer = own ? this.engine.optimizer : compileOptimizer(spec);
    const before = own ? optimizer.snapshot() : undefined;
    const clipping = compileClipping(checkTrainerOptions(trainerPart(this.experiment)).clip);
    const rate = optimizer.learningRate;
    const step: Trainee['step'] = async (batch, { learningRate, apply = true } = {}) => {
      const trainable = model.weights().filter(({ info }) => info.trainable);
      const pass = forwardBackward({ model, loss, lossHook: undefined, trainable, batch: { ...batch, sampleWeights: undefined }, layers: [] });
      try {
        const [value = NaN, squares = NaN] = await readOnce(tf.tidy(() => tf.stack([pass.loss, tf.addN([tf.scalar(0), ...[...pass.gradients.values()].map((each) => tf.sum(tf.square(each)))])])));
        if (apply) {
          if (learningRate !== undefined) optimizer.learningRate = learningRate;
          const clipped = clipping === undefined ? pass.gradients : clipping(pass.gradients, undefined);
          optimizer.apply(
            new Map(
              trainable.flatMap(({ info, variable }) => {
                const gradient = clipped.get(info.name);
                return gradient === undefined ? [] : [[variable, gradient] as const];
              }),
            ),
          );
          if (clipped !== pass.gradients) for (const [name, each] of clipped) if (each !== pass.gradients.get(name)) each.dispose();
        }
        return { loss: value, gradientNorm: Math.sqrt(squares) };
      } finally {
        tf.dispose([pass.loss, ...pass.perOutput, ...pass.predictions, ...pass.activations.values(), ...pass.gradients.values()]);
      }
    };
    const lossOf: Trainee['loss'] = async (batch) => {
      const [value = NaN] = await readOnce(tf.tidy(() => loss.compute(batch.labels, model.forward(batch.inputs, false).outputs).total));
      return value;
    };
    try {
      return await body({ step, loss: lossOf, learningRate: rate });
    } finally {
      putWeights(model, weights);
      tf.dispose([...weights.values()]);
      if (before === undefined) optimizer.dispose();
      else {
        optimizer.restore(before);
        before.dispose();
      }
    }
  }

  /** Opens the same experiment with another model, as the ladder does. To be closed by the caller. */
  async withModel(model: ModelSource): Promise<Lab> {
    const rest = trainerPart(this.experiment);
    const settings = checkTrainerOptions({ ...rest, model });
    const engine = await Engine.make({ ...rest, model, metrics: rest.metrics ?? [] }, settings);
    return new Lab({ ...this.experiment, model }, this.options, engine, this.training, this.validation, this.batchSize, this.epochs, true);
  }

  /** The same lab, which stays the owner of all it has, with other samples to train on. */
  withSample(sample: Sample): Lab {
    return new Lab(this.experiment, this.options, this.engine, sample, this.validation, this.batchSize, this.epochs, false);
  }

  /** Ends what the lab made: a model that the user gave stays. */
  close(): void {
    this.engine.dispose();
    if (!this.ownsModel) return;
    endModel(this.model.source, this.model.weights().map(({ variable }) => variable));
  }
}

/** Ends a model that a function made for the lab. tfjs-layers leaves the weights of a layer that is used twice alive. */
function endModel(source: unknown, variables: readonly tf.Variable[] = []): void {
  const { dispose } = source as { dispose?: () => unknown };
  if (typeof dispose === 'function') dispose.call(source);
  for (const variable of variables.length > 0 ? variables : variablesOf(source)) if (!variable.isDisposed) variable.dispose();
}

/** Those of a model that did not come as far as to be opened. */
function variablesOf(source: unknown): readonly tf.Variable[] {
  const { trainableWeights } = source as { trainableWeights?: object };
  return Object.values(trainableWeights ?? {}).filter((each): each is tf.Variable => each instanceof tf.Variable);
}

/** Reads a tensor and ends it. Never dataSync: a device may have to be waited for. */
export async function readOnce(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return await tensor.data<'float32'>();
  } finally {
    tensor.dispose();
  }
}

/** The part of an experiment that is a trainer's. */
export function trainerPart(experiment: Experiment): Omit<Experiment, 'data' | 'validation' | 'ladder' | 'causal' | 'featureNames'> {
  const { data: _data, validation: _validation, ladder: _ladder, causal: _causal, featureNames: _names, opened: _opened, ...rest } = experiment as OpenedExperiment;
  return rest;
}
