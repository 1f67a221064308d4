import type { BackendChoice } from '../backend/index.js';
import { disposeBatch, isDataset, type Batch, type DataOptions, type DataSource, type LoadedData } from '../data/index.js';
import type { CoreEvents, EventBus } from '../events/index.js';
import { CheckpointError } from '../errors.js';
import { readTogether } from '../measure/pack.js';
import { MeasurementPlan } from '../measure/plan.js';
import type { AnyPlugin } from '../plugin/define-plugin.js';
import type { FitStartInfo, RefreshedStatistics, RehearsalStep } from '../plugin/index.js';
import type { HookRunner } from '../plugin/runner.js';
import { BatchFeed } from './batch-feed.js';
import type { CheckpointKeeper, LoopStand } from './checkpoint-keeper.js';
import { checkFirst, checkLayers } from './check-first.js';
import { requireMetrics, requirePlugins, requireValidation } from './check-requirements.js';
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
import { refreshStatistics } from './refresh-statistics.js';
import { rehearse } from './rehearse.js';
import { describeRun } from './run-start.js';
import type { RunState } from './run-state.js';
import type { SavedRun } from './saved-run.js';
import type { LoopPlace } from './place.js';
import { RunningSums } from './running-sums.js';
import type { StepParts } from './step.js';
import { ValidationWatch, type ValidationAsk } from './validation-watch.js';

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
  readonly checkpoints: CheckpointKeeper;
  /** What plugins measure at each validation. */
  readonly validationAsks: readonly ValidationAsk[];
  /** The run that this fit goes on with. */
  readonly from: { readonly run: SavedRun; readonly name: string } | undefined;
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
    const { engine, settings, trainer, state, bus, runner, clock, checkpoints, from } = parts;
    this.#probe = probe;
    const pace = new Pace();
    const sums = new RunningSums(engine.metrics.width);
    if (from !== undefined && !sums.restore(from.run.place.sums)) throw mismatch(from.name, 'was saved with other metrics', 'metrics and outputs are the same when a run goes on');
    const feed = new BatchFeed(data, {
      accumulateSteps: trainer.accumulateSteps ?? 1,
      stepsPerEpoch: settings.stepsPerEpoch,
      // A further fit goes on with further orders of the data.
      firstPass: state.passes,
      ...(from === undefined ? {} : { from: from.run.place.feed }),
      replay: settings.resumeData !== 'refuse',
      stopping: state.stopping,
      onPass: (passes) => {
        state.passes = passes;
      },
    });
    const validate =
      validationData === undefined
        ? undefined
        : () => {
            const asks = parts.validationAsks.filter(({ owner, isDue }) => !runner.disabled.has(owner) && isDue());
            const watch = asks.length === 0 ? undefined : new ValidationWatch(asks, engine.outputs, (owner, error) => runner.measuringFailed(owner, error));
            return { watch, done: evaluate({ model: engine.model, loss: engine.loss, metrics: engine.metrics, pace }, validationData, state.aborting, watch) };
          };
    this.#loop = {
      lastEpoch: (from?.run.fit.epochsBefore ?? state.epoch) + (settings.epochs ?? 1),
      from: from?.run.place,
      isFresh: from === undefined || from.run.trainer.step === from.run.fit.stepsBefore,
      checkpoints,
      feed,
      step: this.#stepParts(compileClipping(trainer.clip), sums),
      plan,
      state,
      bus,
      runner,
      clock,
      pace,
      progress: openProgress(trainer.progress ?? 'auto'),
      reports: new LoopReports({ state, bus, runner, times: () => clock.times }, from?.run.reports),
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
    requirePlugins(plugins);
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
        const inOrder = { ...options, batchSize, batchSizeOption: settings.validationBatchSize === undefined ? null : ('validationBatchSize' as const), shuffle: false, dropLast: false };
        validationData = await openChecked(engine, parts.validation, inOrder, settings);
        const samples = Math.max(0, ...plan.measurements.map(({ probeSamples }) => probeSamples ?? 0));
        if (samples > 0) probe = await validationData.first(samples);
      }
      const { names } = engine.metrics;
      requireMetrics(plugins, validationData === undefined ? names : [...names, ...names.map((name) => `val_${name}`)]);
      if (parts.from !== undefined) checkSameData(parts.from, data, parts);
      const session = new FitSession(parts, data, validationData, plan, probe);
      try {
        if (parts.from !== undefined) await session.#goOn(parts.from.run);
      } catch (error) {
        session.#loop.step.sums.dispose();
        await session.#loop.feed.close();
        throw error;
      }
      return session;
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
      resumed: this.parts.from !== undefined,
      epochs: this.#epochs,
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
      epochs: this.#epochs,
    });
  }

  get #epochs(): number {
    return this.parts.settings.epochs ?? 1;
  }

  /** What the loop holds, where it stands. */
  async place(stand: LoopStand): Promise<LoopPlace> {
    const { feed, step } = this.#loop;
    const { pending } = step.sums;
    const read = pending === undefined ? undefined : await readTogether([pending]);
    return { ...stand, feed: feed.mark, sums: step.sums.save(read?.[0]), validationOpens: this.validationData?.opens ?? 0 };
  }

  get saved(): Pick<SavedRun, 'reports' | 'data'> {
    return { reports: this.#loop.reports.save(), data: dataFacts(this.data, this.parts) };
  }

  /** How the data came to its place: `seek`, or `replay` of what was read before. */
  get seeking(): LoadedData['seeking'] {
    return this.data.seeking;
  }

  async #goOn({ place }: SavedRun): Promise<void> {
    await this.validationData?.catchUp(place.validationOpens);
    await this.#loop.feed.ready();
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

  /** Takes the statistics of batch normalisation anew over some batches. */
  refreshStatistics(batches: number): Promise<RefreshedStatistics> {
    const { engine, state, runner } = this.parts;
    return refreshStatistics({ batches, data: this.data, engine, state, runner });
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


const mismatch = (name: string, found: string, expected: string): CheckpointError =>
  new CheckpointError('CHECKPOINT_MISMATCH', { found: `the checkpoint "${name}" ${found}`, expected, remedy: 'Resume with the options and data that the run had, or begin a new run.' });

const dataFacts = (data: LoadedData, { settings, trainer }: Pick<SessionParts, 'settings' | 'trainer'>): SavedRun['data'] => ({
  kind: data.kind,
  samples: data.samples ?? null,
  batches: data.batchesPerEpoch ?? null,
  accumulateSteps: trainer.accumulateSteps ?? 1,
  stepsPerEpoch: settings.stepsPerEpoch ?? null,
});

/** Within a pass over the data, its place means something in the same data cut into the same batches alone. */
function checkSameData({ run, name }: { readonly run: SavedRun; readonly name: string }, data: LoadedData, parts: SessionParts): void {
  if (!run.place.feed.passOpen && run.place.at === 'between-epochs') return;
  const now = dataFacts(data, parts);
  for (const key of ['kind', 'samples', 'batches', 'accumulateSteps', 'stepsPerEpoch'] as const) {
    if (run.data[key] === now[key]) continue;
    const words = { kind: 'the kind of data', samples: 'samples', batches: 'batches a pass', accumulateSteps: 'accumulateSteps', stepsPerEpoch: 'stepsPerEpoch' } as const;
    throw mismatch(name, `is from the middle of the data, with ${words[key]}: ${String(run.data[key])}`, `now it is ${String(now[key])}`);
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
