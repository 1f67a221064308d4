import * as tf from '@tensorflow/tfjs-core';
import { PluginError, TrainscopeError } from '../errors.js';
import { consolidate, type Finding } from '../diagnosis/index.js';
import { coreCatalogue, EventBus, pinoSink, thrownData, type Catalogue, type CoreEvents, type Subscription } from '../events/index.js';
import { readTogether } from '../measure/pack.js';
import { MeasurementPlan } from '../measure/plan.js';
import { asValidation, type StopReason } from '../plugin/index.js';
import type { AnyPlugin } from '../plugin/define-plugin.js';
import type { HookPayloads, ObserveHookName } from '../plugin/hooks.js';
import { orderPlugins } from '../plugin/order.js';
import { attach, HookRunner, type FailureReport } from '../plugin/runner.js';
import { thrownName, thrownText } from '../thrown-text.js';
import { requireMetrics, requirePlugins, requireValidation } from '../trainer/check-requirements.js';
import { LoopReports } from '../trainer/loop-reports.js';
import type { ModelFace } from '../trainer/model.js';
import { openModel } from '../trainer/open-model.js';
import { PhaseClock } from '../trainer/phase-clock.js';
import { contextFor, type ContextServices } from '../trainer/plugin-contexts.js';
import { RunState } from '../trainer/run-state.js';
import { SnapshotShelf } from '../trainer/weight-snapshots.js';
import { batchSizeAt, describeFit, stepsPerEpoch, type FitParams } from './describe-fit.js';
import { joinLogs, partLogs, splitValidation, type UnresolvedLogs } from './logs.js';
import type { CheckedOptions } from './options.js';
import { patch, type FittedModel, type Sight } from './patches.js';
import { RateOf } from './rate-of.js';
import { notSeen, refuseSteering, refuseUnseen } from './refusals.js';
import { SeenStep } from './seen-step.js';
import { watching } from './watching.js';

/** One call of model.fit that is under way. */
interface OpenFit {
  readonly model: FittedModel;
  readonly face: ModelFace;
  readonly params: FitParams;
  readonly rate: RateOf;
  readonly plan: MeasurementPlan;
  readonly reports: LoopReports;
  readonly began: number;
  readonly stepsBefore: number;
  readonly findingsBefore: number;
  readonly restore: () => void;
  /** The number of the last epoch, counted over all fits. */
  lastEpoch: number;
  epochsDone: number;
  isFirstStep: boolean;
  epochBegan: number;
  epochSamples: number;
  step: SeenStep | undefined;
  /** What was validated since the last update. */
  validation: { samples: number; since: number; until: number };
  lastRate: number;
  /** What one of ours threw: model.fit throws it on, and callbacks are not told. */
  thrown: { readonly error: unknown } | undefined;
  readonly left: () => void;
}

const notOpen = (): never => {
  throw new TrainscopeError('LAYERS_NO_MODEL', { found: 'the model is not known yet', expected: 'model.fit tells it when it begins', remedy: 'Use the hook fitStart.' });
};

/** Follows calls of model.fit, one after the other, and tells them as a Trainer tells its own. */
export class FitWatcher implements Sight {
  readonly #options: CheckedOptions;
  readonly #patched: ReadonlySet<CheckedOptions['patch'][number]>;
  readonly #plugins: readonly AnyPlugin[];
  readonly #state: RunState;
  readonly bus: EventBus;
  readonly #runner: HookRunner;
  readonly #clock = new PhaseClock();
  readonly #snapshots: SnapshotShelf;
  readonly #listening: Subscription[] = [];
  readonly #findings: CoreEvents['finding'][] = [];
  #fit: OpenFit | undefined;
  #ending: Promise<void> = Promise.resolve();

