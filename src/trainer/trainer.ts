import * as tf from '@tensorflow/tfjs-core';
import { chooseBackend, type BackendChoice } from '../backend/index.js';
import type { ArrayValues, DataSource } from '../data/index.js';
import { CheckpointError, ConfigError, PluginError, TrainscopeError } from '../errors.js';
import { coreCatalogue, EventBus, pinoSink, thrownData, type Catalogue, type CoreEvents, type DeepReadonly, type EventView, type Filter, type Subscription, type TrainscopeEvent } from '../events/index.js';
import type { AnyPlugin, Plugin } from '../plugin/define-plugin.js';
import type { HookName, LossParts, Metrics, ObserverContext, SteererContext, StopReason } from '../plugin/index.js';
import type { HookPayloads } from '../plugin/hooks.js';
import { orderPlugins } from '../plugin/order.js';
import { thrownName, thrownText } from '../thrown-text.js';
import { RandomStreams } from '../random/index.js';
import { attach, HookRunner, type FailureReport } from '../plugin/runner.js';
import { describeLoop } from './describe.js';
import { Engine } from './engine.js';
import type { EpochRecord } from './fit-loop.js';
import { FitSession } from './fit-session.js';
import { withinGrace } from './grace.js';
import { StoppedEarly } from './interrupt.js';
import { hookPlugin } from './hook-plugin.js';
import { checkBatchOptions, checkFitOptions, checkTrainerOptions, type FitOptions, type TrainerOptions } from './options.js';
import { pauseUntil } from './pause.js';
import { PhaseClock } from './phase-clock.js';
import { contextFor, type ContextServices } from './plugin-contexts.js';
import { RunState } from './run-state.js';
import { takeOver } from './take-over.js';
import { checkTrainerState, type TrainerState } from './trainer-state.js';
import { RunKeeping } from './run-keeping.js';
import { checkResumeArguments, type ResumedFrom, type ResumeOptions } from './resume.js';
import { ModelSaver } from './model-saver.js';
import { onSignals } from './signals.js';
import type { ValidationAsk } from './validation-watch.js';
import { setRateFactors } from './rate-factors.js';
import { SnapshotShelf } from './weight-snapshots.js';

type UnionToIntersection<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void ? I : never;
/** As listeners get them: frozen. */
type EventsOf<P extends AnyPlugin> = P extends Plugin<infer Events> ? { readonly [Name in keyof Events]: DeepReadonly<Events[Name]> } : never;
/** Events of the trainer and of the plugins it was given: name -> type of the data. */
export type EventsOfPlugins<Plugins extends readonly AnyPlugin[]> = CoreEvents & UnionToIntersection<EventsOf<Plugins[number]>>;

/** What a fit came to. */
export interface FitResult {
  readonly runId: string;
  readonly reason: StopReason;
  /** The plugin that stopped it, or null. */
  readonly stoppedBy: string | null;
  readonly message: string;
  /** One record for each complete epoch of this call. */
  readonly history: readonly EpochRecord[];
  /** The latest metrics, validation with `val_` in front. */
  readonly metrics: Metrics;
  readonly findings: readonly CoreEvents['finding'][];
  /** Updates done since the trainer's first fit began. */
  readonly steps: number;
  readonly milliseconds: number;
}

/** Events of a resumed opening that are new: what goes wrong in it. */
const isTrouble = (name: string): boolean => name === 'error' || name.endsWith('-error');

/**
 * Trains a model, calls plugins at every place of the loop, and tells what happens as events.
 *
 * @example
 * const trainer = new Trainer({ model: () => buildModel(), loss: 'categoricalCrossentropy', optimizer: 'adam', metrics: ['accuracy'] });
 * const { history, findings } = await trainer.fit({ inputs, labels }, { epochs: 5, validation: { inputs: x, labels: y } });
 */
