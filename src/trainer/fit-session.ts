import type { BackendChoice } from '../backend/index.js';
import { disposeBatch, isDataset, type Batch, type DataOptions, type DataSource, type LoadedData } from '../data/index.js';
import type { CoreEvents, EventBus } from '../events/index.js';
import { MeasurementPlan } from '../measure/plan.js';
import type { AnyPlugin } from '../plugin/define-plugin.js';
import type { FitStartInfo, RehearsalStep } from '../plugin/index.js';
import type { HookRunner } from '../plugin/runner.js';
import { BatchFeed } from './batch-feed.js';
import { checkFirst, checkLayers } from './check-first.js';
import { requireMetrics, requireValidation } from './check-requirements.js';
import { resolveClassWeights } from './class-weights.js';
import type { Engine } from './engine.js';
import { evaluate } from './evaluate.js';
import { runEpochs, type EpochRecord, type FitLoop } from './fit-loop.js';
import { LoopReports } from './loop-reports.js';
import { compileClipping, type GradientClipping } from './optimizer/index.js';
import type { checkFitOptions, checkTrainerOptions } from './options.js';
import { Pace } from './pace.js';
import type { PhaseClock } from './phase-clock.js';
import { openProgress } from './progress.js';
import { rehearse } from './rehearse.js';
import { describeRun } from './run-start.js';
import type { RunState } from './run-state.js';
import { RunningSums } from './running-sums.js';
import type { StepParts } from './step.js';

type FitSettings = ReturnType<typeof checkFitOptions>;
type TrainerSettings = ReturnType<typeof checkTrainerOptions>;

export interface SessionParts {
  readonly engine: Engine;
  readonly source: DataSource;
  readonly validation: DataSource | undefined;
  readonly settings: FitSettings;
  readonly trainer: TrainerSettings;
  readonly plugins: readonly AnyPlugin[];
  readonly state: RunState;
  readonly bus: EventBus;
  readonly runner: HookRunner;
  readonly clock: PhaseClock;
}

/** One call of fit: its data, plan and progress, from the checks before the first step to the closing of what it opened. */
export class FitSession {
  readonly #probe: Batch | undefined;
  readonly #loop: FitLoop;

