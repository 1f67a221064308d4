import type * as tf from '@tensorflow/tfjs-core';
import type { BatchData, Gradients, HookName, HookPayloads, LossParts } from '../plugin/hooks.js';
import type { Plugin } from '../plugin/define-plugin.js';
import type { EmitOptions, FindingInput, LoopPlaceName, PhaseTimes, RehearsalStep } from '../plugin/context.js';
import type { TrainscopeEvent } from '../events/index.js';
import type { InputInfo, OutputInfo, ValidationMeasurement, WeightInfo } from '../measure/index.js';
import { RandomStreams, type RandomStream } from '../random/index.js';

/** What the harness heard from the plugin. */
export interface HeardEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly options: EmitOptions | undefined;
}

/** Fields of the context that a test may set before and between calls. */
export interface HarnessFields {
  epoch: number;
  step: number;
  stepInEpoch: number;
  learningRate: number;
  backend: string;
  weights: readonly WeightInfo[];
  outputNames: readonly string[];
  inputs: readonly InputInfo[];
  outputs: readonly OutputInfo[];
  place: LoopPlaceName;
  metrics: Record<string, number>;
  times: PhaseTimes;
  pluginTimes: Record<string, number>;
  model: unknown;
}

const noTimes: PhaseTimes = { data: 0, forwardBackward: 0, update: 0, measure: 0, plugins: 0, validation: 0, pace: 0 };

/**
 * Drives one plugin without a trainer: calls its hooks with what the test gives, checks each emitted event against
 * the plugin's schema, and keeps what was emitted, found, stopped and set. For unit tests of plugins; a test with a
 * real Trainer should stand beside it.
 *
 * @example
 * const harness = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 1 }));
 * await harness.call('epochEnd', { metrics: { loss: 1 }, validation: null, steps: 1, samples: 1, milliseconds: 1 });
 * expect(harness.stops).toEqual([]);
 */
export class PluginHarness {
  readonly events: HeardEvent[] = [];
  readonly findings: FindingInput[] = [];
  readonly stops: string[] = [];
  readonly snapshotCalls: string[] = [];
  readonly modelCalls: string[] = [];
  readonly fields: HarnessFields;
  readonly context: Record<string, unknown> & { state: unknown };
  skipped = 0;
  /** What the plugin measures over the validation data, in the order of its asking. */
  readonly validationAsks: { readonly measurement: ValidationMeasurement<unknown>; readonly got: (value: unknown) => void; readonly isDue: () => boolean }[] = [];
  readonly #listeners: ((event: TrainscopeEvent) => void)[] = [];
  #streams: RandomStreams;
  readonly #hooks: Readonly<Partial<Record<HookName, unknown>>>;
  readonly #snapshots = new Set<string>();
  #exchanged: string | undefined;

  constructor(readonly plugin: Plugin<object>, fields: Partial<HarnessFields> & { readonly seed?: number; readonly rehearse?: (steps: number) => Promise<readonly RehearsalStep[]> } = {}) {
    const { seed = 1, rehearse, ...given } = fields;
    const bound = plugin.bind();
    this.#hooks = bound.hooks;
    this.#streams = new RandomStreams(seed);
    this.fields = {
      epoch: 0, step: 0, stepInEpoch: 0, learningRate: 0.1, backend: 'cpu', weights: [], outputNames: ['output'], inputs: [], outputs: [], place: { phase: undefined, hook: undefined }, metrics: {}, times: noTimes, pluginTimes: {}, model: undefined, ...given,
    };
    const own: Record<string, unknown> = {
      name: plugin.name,
      runId: 'harness',
      state: bound.state,
      emit: (event: string, data: Record<string, unknown>, options?: EmitOptions) => this.#emit(event, data, options),
      finding: (finding: FindingInput) => this.findings.push(finding),
      overValidation: (measurement: ValidationMeasurement<unknown>, got: (value: unknown) => void, isDue: () => boolean = () => true) => this.validationAsks.push({ measurement, got, isDue }),
      listen: (listener: (event: TrainscopeEvent) => void) => this.#listeners.push(listener),
      random: (name = ''): RandomStream => this.#streams.stream(`plugin/${plugin.name}/${name}`),
      derive: (place: string): RandomStream => this.#streams.derive(`plugin/${plugin.name}/${place}`),
      stop: (message: string) => this.stops.push(message),
      skipUpdate: () => (this.skipped += 1),
      pauseUntil: async (goOn: PromiseLike<unknown>) => {
        await goOn;
      },
      reseed: (next: number) => (this.#streams = new RandomStreams(next)),
      seedFor: (name: string) => this.#streams.seedFor(name),
      setRateFactors: () => undefined,
      refreshStatistics: (batches: number) => Promise.resolve({ layers: 1, batches }),
      rehearse: rehearse ?? (() => Promise.resolve([])),
      weightTensors: (): ReadonlyMap<string, tf.Tensor> => new Map(),
      models: { open: (path: string) => (this.modelCalls.push(`open ${path}`), Promise.resolve()), save: (path: string) => (this.modelCalls.push(`save ${path}`), Promise.resolve({ bytes: 0, written: Promise.resolve() })) },
      snapshots: {
        save: (key: string) => (this.#snapshots.add(key), this.snapshotCalls.push(`save ${key}`)),
        restore: (key: string) => (this.snapshotCalls.push(`restore ${key}`), this.#snapshots.has(key)),
        drop: (key: string) => (this.#snapshots.delete(key), this.snapshotCalls.push(`drop ${key}`)),
        has: (key: string) => this.#snapshots.has(key),
        average: (key: string, share: number) => (this.#snapshots.add(key), this.snapshotCalls.push(`average ${key} ${String(share)}`)),
        exchange: (key: string) => {
          this.snapshotCalls.push(`exchange ${key}`);
          if (!this.#snapshots.has(key)) return false;
          this.#exchanged = this.#exchanged === undefined ? key : undefined;
          return true;
        },
        settle: (key: string) => {
          this.snapshotCalls.push(`settle ${key}`);
          if (this.#exchanged === key) this.#exchanged = undefined;
        },
      },
    };
    Object.defineProperty(own['snapshots'], 'exchanged', { get: () => this.#exchanged });
    this.context = new Proxy(own, {
      get: (target, key) => (typeof key === 'string' && key in this.fields ? this.fields[key as keyof HarnessFields] : target[key as string]),
      set: (target, key, value) => {
        if (key === 'learningRate') this.fields.learningRate = value as number;
        else target[key as string] = value;
        return true;
      },
    }) as typeof this.context;
  }

  /** The data of the events of one name, in order. */
  dataOf(event: string): readonly Readonly<Record<string, unknown>>[] {
    return this.events.filter((each) => each.event === event).map(({ data }) => data);
  }

  /** Has the plugin hear an event, when it listens. */
  hear(event: TrainscopeEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Calls a hook, when the plugin has it, and waits for it. */
  async call<H extends HookName>(hook: H, payload: HookPayloads[H], parts?: LossParts): Promise<BatchData | Gradients | tf.Scalar | undefined> {
    const handler = this.#hooks[hook] as ((payload: unknown, context: unknown, parts?: unknown) => unknown) | undefined;
    return (await handler?.(payload, this.context, parts)) as BatchData | Gradients | tf.Scalar | undefined;
  }

  #emit(event: string, data: Record<string, unknown>, options: EmitOptions | undefined): void {
    const schema = this.plugin.events[event];
    if (schema === undefined) throw new TypeError(`the plugin "${this.plugin.name}" emits "${event}", which is not among its events`);
    this.events.push({ event, data: schema.parse(data) as Record<string, unknown>, options });
  }
}