  /** @throws ConfigError, PluginError LAYERS_NOT_SEEN, PLUGIN_DUPLICATE, PLUGIN_REQUIRES */
  constructor(options: CheckedOptions) {
    this.#options = options;
    this.#patched = new Set(options.patch);
    const { diagnosis } = options;
    const own = diagnosis === false ? [] : [watching({ ...diagnosis, seesGradients: this.#patched.has('gradients'), model: () => this.#open().model })];
    const given = orderPlugins(options.plugins);
    refuseUnseen(given, this.#patched);
    this.#plugins = orderPlugins([...own, ...given]);
    requirePlugins(this.#plugins);
    this.#state = new RunState(options.seed);
    const catalogue = this.#plugins.reduce<Catalogue<CoreEvents>>((all, { name, events }) => all.with(events as never, { owner: name }), coreCatalogue);
    this.bus = new EventBus<CoreEvents>({ runId: this.#state.runId, catalogue, sinks: [...options.sinks, ...(options.logger === undefined ? [] : [pinoSink(options.logger)])] });
    this.bus.on('finding', ({ data }) => this.#findings.push(data));
    this.#snapshots = new SnapshotShelf(() => this.#open().face);
    const services: ContextServices = {
      state: this.#state,
      bus: this.bus,
      listening: this.#listening,
      model: () => this.#open().face,
      learningRate: { get: () => this.#open().rate.value, set: (rate) => (this.#open().rate.value = rate) },
      snapshots: this.#snapshots,
      times: () => this.#clock.times,
      pluginTimes: () => Object.fromEntries(this.#runner.attached.map(({ plugin, spent }) => [plugin.name, [...spent.values()].reduce((sum, each) => sum + each, 0)])),
      // What follows is refused before it is asked for: see refuseSteering.
      rehearse: notOpen,
      checkpoints: notOpen,
      rollBack: notOpen,
      experiment: notOpen,
    };
    this.#runner = new HookRunner(
      this.#plugins.map((plugin) => {
        const bound = plugin.bind();
        return attach(plugin, refuseSteering(plugin.name, contextFor(plugin, services, bound.state)), bound);
      }),
      (report) => this.#pluginFailed(report),
    );
  }

  /** Whether it hears of the end of a fit that throws. */
  get hearsEnd(): boolean {
    return this.#patched.has('end');
  }

  get runId(): string {
    return this.#state.runId;
  }

  /** All findings by now, one for each root cause, the gravest first. */
  get findings(): readonly Finding[] {
    return consolidate(this.#findings);
  }

  /** Resolves when the end of a fit that threw has been told as well. */
  async settled(): Promise<void> {
    await this.#ending;
  }

  async dispose(): Promise<void> {
    if (this.#fit !== undefined) throw new TrainscopeError('FIT_RUNNING', { found: 'dispose() was called during a fit', remedy: 'Await model.fit, then dispose.' });
    await this.#ending;
    this.#snapshots.dispose();
    await this.bus.close();
  }

  /**
   * At the first epoch, which is told where it begins; what is thrown here ends the fit before its first step.
   * @param firstEpoch As model.fit counts: from 0, or its initialEpoch. @param left Called when a fit that threw is over.
   */
  async begin(source: unknown, params: FitParams, firstEpoch: number, left: () => void): Promise<void> {
    const state = this.#state;
    if (this.#fit !== undefined) await this.#giveUp();
    await this.#ending;
    const face = openModel(source);
    if (face.kind !== 'layers') return notOpen();
    const model = source as FittedModel;
    const validates = params.doValidation === true;
    if (!validates) requireValidation(this.#plugins);
    requireMetrics(this.#plugins, params.metrics);
    const plan = new MeasurementPlan(this.#plugins.flatMap(({ name, needs }) => (needs === undefined ? [] : [{ owner: name, needs }])));
    const epochs = Math.max(0, params.epochs - firstEpoch);
    state.fit += 1;
    state.epoch = Math.max(state.epoch, firstEpoch);
    state.clearStop();
    this.#clock.reset();
    for (const { spent } of this.#runner.attached) spent.clear();
    const now = performance.now();
    const fit: OpenFit = {
      model,
      face,
      params,
      rate: new RateOf(model.optimizer),
      plan,
      reports: new LoopReports({ state, bus: this.bus, runner: this.#runner, times: () => this.#clock.times }),
      began: now,
      stepsBefore: state.step,
      findingsBefore: this.#findings.length,
      restore: patch(model, this.#patched, this),
      lastEpoch: state.epoch + epochs,
      epochsDone: 0,
      isFirstStep: true,
      epochBegan: now,
      epochSamples: 0,
      step: undefined,
      validation: { samples: 0, since: now, until: now },
      lastRate: NaN,
      thrown: undefined,
      left,
    };
    this.#fit = fit;
    await this.#ours(async () => {
      await this.#observe('setup', { fit: state.fit, backend: tf.getBackend(), resumed: false });
      const { logEvery, diagnosis, patch: patched } = this.#options;
      const description = describeFit({ face, params, plugins: this.#plugins, settings: { logEvery, diagnosis, patch: patched }, fit: state.fit, epochs });
      this.#emit('run-start', description);
      await this.#observe('fitStart', {
        fit: state.fit,
        resumed: false,
        epochs,
        stepsPerEpoch: stepsPerEpoch(params),
        hasValidation: validates,
        weights: face.weights().map(({ info }) => info),
      });
    });
  }

  async beginEpoch(): Promise<void> {
    const fit = this.#open();
    await this.#ours(async () => {
      this.#state.epoch += 1;
      this.#state.stepInEpoch = 0;
      Object.assign(fit, { epochBegan: performance.now(), epochSamples: 0 });
      this.#emit('epoch-start', { epochs: fit.lastEpoch, learningRate: fit.rate.value });
      await this.#observe('epochStart', { epochs: fit.lastEpoch });
      this.#clock.enter('data');
    });
  }

  /** @param size Samples, where tfjs-layers tells it before the step. */
  async beginBatch(size: number | undefined): Promise<void> {
    const fit = this.#open();
    await this.#ours(() => {
      const state = this.#state;
      state.step += 1;
      const perEpoch = stepsPerEpoch(fit.params);
      const due = fit.plan.due({ step: state.step, lastOfEpoch: state.stepInEpoch + 1 === perEpoch, firstOfFit: fit.isFirstStep }, this.#runner.disabled);
      fit.step?.dispose();
      fit.lastRate = fit.rate.value;
      fit.step = new SeenStep({ step: state.step, epoch: state.epoch, stepInEpoch: state.stepInEpoch, batchSize: size ?? batchSizeAt(fit.params, state.stepInEpoch), learningRate: fit.lastRate }, due, fit.face);
      this.#clock.enter('forwardBackward');
    });
  }

  updating(gradients: ReadonlyMap<string, tf.Tensor>, update: () => void): void {
    const fit = this.#fit;
    const step = fit?.step;
    if (fit === undefined || step?.isBeforeUpdate !== true) {
      update();
      return;
    }
    this.#oursAtOnce(() => {
      this.#clock.enter('update');
      // model.fit looks whether it is to stop after the step: one who stopped before the first gets no update all the same.
      step.updated = !this.#state.isStopping();
      if (step.updated) update();
      this.#clock.enter('measure');
      step.reduce(gradients);
      this.#clock.enter('forwardBackward');
    });
    const now = performance.now();
    fit.validation = { samples: 0, since: now, until: now };
  }

  layerGave(name: string, output: tf.Tensor): void {
    const step = this.#fit?.step;
    if (step?.isBeforeUpdate === true) this.#oursAtOnce(() => step.layerGave(name, output));
  }

  losing(output: number, labels: tf.Tensor, predictions: tf.Tensor): void {
    const fit = this.#fit;
    if (fit === undefined) return;
    const { step } = fit;
    if (step?.isBeforeUpdate === true) this.#oursAtOnce(() => step.losing(output, labels, predictions));
    else if (output === 0) {
      this.#clock.enter('validation');
      const [rows = 0] = predictions.shape as number[];
      fit.validation.samples += rows;
      fit.validation.until = performance.now();
    }
  }

  over(): void {
    if (this.#fit !== undefined) this.#ending = this.#giveUp();
  }

  async endBatch(logs: UnresolvedLogs): Promise<void> {
    const fit = this.#open();
    const { step } = fit;
    if (step === undefined) return;
    await this.#ours(async () => {
      const state = this.#state;
      this.#clock.enter('measure');
      if (step.isBeforeUpdate) step.reduce(undefined);
      const isLogged = fit.isFirstStep || state.step % this.#options.logEvery === 0;
      const { batchSize, learningRate } = step.place;
      state.stepInEpoch += 1;
      state.samples += batchSize;
      fit.epochSamples += batchSize;
      fit.isFirstStep = false;
      const parted = partLogs(logs);
      const reading = step.due !== null || isLogged ? await step.read(parted.tensors) : undefined;
      fit.step = undefined;
      await this.#observe('stepEnd', Object.freeze({ batchSize, stepInEpoch: step.place.stepInEpoch, learningRate, updated: step.updated }));
      if (reading !== undefined) {
        const { loss = NaN, ...metrics } = joinLogs(logs, parted, reading.extra);
        fit.reports.afterReading(loss);
        state.metrics = Object.freeze({ loss, ...metrics, ...Object.fromEntries(Object.entries(state.metrics).filter(([name]) => name.startsWith('val_'))) });
        this.#clock.enter('plugins');
        for (const [owner, error] of reading.failures) this.#runner.measuringFailed(owner, error);
        for (const [owner, values] of reading.values) await this.#runner.measured(owner, values);
        if (isLogged) this.#emit('step', { loss, metrics, learningRate, batchSize, samples: state.samples, updated: step.updated });
      }
      fit.reports.afterStep({ batchSize, updated: step.updated, learningRate, unreached: step.unreached, reading });
      if (state.isStopping()) fit.model.stopTraining = true;
      this.#clock.enter('data');
      // A fit over a Dataset validates after this.
      if (fit.validation.samples === 0) fit.validation.since = performance.now();
    });
  }

  async endEpoch(logs: UnresolvedLogs): Promise<void> {
    const fit = this.#open();
    await this.#ours(async () => {
      const state = this.#state;
      this.#clock.enter('measure');
      const parted = partLogs(logs);
      // The scalars stay: the history has yet to read them.
      const { training: metrics, validation } = splitValidation(joinLogs(logs, parted, await readAll(parted.tensors)));
      state.metrics = Object.freeze({ ...metrics, ...asValidation(validation ?? {}) });
      if (validation !== null) {
        const { samples, since, until } = fit.validation;
        const milliseconds = until - since;
        const isSeen = this.#patched.has('predictions');
        await this.#observe('validationEnd', Object.freeze({ metrics: validation, samples: isSeen ? samples : NaN, milliseconds: isSeen ? milliseconds : NaN, atEpochEnd: true }));
        // How many samples there are is not in the logs.
        if (isSeen) this.#emit('validation', { metrics: validation, samples, ms: milliseconds });
      }
      const about = { steps: state.stepInEpoch, samples: fit.epochSamples };
      const ms = performance.now() - fit.epochBegan;
      await this.#observe('epochEnd', Object.freeze({ metrics, validation, ...about, milliseconds: ms }));
      this.#emit('epoch-end', { epochs: fit.lastEpoch, metrics, validation, learningRate: fit.lastRate, ...about, ms });
      fit.epochsDone += 1;
      fit.reports.afterEpoch();
      if (state.isStopping()) fit.model.stopTraining = true;
    });
  }

  async end(): Promise<void> {
    const fit = this.#open();
    const { model } = fit;
    if (model.stopTraining) this.#state.requestStop({ reason: 'stopped', by: null, message: 'model.stopTraining was set' });
    const { stop, metrics } = this.#state;
    const reason = stop?.reason ?? 'completed';
    await this.#ours(() => this.#observe('fitEnd', Object.freeze({ reason, by: stop?.by ?? null, message: stop?.message ?? '', metrics })));
    await this.#close(fit, reason, stop?.message ?? null);
  }

  /** The end of a fit that did not come to onTrainEnd. */
  async #giveUp(): Promise<void> {
    const fit = this.#fit;
    if (fit === undefined) return;
    const { epoch, step } = this.#state;
    const error = fit.thrown?.error;
    const message = fit.thrown === undefined ? 'model.fit ended before its end: it threw, and callbacks are not told what' : thrownText(error);
    if (fit.thrown !== undefined) this.bus.emit('error', { name: thrownName(error), ...thrownData(error) }, { epoch, step });
    try {
      await this.#runner.hooks.observe.error?.({ error: error instanceof Error ? error : new Error(message) });
    } catch (second) {
      // The first error is the one that matters.
      this.bus.emit('error', { name: 'Error', ...thrownData(second) }, { epoch, step });
    }
    fit.left();
    await this.#close(fit, 'failed', message);
  }

  async #close(fit: OpenFit, reason: StopReason, message: string | null): Promise<void> {
    fit.restore();
    fit.step?.dispose();
    const { epoch, step, stop } = this.#state;
    for (const { plugin, error } of await this.#runner.teardown({ reason })) {
      this.bus.emit('plugin-error', { hook: 'teardown', ...thrownData(error), policy: 'isolate' }, { plugin, epoch, step });
    }
    this.#clock.enter(undefined);
    this.#emit('run-end', {
      reason,
      by: stop?.by ?? null,
      message,
      epochs: fit.epochsDone,
      steps: step - fit.stepsBefore,
      ms: performance.now() - fit.began,
      metrics: this.#state.metrics,
      findings: this.#findings.length - fit.findingsBefore,
    });
    this.#fit = undefined;
    for (const each of this.#listening.splice(0)) each.remove();
    await this.bus.flush();
  }

  #open(): OpenFit {
    return this.#fit ?? notOpen();
  }

  #emit<Name extends keyof CoreEvents>(name: Name, data: CoreEvents[Name]): void {
    this.bus.emit(name, data, { epoch: this.#state.epoch, step: this.#state.step });
  }

  async #observe<H extends Exclude<ObserveHookName, 'measured' | 'teardown'>>(name: H, payload: HookPayloads[H]): Promise<void> {
    const hook = this.#runner.hooks.observe[name] as ((payload: HookPayloads[H]) => void | Promise<void>) | undefined;
    if (hook === undefined) return;
    this.#clock.enter('plugins');
    await hook(payload);
  }

  /** Keeps what is thrown, for the end of the fit that it brings about. */
  async #ours(work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#fit !== undefined) this.#fit.thrown ??= { error };
      // Where the end of the fit cannot be heard, this is it.
      if (!this.#patched.has('end')) await this.#giveUp();
      throw error;
    }
  }

  #oursAtOnce(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (this.#fit !== undefined) this.#fit.thrown ??= { error };
      throw error;
    }
  }

  /** Says that a hook threw. @returns the error that ends the fit, for the policy `stop`. */
  #pluginFailed({ attached, hook, error, policy }: FailureReport): Error {
    const { name } = attached.plugin;
    const { epoch, step } = this.#state;
    // Told at the 1st, 2nd, 4th, 8th ... time.
    if ((attached.failures & (attached.failures - 1)) === 0) this.bus.emit('plugin-error', { hook, ...thrownData(error), policy }, { plugin: name, epoch, step });
    if (error instanceof PluginError && error.code === 'LAYERS_NOT_SEEN') return notSeen(name, error.found, error.remedy ?? '', hook);
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

/** One read of all; the tensors stay the caller's. */
async function readAll(tensors: readonly tf.Tensor[]): Promise<readonly Float32Array[]> {
  if (tensors.length === 0) return [];
  return (await readTogether(tensors)).map((each) => each.slice());
}
