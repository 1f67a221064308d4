import * as tf from '@tensorflow/tfjs-core';
import type { Finding } from '../diagnosis/index.js';
import { TrainscopeError } from '../errors.js';
import { thrownData, type EventBus } from '../events/index.js';
import { readTogether } from '../measure/pack.js';
import { asValidation, type StopReason } from '../plugin/index.js';
import { orderPlugins } from '../plugin/order.js';
import { thrownName, thrownText } from '../thrown-text.js';
import { requireMetrics, requirePlugins, requireValidation } from '../trainer/check-requirements.js';
import { openModel } from '../trainer/open-model.js';
import { batchSizeAt, describeFit, type FitParams } from './describe-fit.js';
import { joinLogs, partLogs, splitValidation, type UnresolvedLogs } from './logs.js';
import { OpenFit } from './open-fit.js';
import type { CheckedOptions } from './options.js';
import { patch, type FittedModel, type PatchName, type Sight } from './patches.js';
import { notOpen, PluginHost } from './plugin-host.js';
import { refuseUnseen } from './refusals.js';
import { SeenStep } from './seen-step.js';
import { watching } from './watching.js';

/** Follows calls of model.fit, one after the other, and tells them as a Trainer tells its own. */
export class FitWatcher {
  readonly #options: CheckedOptions;
  readonly #patched: ReadonlySet<PatchName>;
  readonly #host: PluginHost;
  #fit: OpenFit | undefined;
  #restore: () => void = () => undefined;
  #ending: Promise<void> = Promise.resolve();

