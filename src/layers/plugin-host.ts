import { consolidate, type Finding } from '../diagnosis/index.js';
import { PluginError, TrainscopeError } from '../errors.js';
import { coreCatalogue, EventBus, pinoSink, thrownData, type Catalogue, type CoreEvents, type Sink, type Subscription } from '../events/index.js';
import { MeasurementPlan } from '../measure/plan.js';
import type { AnyPlugin } from '../plugin/define-plugin.js';
import type { HookPayloads, ObserveHookName } from '../plugin/hooks.js';
import type { StopReason } from '../plugin/index.js';
import { attach, HookRunner, type FailureReport } from '../plugin/runner.js';
import { thrownText } from '../thrown-text.js';
import { LoopReports } from '../trainer/loop-reports.js';
import type { ModelFace } from '../trainer/model.js';
import { pauseUntil } from '../trainer/pause.js';
import { PhaseClock } from '../trainer/phase-clock.js';
import { contextFor, type ContextServices } from '../trainer/plugin-contexts.js';
import { RunState } from '../trainer/run-state.js';
import { ModelSaver } from '../trainer/model-saver.js';
import { SnapshotShelf } from '../trainer/weight-snapshots.js';
import type { CheckedOptions } from './options.js';
import type { RateOf } from './rate-of.js';
import { notSeen, refuseSteering } from './refusals.js';

/** What contexts want to know of the fit under way. */
export interface FitUnderWay {
  readonly face: ModelFace;
  readonly rate: RateOf;
}

export const notOpen = (): never => {
  throw new TrainscopeError('LAYERS_NO_MODEL', { found: 'no fit is under way', expected: 'the model is known while model.fit runs', remedy: 'Use the hook fitStart.' });
};

/** The plugins, their contexts and where their events go, for all fits of one callbacks object. */
export class PluginHost {
  readonly state: RunState;
  readonly bus: EventBus;
  readonly runner: HookRunner;
  readonly clock = new PhaseClock();
  readonly #snapshots: SnapshotShelf;
  readonly #listening: Subscription[] = [];
  readonly #findings: CoreEvents['finding'][] = [];

  constructor(
    readonly plugins: readonly AnyPlugin[],
    { sinks, logger, seed }: Pick<CheckedOptions, 'sinks' | 'logger' | 'seed'>,
    fit: () => FitUnderWay,
  ) {
    this.state = new RunState(seed);
    const catalogue = plugins.reduce<Catalogue<CoreEvents>>((all, { name, events }) => all.with(events as never, { owner: name }), coreCatalogue);
    const all: readonly Sink[] = [...sinks, ...(logger === undefined ? [] : [pinoSink(logger)])];
    this.bus = new EventBus<CoreEvents>({ runId: this.state.runId, catalogue, sinks: all });
    this.bus.on('finding', ({ data }) => this.#findings.push(data));
    this.#snapshots = new SnapshotShelf(() => fit().face);
    const services: ContextServices = {
      state: this.state,
      bus: this.bus,
      listening: this.#listening,
      model: () => fit().face,
      learningRate: {
        get: () => fit().rate.value,
        set: (rate) => {
          fit().rate.value = rate;
        },
      },
      snapshots: this.#snapshots,
      models: new ModelSaver(() => fit().face),
      pauseUntil: (plugin, goOn) => pauseUntil({ state: this.state, clock: this.clock, runner: this.runner }, plugin, goOn),
      times: () => this.clock.times,
      pluginTimes: () => Object.fromEntries(this.runner.attached.map(({ plugin, spent }) => [plugin.name, [...spent.values()].reduce((sum, each) => sum + each, 0)])),
      // What follows is refused before it is asked for: see refuseSteering.
      rehearse: notOpen,
      setRateFactors: notOpen,
      refreshStatistics: notOpen,
      checkpoints: notOpen,
      rollBack: notOpen,
      experiment: notOpen,
    };
    this.runner = new HookRunner(
      plugins.map((plugin) => {
        const bound = plugin.bind();
        return attach(plugin, refuseSteering(plugin.name, contextFor(plugin, services, bound.state)), bound);
      }),
      (report) => this.#pluginFailed(report),
    );
  }

  get findingsSoFar(): number {
    return this.#findings.length;
  }

  /** One for each root cause, the gravest first. */
  get findings(): readonly Finding[] {
    return consolidate(this.#findings);
  }

  plan(): MeasurementPlan {
    return new MeasurementPlan(this.plugins.flatMap(({ name, needs }) => (needs === undefined ? [] : [{ owner: name, needs }])));
  }

  reports(): LoopReports {
    return new LoopReports({ state: this.state, bus: this.bus, runner: this.runner, times: () => this.clock.times });
  }

  beginFit(firstEpoch: number): void {
    this.state.fit += 1;
    this.state.epoch = Math.max(this.state.epoch, firstEpoch);
    this.state.clearStop();
    this.clock.reset();
    for (const { spent } of this.runner.attached) spent.clear();
  }

  emit<Name extends keyof CoreEvents>(name: Name, data: CoreEvents[Name]): void {
    this.bus.emit(name, data, { epoch: this.state.epoch, step: this.state.step });
  }

  /** Calls a hook; a promise only where a plugin gives one. */
  observe<H extends Exclude<ObserveHookName, 'measured' | 'teardown'>>(name: H, payload: HookPayloads[H]): void | Promise<void> {
    const hook = this.runner.hooks.observe[name] as ((payload: HookPayloads[H]) => void | Promise<void>) | undefined;
    if (hook === undefined) return undefined;
    this.clock.enter('plugins');
    return hook(payload);
  }

  /** Tears the plugins down; `told` is the last that they and the sinks hear of the fit. */
  async endFit(reason: StopReason, told: () => void): Promise<void> {
    const { epoch, step } = this.state;
    for (const { plugin, error } of await this.runner.teardown({ reason })) {
      this.bus.emit('plugin-error', { hook: 'teardown', ...thrownData(error), policy: 'isolate' }, { plugin, epoch, step });
    }
    this.clock.enter(undefined);
    told();
    for (const each of this.#listening.splice(0)) each.remove();
    await this.bus.flush();
  }

  async dispose(): Promise<void> {
    this.#snapshots.dispose();
    await this.bus.close();
  }

  /** Says that a hook threw. @returns the error that ends the fit, for the policy `stop`. */
  #pluginFailed({ attached, hook, error, policy }: FailureReport): Error {
    const { name } = attached.plugin;
    const { epoch, step } = this.state;
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
