import * as tf from '@tensorflow/tfjs-core';
import type { EventBus, CoreEvents, Subscription, TrainscopeEvent } from '../events/index.js';
import { PluginError } from '../errors.js';
import type { InputInfo, OutputInfo, ValidationMeasurement } from '../measure/index.js';
import type { AnyPlugin } from '../plugin/define-plugin.js';
import type { EmitOptions, FindingInput, LoopPlaceName, SteererContext } from '../plugin/context.js';
import type { Checkpoints, Models, PhaseTimes, RefreshedStatistics, RehearsalStep, RolledBack } from '../plugin/index.js';
import type { CheckpointKeeper } from './checkpoint-keeper.js';
import type { ModelFace } from './model.js';
import type { RunState } from './run-state.js';
import type { ValidationAsk } from './validation-watch.js';
import type { SnapshotShelf } from './weight-snapshots.js';

/** What contexts reach into. The getters are read when a hook reads the field, so no context is ever stale. */
export interface ContextServices {
  readonly state: RunState;
  readonly bus: EventBus;
  /** Of plugins, for the fit under way. */
  readonly listening: Subscription[];
  readonly model: () => ModelFace;
  /** What the outputs are trained for; absent where the loop knows no losses. */
  readonly outputs?: () => readonly OutputInfo[];
  /** What plugins measure at each validation of the fit under way; absent where the loop has no hand in it. */
  readonly validationAsks?: ValidationAsk[];
  readonly place?: () => LoopPlaceName;
  readonly learningRate: { get(): number; set(rate: number): void };
  readonly snapshots: SnapshotShelf;
  readonly setRateFactors: (factors: ReadonlyMap<string, number>) => void;
  readonly times: () => PhaseTimes;
  readonly pluginTimes: () => Readonly<Record<string, number>>;
  readonly rehearse: (steps: number) => Promise<readonly RehearsalStep[]>;
  readonly refreshStatistics: (batches: number) => Promise<RefreshedStatistics>;
  readonly checkpoints: () => CheckpointKeeper;
  readonly models: Models;
  readonly rollBack: (rateFactor: number) => Promise<RolledBack | undefined>;
  readonly pauseUntil: (plugin: string, goOn: PromiseLike<unknown>) => Promise<void>;
  /** What is being trained, on what. */
  readonly experiment: () => unknown;
}

/** Emits a finding, from a plugin or from the trainer itself. */
export function emitFinding({ state, bus }: Pick<ContextServices, 'state' | 'bus'>, plugin: string | null, finding: FindingInput): void {
  state.findings += 1;
  bus.emit(
    'finding',
    {
      rule: finding.rule,
      severity: finding.severity,
      message: finding.message,
      where: finding.where ?? {},
      evidence: (finding.evidence ?? {}) as CoreEvents['finding']['evidence'],
      remedy: finding.remedy,
      docs: finding.docs ?? null,
    },
    { plugin, epoch: state.epoch, step: state.step, level: finding.severity === 'info' ? 'info' : finding.severity === 'warning' ? 'warn' : 'error' },
  );
}

/**
 * The one context of a plugin. A plugin that observes gets the same object with the steering members absent from its
 * type and from the object.
 */
export function contextFor(plugin: AnyPlugin, services: ContextServices, initialState: unknown): object {
  const { state, bus } = services;
  const { name } = plugin;
  let own = initialState;
  const observer = {
    name,
    get runId() {
      return state.runId;
    },
    get epoch() {
      return state.epoch;
    },
    get step() {
      return state.step;
    },
    get stepInEpoch() {
      return state.stepInEpoch;
    },
    get inputs(): readonly InputInfo[] {
      return services.model().inputs.map(({ name: input, shape }) => ({ name: input, shape }));
    },
    get outputs(): readonly OutputInfo[] {
      return services.outputs?.() ?? services.model().outputs.map(({ name: output, shape }) => ({ name: output, shape, loss: 'unknown', form: 'free', fromLogits: false }));
    },
    get place(): LoopPlaceName {
      return services.place?.() ?? { phase: undefined, hook: undefined };
    },
    overValidation<Value>(measurement: ValidationMeasurement<Value>, got: (value: Value) => void, isDue: () => boolean = () => true) {
      if (services.validationAsks === undefined) {
        throw new PluginError('PLUGIN_REQUIRES', { plugin: name, found: `the plugin "${name}" measures over the validation data, and here model.fit makes the validation`, remedy: 'Train with a Trainer.' });
      }
      services.validationAsks.push({ owner: name, measurement, got: got as ValidationAsk['got'], isDue });
    },
    get learningRate() {
      return services.learningRate.get();
    },
    set learningRate(rate: number) {
      if (plugin.role !== 'steer') throw new TypeError(`the plugin "${name}" observes: it cannot set the learning rate. Give it the role 'steer'.`);
      services.learningRate.set(rate);
    },
    get backend() {
      return tf.getBackend();
    },
    get state() {
      return own;
    },
    set state(next: unknown) {
      own = next;
    },
    get weights() {
      return services.model().weights().map(({ info }) => info);
    },
    get outputNames() {
      return services.model().outputs.map((output) => output.name);
    },
    get metrics() {
      return state.metrics;
    },
    get times() {
      return services.times();
    },
    get pluginTimes() {
      return services.pluginTimes();
    },
    emit(event: string, data: object, options: EmitOptions = {}) {
      bus.emit(event as keyof CoreEvents, data as never, {
        plugin: name,
        epoch: options.epoch ?? state.epoch,
        step: options.step ?? state.step,
        ...(options.level === undefined ? {} : { level: options.level }),
      });
    },
    finding: (finding: FindingInput) => emitFinding(services, name, finding),
    listen(listener: (event: TrainscopeEvent) => void) {
      services.listening.push(bus.onAny(listener));
    },
    checkpoints: {
      open: (settings) => services.checkpoints().open(name, settings),
      request: (request) => {
        services.checkpoints().request(name, request);
      },
    } satisfies Checkpoints,
    models: services.models,
    derive: (place: string) => state.streams.derive(`plugin/${name}/${place}`),
    random: (stream = '') => state.streams.stream(`plugin/${name}/${stream}`),
  };
  if (plugin.role === 'observe') return observer;
  const steering: Omit<SteererContext, keyof typeof observer> = {
    stop: (message) => {
      state.requestStop({ reason: 'stopped', by: name, message });
    },
    skipUpdate: ({ forgetBatch = false } = {}) => {
      state.skipUpdate(forgetBatch);
    },
    rollBack: ({ rateFactor }) => services.rollBack(rateFactor),
    pauseUntil: (goOn) => services.pauseUntil(name, goOn),
    snapshots: services.snapshots,
    setRateFactors: (factors) => {
      services.setRateFactors(factors);
    },
    reseed: (seed) => {
      state.reseed(seed);
    },
    seedFor: (stream) => state.streams.seedFor(stream),
    rehearse: (steps) => services.rehearse(steps),
    refreshStatistics: (batches) => services.refreshStatistics(batches),
    experiment: () => services.experiment(),
    get model() {
      return services.model().source;
    },
    weightTensors: () => new Map<string, tf.Tensor>(services.model().weights().map(({ info, variable }) => [info.name, variable])),
  };
  // Descriptors and not values: the getters must stay getters.
  return Object.defineProperties(observer, Object.getOwnPropertyDescriptors(steering));
}