export class Trainer<const Plugins extends readonly AnyPlugin[] = readonly []> {
  readonly #options: TrainerOptions<Plugins>;
  readonly #settings: ReturnType<typeof checkTrainerOptions>;
  readonly #plugins: readonly AnyPlugin[];
  readonly #state: RunState;
  readonly #bus: EventBus;
  readonly #runner: HookRunner;
  readonly #clock = new PhaseClock();
  readonly #snapshots: SnapshotShelf;
  readonly #services: ContextServices;
  readonly #findings: CoreEvents['finding'][] = [];
  #backend: BackendChoice | undefined;
  #engine: Engine | undefined;
  #opening: Promise<Engine> | undefined;
  #session: FitSession | undefined;
  #running = false;
  #disposed = false;
  #hooksMade = 0;
  /** Plugins that hear all events of the fit under way. */
  readonly #listening: Subscription[] = [];
  /** What plugins measure at each validation of the fit under way. */
  readonly #validationAsks: ValidationAsk[] = [];
  /** What the fit under way trains, on what. */
  #experiment: unknown;
  readonly #keeping: RunKeeping;

  /**
   * @throws ConfigError for options that are not valid (all problems at once), an unknown loss, metric or optimizer, a
   * model that cannot be trained; PluginError PLUGIN_DUPLICATE for two plugins of one name.
   */
  constructor(options: TrainerOptions<Plugins>) {
    this.#options = options;
    this.#settings = checkTrainerOptions(options);
    this.#plugins = orderPlugins(options.plugins ?? []);
    this.#state = new RunState(this.#settings.seed);
    const catalogue = this.#plugins.reduce<Catalogue<CoreEvents>>((all, { name, events }) => all.with(events as never, { owner: name }), coreCatalogue);
    const sinks = [...(options.sinks ?? []), ...(options.logger === undefined ? [] : [pinoSink(options.logger)])];
    this.#bus = new EventBus<CoreEvents>({ runId: this.#state.runId, catalogue, sinks });
    this.#bus.on('finding', ({ data }) => this.#findings.push(data));
    this.#snapshots = new SnapshotShelf(() => this.#model());
    this.#keeping = new RunKeeping({
      state: this.#state,
      plugins: this.#plugins,
      seed: this.#settings.seed,
      snapshots: this.#snapshots,
      findings: this.#findings,
      engine: () => this.#ready(),
      session: () => this.#session,
      trainerState: () => this.getState(),
      putTrainerState: (saved) => this.#putState(saved),
      flush: () => this.#bus.flush(),
    });
    this.#services = {
      state: this.#state,
      bus: this.#bus,
      listening: this.#listening,
      validationAsks: this.#validationAsks,
      outputs: () => this.#ready().outputs,
      place: () => ({ phase: this.#clock.phase, hook: this.#runner.calling }),
      model: () => this.#model(),
      learningRate: {
        get: () => this.#keeping.rate,
        set: (rate) => {
          this.#keeping.rate = rate;
        },
      },
      snapshots: this.#snapshots,
      setRateFactors: (factors) => setRateFactors(this.#ready(), factors),
      times: () => this.#clock.times,
      pluginTimes: () => Object.fromEntries(this.#runner.attached.map(({ plugin, spent }) => [plugin.name, [...spent.values()].reduce((sum, each) => sum + each, 0)])),
      rehearse: (steps) => this.#rehearse(steps),
      refreshStatistics: (batches) => this.#inFit('refreshStatistics').refreshStatistics(batches),
      checkpoints: () => this.#keeping.keeper,
      models: new ModelSaver(() => this.#model()),
      rollBack: (rateFactor) => this.#keeping.rollBack(rateFactor),
      pauseUntil: (plugin, goOn) => pauseUntil({ state: this.#state, clock: this.#clock, runner: this.#runner }, plugin, goOn),
      experiment: () => this.#experiment,
    };
    this.#runner = new HookRunner(
      this.#plugins.map((plugin) => this.#attach(plugin)),
      (report) => this.#pluginFailed(report),
      (promise, where) => withinGrace(promise, this.#state.aborting, { ...where, step: this.#state.step }),
    );
    // A model that is here already is looked at now, so that its faults show before anything else is done.
    if (typeof options.model !== 'function') this.#engine = Engine.open(options.model, options, this.#settings);
  }

  /** The model, once it is made: a model given as a function is made by the first fit, evaluate or predict. */
  get model(): unknown {
    return this.#engine?.model.source;
  }

  /** The id of all events of this trainer. */
  get runId(): string {
    return this.#state.runId;
  }

  /**
   * Trains for `epochs` more epochs; called again, it goes on where it stopped.
   * @throws DataError, ConfigError before the first step for data and options that do not fit; whatever fails later,
   * after every plugin was torn down. An AbortSignal or a plugin that stops is no error: see the result's `reason`.
   */
  async fit(data: DataSource, options: FitOptions = {}): Promise<FitResult> {
    this.#guard();
    const settings = checkFitOptions(options, this.#options.fit);
    const { signal, validation } = options;
    if (signal !== undefined && typeof (signal as Partial<AbortSignal>).addEventListener !== 'function') {
      throw new ConfigError('OPTIONS_INVALID', { found: 'signal is no AbortSignal', remedy: 'Pass the signal of an AbortController.' });
    }
    const experiment = { ...this.#options, data, validation, fit: settings };
    // A command that looks at trainings before they run takes the first one of a script in place of this.
    const taken = takeOver(experiment);
    if (taken !== undefined) await taken;
    const state = this.#state;
    if (this.#keeping.isThrough()) return this.#throughAlready();
    this.#running = true;
    const { found } = this.#keeping;
    const fit = this.#keeping.beginFit();
    const { history, findingsBefore, stepsBefore } = fit;
    state.clearStop();
    const began = performance.now();
    let reason: StopReason;
    let failure: unknown;
    let isEnding = false;
    const abort = (message: string): void => {
      // What is done is done: it ends the waiting for plugins, and not why the fit ended.
      if (isEnding) state.aborting.fire();
      else state.requestStop({ reason: 'aborted', by: null, message });
    };
    const hearAbort = (): void => abort(signal?.reason instanceof Error ? thrownText(signal.reason) : 'the signal was aborted');
    if (signal?.aborted === true) hearAbort();
    signal?.addEventListener('abort', hearAbort, { once: true });
    this.#clock.reset();
    for (const { spent } of this.#runner.attached) spent.clear();
    let announced = false;
    const noSignals = settings.signals === true ? onSignals(abort) : undefined;
    try {
      await this.#chooseBackend();
      if (found !== undefined) {
        this.#bus.goOnFrom(found.run.trainer.seq, found.run.runId);
        this.#bus.hold();
      }
      await this.#runner.hooks.observe.setup?.({ fit: state.fit, backend: tf.getBackend(), resumed: found !== undefined });
      // A model that is being made may be downloaded: a stop does not wait for it.
      const made = await state.stopping.unlessFired(this.#open());
      if (made === undefined) throw new StoppedEarly();
      const engine = made.value;
      this.#keeping.putState();
      const opening = FitSession.open({
        engine,
        source: data,
        validation,
        settings,
        trainer: this.#settings,
        plugins: this.#plugins,
        state,
        bus: this.#bus,
        runner: this.#runner,
        clock: this.#clock,
        checkpoints: this.#keeping.keeper,
        validationAsks: this.#validationAsks,
        from: found,
      });
      const opened = await state.stopping.unlessFired(opening, (late) => void late.close().catch(() => undefined));
      if (opened === undefined) throw new StoppedEarly();
      const session = opened.value;
      this.#keeping.putWeights(engine);
      this.#keeping.stopAgain();
      this.#session = session;
      this.#experiment = { ...experiment, model: engine.model.source, backend: 'keep', opened: { data: session.data, validation: session.validationData } };
      // What a person sees of a run is no part of how it was configured.
      const { progress: _progress, ...computing } = this.#settings;
      const description = session.describeRun({ ...computing, fit: settings }, this.#backend);
      fit.configuration = description.configuration;
      this.#bus.emit('run-start', description, { epoch: state.epoch, step: state.step });
      announced = true;
      await this.#runner.hooks.observe.fitStart?.(session.fitStart);
      if (found !== undefined) {
        const going = this.#keeping.goesOn(found, description);
        // More epochs are what one resumes for.
        const isOther = going.changed.some(({ path }) => path !== 'fit.epochs');
        this.#bus.release(isTrouble, () => this.#bus.emit('resume', going, { epoch: state.epoch, step: state.step, level: isOther ? 'warn' : 'info' }));
      }
      for await (const record of session.run()) history.push(record);
      reason = state.stop?.reason ?? 'completed';
      isEnding = true;
      await this.#runner.hooks.observe.fitEnd?.(Object.freeze({ reason, by: state.stop?.by ?? null, message: state.stop?.message ?? '', metrics: state.metrics }));
    } catch (error) {
      if (error instanceof StoppedEarly) reason = state.stop?.reason ?? 'stopped';
      else {
        reason = 'failed';
        failure = error;
        this.#bus.release(isTrouble);
        await this.#tellFailure(error);
      }
    }
    try {
      isEnding = true;
      this.#bus.release(isTrouble);
      await this.#keeping.keeper.close();
      await this.#endSession(reason);
      signal?.removeEventListener('abort', hearAbort);
      if (announced) {
        this.#bus.emit(
          'run-end',
          {
            reason,
            by: state.stop?.by ?? null,
            message: failure === undefined ? (state.stop?.message ?? null) : thrownText(failure),
            epochs: history.length,
            steps: state.step - stepsBefore,
            ms: performance.now() - began,
            metrics: state.metrics,
            findings: this.#findings.length - findingsBefore,
          },
          { epoch: state.epoch, step: state.step },
        );
      }
      await this.#bus.flush();
    } finally {
      noSignals?.();
      for (const each of this.#listening.splice(0)) each.remove();
      this.#validationAsks.length = 0;
      this.#keeping.endFit();
      this.#running = false;
    }
    if (reason === 'failed') throw failure;
    return Object.freeze({
      runId: state.runId,
      reason,
      stoppedBy: state.stop?.by ?? null,
      message: state.stop?.message ?? '',
      history,
      metrics: state.metrics,
      findings: this.#findings.slice(findingsBefore),
      steps: state.step,
      milliseconds: performance.now() - began,
    });
  }

  /**
   * Reads the newest sound checkpoint of a folder, or the one whose path is given; the next fit goes on with its run as
   * if that had never stopped: with the options and the data that it had, or more epochs.
   *
   * Weights and optimizer are put in place when the model is made, at the latest by the next fit, evaluate or predict.
   * @returns what it goes on from; undefined where there is none and `missing` is 'start'
   * @throws CheckpointError CHECKPOINT_NOT_FOUND, CHECKPOINT_TORN when no checkpoint is sound, CHECKPOINT_FORMAT;
   * from fit(): WEIGHTS_MISMATCH, CHECKPOINT_MISMATCH for another model, seed or data
   * @example
   * await trainer.resume('checkpoints', { missing: 'start' });
   * await trainer.fit(data, { epochs: 20 });
   */
  async resume(path: string, options: ResumeOptions = {}): Promise<ResumedFrom | undefined> {
    this.#guard();
    const checked = checkResumeArguments(path, options);
    return this.#keeping.find(checked.path, checked.missing);
  }

  /** The result of a fit that was through when the run was saved, whose script was started again. */
  #throughAlready(): FitResult {
    const message = 'this fit was through when the run was saved: a later one was under way';
    return Object.freeze({ runId: this.#state.runId, reason: 'completed' as const, stoppedBy: null, message, history: [], metrics: {}, findings: [], steps: 0, milliseconds: 0 });
  }

  /** Loss and metrics over all of the data, in inference mode. The loss includes penalties. */
  async evaluate(data: DataSource, options: { readonly batchSize?: number } = {}): Promise<Metrics> {
    this.#guard();
    const { batchSize } = checkBatchOptions('evaluate', options);
    const engine = await this.#open();
    return engine.evaluate(data, batchSize);
  }

  /**
   * The model's outputs for the inputs, batch by batch, in inference mode.
   * @returns one tensor [samples, ...] an output: the caller's to dispose of.
   */
  async predict(inputs: DataSource | ArrayValues, options: { readonly batchSize?: number } = {}): Promise<readonly tf.Tensor[]> {
    this.#guard();
    const { batchSize } = checkBatchOptions('predict', options);
    const engine = await this.#open();
    return engine.predict(inputs, batchSize);
  }

  /** Ends the fit under way after its present step. */
  stop(message = 'stop() was called'): void {
    this.#state.requestStop({ reason: 'stopped', by: null, message });
  }

  /** Hears an event by its name; the handler gets the event whole. Its filter says which: { every, once, before, after, when }. */
  on<Name extends keyof EventsOfPlugins<Plugins> & string>(
    name: Name,
    handler: (event: TrainscopeEvent<Name, EventsOfPlugins<Plugins>[Name]>) => void,
    filter?: Filter<EventView<TrainscopeEvent<Name, EventsOfPlugins<Plugins>[Name]>>>,
  ): Subscription {
    return this.#bus.on(name as never, handler, filter);
  }

  /** Hears every event. */
  onAny(handler: (event: TrainscopeEvent) => void, filter?: Filter<EventView<TrainscopeEvent>>): Subscription {
    return this.#bus.onAny(handler, filter);
  }

  /** Attaches a function to a hook, without writing a plugin. Not during a fit. */
  hook<H extends Exclude<HookName, 'measured'>>(
    name: H,
    handler: (payload: HookPayloads[H], context: H extends 'batch' | 'loss' | 'gradients' ? SteererContext : ObserverContext, parts: LossParts) => unknown,
    filter?: Filter,
  ): Subscription {
    this.#guard();
    this.#hooksMade += 1;
    const { plugin, subscription } = hookPlugin(this.#hooksMade, name, handler as (payload: unknown, context: unknown) => unknown, filter, this.#state);
    const attached = this.#attach(plugin);
    this.#runner.replace([...this.#runner.attached, attached]);
    return {
      get active() {
        return subscription.active && !attached.disabled;
      },
      remove: () => {
        subscription.remove();
        this.#runner.replace(this.#runner.attached.filter((each) => each !== attached));
      },
    };
  }

  /** The loop as text, each hook with the plugins in their places. */
  describe(): string {
    return describeLoop(this.#runner.attached);
  }

  /** Counters, random streams and the state of every plugin, as plain JSON. Weights and optimizer slots are not in it. */
  getState(): TrainerState {
    const { epoch, step, samples, streams } = this.#state;
    const plugins = Object.fromEntries(
      this.#runner.attached.flatMap(({ plugin, context }) => {
        const { state } = context as ObserverContext;
        return state === undefined ? [] : [[plugin.name, structuredClone(state)]];
      }),
    );
    return { format: 1, seq: this.#bus.seq, epoch, step, samples, streams: streams.state(), plugins };
  }

  /**
   * Puts a saved state in place. Epochs, steps and the numbers of events go on from it.
   * @throws TrainscopeError STATE_INVALID for what getState() did not give, RANDOM_STATE for random streams that are
   * damaged; PluginError PLUGIN_STATE when a plugin's part does not fit its schema. Nothing is changed then.
   */
  setState(saved: TrainerState): void {
    this.#guard();
    checkTrainerState(saved);
    this.#putState(saved);
  }

  #putState(saved: TrainerState): void {
    const streams = new RandomStreams(saved.streams.seed);
    streams.restore(saved.streams);
    const parsed = this.#runner.attached.flatMap((attached) => {
      const { name } = attached.plugin;
      return Object.hasOwn(saved.plugins, name) ? [{ attached, state: attached.bound.parseState(saved.plugins[name]) }] : [];
    });
    Object.assign(this.#state, { epoch: saved.epoch, step: saved.step, samples: saved.samples, streams });
    this.#bus.goOnFrom(saved.seq);
    for (const { attached, state } of parsed) (attached.context as { state: unknown }).state = state;
  }

  /** Ends what the trainer made: optimizer slots, snapshots, sinks. The model and an optimizer of the caller's stay. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    if (this.#running) throw new TrainscopeError('FIT_RUNNING', { found: 'dispose() was called during a fit', remedy: 'Stop the fit, await it, then dispose.' });
    this.#disposed = true;
    this.#snapshots.dispose();
    this.#engine?.dispose();
    await this.#bus.close();
  }

  #attach(plugin: AnyPlugin): ReturnType<typeof attach> {
    const bound = plugin.bind();
    return attach(plugin, contextFor(plugin, this.#services, bound.state), bound);
  }

  #guard(): void {
    if (this.#disposed) throw new TrainscopeError('TRAINER_DISPOSED', { found: 'the trainer was disposed of', remedy: 'Make a new one.' });
    if (this.#running) throw new TrainscopeError('FIT_RUNNING', { found: 'a fit of this trainer is under way', expected: 'one fit at a time', remedy: 'Await it first.' });
  }

  #ready(): Engine {
    if (this.#engine === undefined) {
      throw new ConfigError('MODEL_INVALID', { found: 'the model is not made yet', expected: 'in `setup` a model given as a function does not exist', remedy: 'Use the hook fitStart.' });
    }
    return this.#engine;
  }

  #model(): Engine['model'] {
    return this.#ready().model;
  }

  async #chooseBackend(): Promise<void> {
    if (this.#backend !== undefined || this.#settings.backend === 'keep') return;
    this.#backend = await chooseBackend(this.#settings.backend ?? 'auto');
  }

  /** One model, however many ask for it at once. */
  async #open(): Promise<Engine> {
    await this.#chooseBackend();
    if (this.#engine !== undefined) return this.#keeping.withWeights(this.#engine);
    this.#opening ??= Engine.make(this.#options, this.#settings);
    try {
      this.#engine = await this.#opening;
    } finally {
      this.#opening = undefined;
    }
    return this.#keeping.withWeights(this.#engine);
  }

  async #rehearse(steps: number): ReturnType<ContextServices['rehearse']> {
    return this.#inFit('rehearse').rehearse(steps);
  }

  #inFit(what: string): FitSession {
    if (this.#session === undefined) throw new TrainscopeError('PLUGIN_INVALID', { found: `${what}() was called outside of a fit`, expected: 'it needs the data: call it in fitStart or later' });
    return this.#session;
  }

  async #endSession(reason: StopReason): Promise<void> {
    const { epoch, step } = this.#state;
    for (const { plugin, error } of await this.#runner.teardown({ reason })) {
      this.#bus.emit('plugin-error', { hook: 'teardown', ...thrownData(error), policy: 'isolate' }, { plugin, epoch, step });
    }
    try {
      await this.#session?.close();
    } catch (thrown) {
      // A source that fails on being closed cannot undo what was trained: it is said, and the result stands.
      this.#bus.emit('error', { name: thrown instanceof Error ? thrown.name : 'Error', ...thrownData(thrown) }, { epoch, step });
    }
    this.#session = undefined;
    this.#experiment = undefined;
    this.#clock.enter(undefined);
  }

  async #tellFailure(thrown: unknown): Promise<void> {
    const { epoch, step } = this.#state;
    const error = thrown instanceof Error ? thrown : new Error(thrownText(thrown));
    this.#bus.emit('error', { name: thrownName(error), ...thrownData(error) }, { epoch, step });
    try {
      await this.#runner.hooks.observe.error?.({ error });
    } catch (second) {
      // The first error is the one that matters: a plugin that fails on hearing of it is told, and masks nothing.
      this.#bus.emit('error', { name: 'Error', ...thrownData(second) }, { epoch, step });
    }
  }

  /** Says that a hook threw. @returns the error that ends the run, for the policy `stop`. */
  #pluginFailed({ attached, hook, error, policy }: FailureReport): Error {
    const { name } = attached.plugin;
    const { epoch, step } = this.#state;
    // A plugin that fails at every step would fill the log: told at the 1st, 2nd, 4th, 8th ... time.
    if ((attached.failures & (attached.failures - 1)) === 0) {
      this.#bus.emit('plugin-error', { hook, ...thrownData(error), policy }, { plugin: name, epoch, step });
    }
    // These say themselves what is to be done; a folder for checkpoints is no mistake of the plugin.
    if ((error instanceof PluginError && error.code === 'PLUGIN_STUCK') || error instanceof CheckpointError) return error;
    return new PluginError('PLUGIN_FAILED', {
      plugin: name,
      hook,
      step,
      found: `the plugin "${name}" threw in its hook "${hook}" at step ${String(step)}: ${thrownText(error)}`,
      remedy: "Mend the plugin, or attach it with { onError: 'disable' } to train on without it.",
      cause: error,
    });
  }
}