  /** @throws PluginError LAYERS_NOT_SEEN, PLUGIN_INVALID, PLUGIN_DUPLICATE, PLUGIN_REQUIRES */
  constructor(options: CheckedOptions) {
    this.#options = options;
    this.#patched = new Set(options.patch);
    const { diagnosis } = options;
    const own = diagnosis === false ? [] : [watching({ ...diagnosis, seesGradients: this.#patched.has('gradients'), model: () => this.#open().model })];
    const given = orderPlugins(options.plugins);
    refuseUnseen(given, this.#patched);
    const plugins = orderPlugins([...own, ...given]);
    requirePlugins(plugins);
    this.#host = new PluginHost(plugins, options, () => this.#open());
  }

  get bus(): EventBus {
    return this.#host.bus;
  }

  /** Whether it hears of the end of a fit that throws. */
  get hearsEnd(): boolean {
    return this.#patched.has('end');
  }

  get runId(): string {
    return this.#host.state.runId;
  }

  get findings(): readonly Finding[] {
    return this.#host.findings;
  }

  /** Resolves when the end of a fit that threw has been told as well. */
  async settled(): Promise<void> {
    await this.#ending;
  }

  async dispose(): Promise<void> {
    if (this.#fit !== undefined) throw new TrainscopeError('FIT_RUNNING', { found: 'dispose() was called during a fit', remedy: 'Await model.fit, then dispose.' });
    await this.#ending;
    await this.#host.dispose();
  }

  /**
   * Before the first epoch; what is thrown here ends the fit before its first step.
   * @param firstEpoch As model.fit counts: from 0, or its initialEpoch. @param left Called when a fit that threw is over.
   */
  async begin(source: unknown, params: FitParams, firstEpoch: number, left: () => void): Promise<void> {
    const host = this.#host;
    // Of a fit whose end was not heard.
    await this.#giveUp();
    await this.#ending;
    const face = openModel(source);
    if (face.kind !== 'layers') notOpen();
    const model = source as FittedModel;
    if (params.doValidation !== true) requireValidation(host.plugins);
    requireMetrics(host.plugins, params.metrics);
    const epochs = Math.max(0, params.epochs - firstEpoch);
    host.beginFit(firstEpoch);
    const fit = new OpenFit(model, face, params, {
      plan: host.plan(),
      reports: host.reports(),
      lastEpoch: host.state.epoch + epochs,
      stepsBefore: host.state.step,
      findingsBefore: host.findingsSoFar,
      left,
    });
    this.#fit = fit;
    this.#restore = patch(model, this.#patched, this.#sight());
    await this.#ours(async () => {
      await host.observe('setup', { fit: host.state.fit, backend: tf.getBackend(), resumed: false });
      const { logEvery, diagnosis, patch: patched } = this.#options;
      host.emit('run-start', describeFit({ face, params, plugins: host.plugins, settings: { logEvery, diagnosis, patch: patched }, fit: host.state.fit, epochs }));
      await host.observe('fitStart', { fit: host.state.fit, resumed: false, epochs, stepsPerEpoch: fit.stepsPerEpoch, hasValidation: fit.validates, weights: face.weights().map(({ info }) => info) });
    });
  }

  async beginEpoch(): Promise<void> {
    const fit = this.#open();
    const { state, clock } = this.#host;
    await this.#ours(async () => {
      state.epoch += 1;
      state.stepInEpoch = 0;
      fit.epochBegan = performance.now();
      fit.epochSamples = 0;
      const { lastEpoch: epochs } = fit.parts;
      this.#host.emit('epoch-start', { epochs, learningRate: fit.rate.value });
      await this.#host.observe('epochStart', { epochs });
      clock.enter('data');
    });
  }

  /** @param size Samples, where tfjs-layers tells it before the step. */
  async beginBatch(size: number | undefined): Promise<void> {
    const fit = this.#open();
    const { state, clock, runner } = this.#host;
    await this.#ours(() => {
      state.step += 1;
      const { stepInEpoch } = state;
      const due = fit.parts.plan.due({ step: state.step, lastOfEpoch: stepInEpoch + 1 === fit.stepsPerEpoch, firstOfFit: fit.isFirstStep }, runner.disabled);
      fit.step?.dispose();
      fit.lastRate = fit.rate.value;
      fit.validation = fit.noValidation();
      fit.step = new SeenStep({ step: state.step, epoch: state.epoch, stepInEpoch, batchSize: size ?? batchSizeAt(fit.params, stepInEpoch), learningRate: fit.lastRate }, due, fit.face);
      clock.enter('forwardBackward');
    });
  }

  async endBatch(logs: UnresolvedLogs): Promise<void> {
    const fit = this.#open();
    const { step } = fit;
    if (step === undefined) return;
    const { state, clock, runner } = this.#host;
    await this.#ours(async () => {
      clock.enter('measure');
      if (step.isBeforeUpdate) step.reduce(undefined);
      const isLogged = fit.isFirstStep || state.step % this.#options.logEvery === 0;
      const { batchSize, learningRate, stepInEpoch } = step.place;
      const { updated } = step;
      state.stepInEpoch += 1;
      state.samples += batchSize;
      fit.epochSamples += batchSize;
      fit.isFirstStep = false;
      const parted = partLogs(logs);
      const reading = step.due !== null || isLogged ? await step.read(parted.tensors) : undefined;
      fit.step = undefined;
      await this.#host.observe('stepEnd', Object.freeze({ batchSize, stepInEpoch, learningRate, updated }));
      if (reading !== undefined) {
        const { loss = NaN, ...metrics } = joinLogs(logs, parted, reading.extra);
        fit.parts.reports.afterReading(loss);
        state.metrics = Object.freeze({ loss, ...metrics, ...Object.fromEntries(Object.entries(state.metrics).filter(([name]) => name.startsWith('val_'))) });
        clock.enter('plugins');
        for (const [owner, error] of reading.failures) runner.measuringFailed(owner, error);
        for (const [owner, values] of reading.values) await runner.measured(owner, values);
        if (isLogged) this.#host.emit('step', { loss, metrics, learningRate, batchSize, samples: state.samples, updated });
      }
      fit.parts.reports.afterStep({ batchSize, updated, learningRate, unreached: step.unreached, reading });
      if (state.isStopping()) fit.model.stopTraining = true;
      clock.enter('data');
      // A fit of a Dataset validates after this, one of tensors has done so before.
      if (!fit.validation.isBegun) fit.validation = fit.noValidation();
    });
  }

  async endEpoch(logs: UnresolvedLogs): Promise<void> {
    const fit = this.#open();
    const { state, clock } = this.#host;
    await this.#ours(async () => {
      clock.enter('measure');
      const parted = partLogs(logs);
      // The scalars stay: the history has yet to read them.
      const { training: metrics, validation } = splitValidation(joinLogs(logs, parted, await readAll(parted.tensors)));
      state.metrics = Object.freeze({ ...metrics, ...asValidation(validation ?? {}) });
      if (validation !== null) await this.#validated(fit, validation);
      const about = { steps: state.stepInEpoch, samples: fit.epochSamples };
      const ms = performance.now() - fit.epochBegan;
      await this.#host.observe('epochEnd', Object.freeze({ metrics, validation, ...about, milliseconds: ms }));
      this.#host.emit('epoch-end', { epochs: fit.parts.lastEpoch, metrics, validation, learningRate: fit.lastRate, ...about, ms });
      fit.epochsDone += 1;
      fit.parts.reports.afterEpoch();
      if (state.isStopping()) fit.model.stopTraining = true;
    });
  }

  async end(): Promise<void> {
    const fit = this.#open();
    const { state } = this.#host;
    if (fit.model.stopTraining) state.requestStop({ reason: 'stopped', by: null, message: 'model.stopTraining was set' });
    const { stop, metrics } = state;
    const reason = stop?.reason ?? 'completed';
    await this.#ours(() => this.#host.observe('fitEnd', Object.freeze({ reason, by: stop?.by ?? null, message: stop?.message ?? '', metrics })));
    await this.#close(fit, reason, stop?.message ?? null);
  }

  /** What the patches tell. */
  #sight(): Sight {
    const { state, clock } = this.#host;
    const seen = (work: (fit: OpenFit) => void): void => {
      const fit = this.#fit;
      if (fit === undefined) return;
      try {
        work(fit);
      } catch (error) {
        fit.keepThrown(error);
        throw error;
      }
    };
    return {
      updating: (gradients, update) => {
        const step = this.#fit?.step;
        if (step?.isBeforeUpdate !== true) {
          update();
          return;
        }
        seen((fit) => {
          clock.enter('update');
          // model.fit looks after the step whether it is to stop: who stopped it before the first gets no update all the same.
          step.updated = !state.isStopping();
          if (step.updated) update();
          clock.enter('measure');
          step.reduce(gradients);
          clock.enter('forwardBackward');
          fit.validation = fit.noValidation();
        });
      },
      layerGave: (name, output) =>
        seen(({ step }) => {
          if (step?.isBeforeUpdate === true) step.layerGave(name, output);
        }),
      losing: (output, labels, predictions) =>
        seen((fit) => {
          if (fit.step?.isBeforeUpdate === true) fit.step.losing(output, labels, predictions);
          else if (output === 0) this.#seeValidation(fit, predictions);
        }),
      over: () => {
        this.#ending = this.#giveUp();
      },
    };
  }

  /** A batch of the validation, or of a model.evaluate of another callback's: that has another place, but for the last of an epoch. */
  #seeValidation(fit: OpenFit, predictions: tf.Tensor): void {
    const { validation } = fit;
    const { stepInEpoch } = this.#host.state;
    // A fit of tensors validates within its last step, one of a Dataset after that.
    const isItsPlace = typeof fit.params.samples === 'number' ? fit.step !== undefined && stepInEpoch + 1 === fit.stepsPerEpoch : fit.step === undefined && (fit.stepsPerEpoch ?? stepInEpoch) === stepInEpoch;
    if (!fit.validates || !isItsPlace) return;
    if (!validation.isBegun) this.#beginValidation(fit);
    this.#host.clock.enter('validation');
    const [rows = 0] = predictions.shape as number[];
    validation.samples += rows;
    validation.until = performance.now();
  }

  #beginValidation({ validation }: OpenFit): void {
    validation.isBegun = true;
    // Nothing can be awaited within the step of model.fit: a promise is, before the end of the validation is told.
    const pending = this.#host.observe('validationStart', { atEpochEnd: true });
    validation.start = pending instanceof Promise ? pending : undefined;
    validation.start?.catch(() => undefined);
  }

  async #validated(fit: OpenFit, metrics: Readonly<Record<string, number>>): Promise<void> {
    if (!fit.validation.isBegun) this.#beginValidation(fit);
    const { samples, since, until, start } = fit.validation;
    await start;
    const isSeen = this.#patched.has('predictions');
    const milliseconds = isSeen ? Math.max(0, until - since) : NaN;
    await this.#host.observe('validationEnd', Object.freeze({ metrics, samples: isSeen ? samples : NaN, milliseconds, atEpochEnd: true }));
    // How many samples there are is not in the logs.
    if (isSeen) this.#host.emit('validation', { metrics, samples, ms: milliseconds });
  }

  /** The end of a fit that did not come to onTrainEnd. */
  async #giveUp(): Promise<void> {
    const fit = this.#fit;
    if (fit === undefined) return;
    const { bus, runner, state } = this.#host;
    const { epoch, step } = state;
    const error = fit.thrown?.error;
    const message = fit.thrown === undefined ? 'model.fit ended before its end: it threw, and callbacks are not told what' : thrownText(error);
    if (fit.thrown !== undefined) bus.emit('error', { name: thrownName(error), ...thrownData(error) }, { epoch, step });
    try {
      await runner.hooks.observe.error?.({ error: error instanceof Error ? error : new Error(message) });
    } catch (second) {
      // The first error is the one that matters.
      bus.emit('error', { name: 'Error', ...thrownData(second) }, { epoch, step });
    }
    fit.parts.left();
    await this.#close(fit, 'failed', message);
  }

  async #close(fit: OpenFit, reason: StopReason, message: string | null): Promise<void> {
    const host = this.#host;
    this.#restore();
    fit.step?.dispose();
    await host.endFit(reason, () => {
      const { state } = host;
      host.emit('run-end', {
        reason,
        by: state.stop?.by ?? null,
        message,
        epochs: fit.epochsDone,
        steps: state.step - fit.parts.stepsBefore,
        ms: performance.now() - fit.began,
        metrics: state.metrics,
        findings: host.findingsSoFar - fit.parts.findingsBefore,
      });
      this.#fit = undefined;
    });
  }

  #open(): OpenFit {
    return this.#fit ?? notOpen();
  }

  /** Keeps what is thrown, for the end of the fit that it brings about. */
  async #ours(work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#fit?.keepThrown(error);
      // Where the end of the fit cannot be heard, this is it.
      if (!this.hearsEnd) await this.#giveUp();
      throw error;
    }
  }
}

/** One read of all; the tensors stay the caller's. */
async function readAll(tensors: readonly tf.Tensor[]): Promise<readonly ArrayLike<number>[]> {
  if (tensors.length === 0) return [];
  return (await readTogether(tensors)).map((each) => each.slice());
}