  private constructor(
    readonly parts: SessionParts,
    readonly data: LoadedData,
    readonly validationData: LoadedData | undefined,
    readonly plan: MeasurementPlan,
    probe: Batch | undefined,
  ) {
    const { engine, settings, trainer, state, bus, runner, clock } = parts;
    this.#probe = probe;
    const pace = new Pace();
    const feed = new BatchFeed(data, {
      accumulateSteps: trainer.accumulateSteps ?? 1,
      stepsPerEpoch: settings.stepsPerEpoch,
      // A further fit goes on with further orders of the data.
      firstPass: state.passes,
      stopping: state.stopping,
      onPass: (passes) => {
        state.passes = passes;
      },
    });
    const validate =
      validationData === undefined
        ? undefined
        : () => evaluate({ model: engine.model, loss: engine.loss, metrics: engine.metrics, pace }, validationData, state.aborting);
    this.#loop = {
      epochs: settings.epochs ?? 1,
      feed,
      step: this.#stepParts(compileClipping(trainer.clip), new RunningSums(engine.metrics.width)),
      plan,
      state,
      bus,
      runner,
      clock,
      pace,
      progress: openProgress(trainer.progress ?? 'auto'),
      reports: new LoopReports({ state, bus, runner, times: () => clock.times }),
      logEvery: trainer.logEvery ?? 10,
      validationEvery: settings.validationEvery ?? { epochs: 1 },
      validate,
    };
  }

  /**
   * Opens and checks the data: its first batch against the model and the loss.
   * @throws DataError, ConfigError, PluginError PLUGIN_REQUIRES: all before the first step.
   */
  static async open(parts: SessionParts): Promise<FitSession> {
    const { engine, settings, plugins, state } = parts;
    if (parts.validation === undefined) requireValidation(plugins);
    // Which taps a model written by hand has, its first step tells.
    if (engine.model.kind === 'layers') checkLayers(plugins, engine.model.tappable());
    // Built before the data is opened: a wrong cadence is the cheaper error.
    const plan = new MeasurementPlan(plugins.flatMap(({ name, needs }) => (needs === undefined ? [] : [{ owner: name, needs }])));
    const options: DataOptions = {
      batchSize: settings.batchSize,
      shuffle: settings.shuffle,
      dropLast: settings.dropLast,
      prefetch: settings.prefetch,
      checkFinite: settings.checkFinite,
      streams: state.streams,
    };
    let data: LoadedData | undefined;
    let validationData: LoadedData | undefined;
    let probe: Batch | undefined;
    try {
      data = await openChecked(engine, parts.source, options, settings);
      if (parts.validation !== undefined) {
        // A Dataset has its own batches: that samples in memory are to be cut into batches says nothing of it.
        const batchSize = settings.validationBatchSize ?? (data.kind === 'memory' && isDataset(parts.validation) ? undefined : settings.batchSize);
        const inOrder = { ...options, batchSize, shuffle: false, dropLast: false };
        validationData = await openChecked(engine, parts.validation, inOrder, settings);
        const samples = Math.max(0, ...plan.measurements.map(({ probeSamples }) => probeSamples ?? 0));
        if (samples > 0) probe = await validationData.first(samples);
      }
      const { names } = engine.metrics;
      requireMetrics(plugins, validationData === undefined ? names : [...names, ...names.map((name) => `val_${name}`)]);
      return new FitSession(parts, data, validationData, plan, probe);
    } catch (error) {
      if (probe !== undefined) disposeBatch(probe);
      validationData?.dispose();
      data?.dispose();
      throw error;
    }
  }

  get fitStart(): FitStartInfo {
    return Object.freeze({
      fit: this.parts.state.fit,
      epochs: this.#loop.epochs,
      stepsPerEpoch: this.#loop.feed.stepsPerEpoch,
      hasValidation: this.validationData !== undefined,
      weights: this.parts.engine.model.weights().map(({ info }) => info),
    });
  }

  describeRun(settings: Readonly<Record<string, unknown>>, backend: BackendChoice | undefined): CoreEvents['run-start'] {
    const { engine, plugins, state } = this.parts;
    return describeRun({
      model: engine.model,
      loss: engine.loss,
      metrics: engine.metricNames,
      optimizer: engine.optimizer,
      plugins,
      backend,
      settings,
      seed: state.streams.seed,
      fit: state.fit,
      epochs: this.#loop.epochs,
    });
  }

  run(): AsyncGenerator<EpochRecord, void> {
    return runEpochs(this.#loop);
  }

  /** Trains some steps from the present state and puts everything back. */
  rehearse(steps: number): Promise<readonly RehearsalStep[]> {
    const { engine, state, trainer, clock } = this.parts;
    const sums = new RunningSums(engine.metrics.width);
    return rehearse({ steps, data: this.data, engine, state, clock, step: this.#stepParts(compileClipping(trainer.clip), sums), accumulateSteps: trainer.accumulateSteps ?? 1 });
  }

  async close(): Promise<void> {
    this.#loop.progress.close();
    this.#loop.step.sums.dispose();
    try {
      await this.#loop.feed.close();
    } finally {
      // Whatever the source's closing does, nothing of ours stays.
      if (this.#probe !== undefined) disposeBatch(this.#probe);
      this.validationData?.dispose();
      this.data.dispose();
    }
  }

  #stepParts(clipping: GradientClipping | undefined, sums: RunningSums): StepParts {
    const { engine, runner, clock, state, settings } = this.parts;
    return {
      model: engine.model,
      loss: engine.loss,
      metrics: engine.metrics,
      optimizer: engine.optimizer,
      clipping,
      runner,
      clock,
      state,
      sums,
      probe: this.#probe?.inputs,
      classWeights: resolveClassWeights(settings.classWeights, engine.loss.outputs),
    };
  }
}


/** Opens data and checks it, all of it where it is in memory. */
async function openChecked(engine: Engine, source: DataSource, options: DataOptions, settings: FitSettings): Promise<LoadedData> {
  const open = async (): Promise<LoadedData> => {
    const data = engine.openData(source, options);
    try {
      await data.ready();
      return data;
    } catch (error) {
      data.dispose();
      throw error;
    }
  };
  const knewOutputs = engine.knowsOutputs;
  const data = await open();
  try {
    await checkFirst(engine, data, settings);
    if (knewOutputs || data.kind !== 'memory') return data;
  } catch (error) {
    data.dispose();
    throw error;
  }
  // The first batch has told how many classes a model written by hand has: now all labels can be held to them.
  data.dispose();
  return open();
}
