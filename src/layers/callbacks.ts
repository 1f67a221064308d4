import { Callback, CustomCallback, type CustomCallbackArgs } from '@tensorflow/tfjs-layers';
import { TrainscopeError } from '../errors.js';
import type { CoreEvents, EventView, Filter, Subscription, TrainscopeEvent } from '../events/index.js';
import type { Finding } from '../diagnosis/index.js';
import { Pace } from '../trainer/pace.js';
import type { FitParams } from './describe-fit.js';
import { FitWatcher } from './fit-watcher.js';
import type { UnresolvedLogs } from './logs.js';
import { checkOptions, type LayersCallbacksOptions } from './options.js';

/** Any callback that model.fit takes: an instance, known by what all of them have, or a plain object of functions. */
export type LayersCallback = { setParams(params: never): void; setModel(model: never): void } | CustomCallbackArgs;

const asInstance = (callback: LayersCallback): Callback | CustomCallback =>
  'setParams' in callback ? (callback as unknown as Callback) : new CustomCallback(callback);

/** Models whose fit is followed: two of ours on one would tell everything twice. */
const followed = new WeakMap<object, TrainscopeCallbacks>();

/**
 * What trainscopeCallbacks gives: a callback of tfjs-layers, with what it has found. It stands alone, or in an array with
 * other instances; `with` puts it beside callbacks of any kind. It serves one fit after another, as one run.
 */
export class TrainscopeCallbacks extends Callback {
  readonly #watcher: FitWatcher;
  readonly #given: object | undefined;
  /** tfjs-layers lets the event loop turn for plain objects alone. */
  readonly #pace = new Pace();
  #model: object | undefined;
  #params: FitParams | undefined;
  #isBegun = false;

  /** Use trainscopeCallbacks. */
  constructor(options: LayersCallbacksOptions) {
    super();
    const checked = checkOptions(options);
    this.#given = checked.model;
    this.#watcher = new FitWatcher(checked);
    // Behind a plain object, tfjs-layers takes this for one as well: its functions alone, put on a stand-in that has the parameters.
    const begin = (params: unknown): void => {
      this.#begin(params as FitParams | undefined);
    };
    this.onTrainBegin = async function onTrainBegin(this: { readonly params?: unknown }) {
      begin(this.params);
    };
    this.onTrainEnd = this.onTrainEnd.bind(this);
    this.onEpochBegin = this.onEpochBegin.bind(this);
    this.onEpochEnd = this.onEpochEnd.bind(this);
    this.onBatchBegin = this.onBatchBegin.bind(this);
    this.onBatchEnd = this.onBatchEnd.bind(this);
  }

  /** The id of all events. */
  get runId(): string {
    return this.#watcher.runId;
  }

  /** What was found by now, one finding for each root cause, the gravest first. */
  get findings(): readonly Finding[] {
    return this.#watcher.findings;
  }

  /** Hears an event of the trainer's kinds by its name; the handler gets the event whole. */
  on<Name extends keyof CoreEvents>(
    name: Name,
    handler: (event: TrainscopeEvent<Name, CoreEvents[Name]>) => void,
    filter?: Filter<EventView<TrainscopeEvent<Name, CoreEvents[Name]>>>,
  ): Subscription {
    return this.#watcher.bus.on(name, handler, filter);
  }

  /** Hears every event, those of plugins among them. */
  onAny(handler: (event: TrainscopeEvent) => void, filter?: Filter<EventView<TrainscopeEvent>>): Subscription {
    return this.#watcher.bus.onAny(handler, filter);
  }

  /**
   * An array of callbacks with this one first, as model.fit takes it. Plain objects become instances, since tfjs-layers
   * takes an array for one of instances or one of plain objects by its first element.
   * @example model.fit(x, y, { callbacks: trainscope.with({ onEpochEnd: (epoch) => console.log(epoch) }, callbacks.earlyStopping()) })
   */
  with(...others: readonly LayersCallback[]): (Callback | CustomCallback)[] {
    return [this, ...others.map(asInstance)];
  }

  /** Resolves when all that there is to tell of the last fit was told, also of one that threw. */
  async settled(): Promise<void> {
    await this.#watcher.settled();
  }

  /** Closes the sinks, and ends copies of weights that plugins kept. The model stays. */
  async dispose(): Promise<void> {
    await this.#watcher.dispose();
  }

  override setParams(params: unknown): void {
    this.#params = params as FitParams;
  }

  /** Not held to be of the tfjs-layers that is imported here: a model of another copy is one as well. */
  override setModel(model: object): void {
    this.#model = model;
  }

  #begin(params: FitParams | undefined): void {
    const model = this.#model ?? innermost(this.#given);
    if (params !== undefined) this.#params = params;
    if (model === undefined || this.#params === undefined) {
      throw new TrainscopeError('LAYERS_NO_MODEL', {
        found: 'model.fit told trainscopeCallbacks neither its model nor its parameters',
        expected: 'it tells them to instances of its own callbacks, and takes what stands behind a plain object, or comes from another copy of tfjs-layers, for a plain object as well',
        remedy: 'Use callbacks: trainscope.with(...others), or give the model: trainscopeCallbacks({ model }).',
      });
    }
    this.#isBegun = false;
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    await this.#ensureBegun(epoch);
    await this.#watcher.beginEpoch();
  }

  override async onBatchBegin(_batch: number, logs?: UnresolvedLogs): Promise<void> {
    const size = logs?.['size'];
    await this.#watcher.beginBatch(typeof size === 'number' ? size : undefined);
  }

  override async onBatchEnd(_batch: number, logs: UnresolvedLogs = {}): Promise<void> {
    await this.#watcher.endBatch(logs);
    if (this.#pace.isDue) await this.#pace.turn();
  }

  override async onEpochEnd(_epoch: number, logs: UnresolvedLogs = {}): Promise<void> {
    await this.#watcher.endEpoch(logs);
  }

  override async onTrainEnd(): Promise<void> {
    // Of no epochs at all there was no first one.
    await this.#ensureBegun(this.#params?.epochs ?? 0);
    this.#leave();
    await this.#watcher.end();
  }

  /** Not in onTrainBegin: where the first epoch is, tfjs-layers tells with the epoch alone, and a stop it forgets before. */
  async #ensureBegun(firstEpoch: number): Promise<void> {
    const model = this.#model ?? innermost(this.#given);
    if (this.#isBegun || model === undefined || this.#params === undefined) return;
    const other = followed.get(model);
    if (other !== undefined && other !== this) {
      throw new TrainscopeError('FIT_RUNNING', { found: 'two trainscopeCallbacks follow one fit', expected: 'one does', remedy: 'Put plugins and sinks of both into one.' });
    }
    this.#isBegun = true;
    await this.#watcher.begin(model, this.#params, firstEpoch, () => {
      this.#leave();
    });
    if (this.#watcher.hearsEnd) followed.set(model, this);
  }

  #leave(): void {
    const model = this.#model ?? innermost(this.#given);
    if (model !== undefined) followed.delete(model);
    this.#model = undefined;
    this.#params = undefined;
  }
}

/** A Sequential model trains by way of one within it. */
const innermost = (given: object | undefined): object | undefined => {
  if (given === undefined || !('model' in given)) return given;
  const { model } = given;
  return typeof model === 'object' && model !== null && 'layers' in model ? model : given;
};

/**
 * Callbacks for `model.fit` and `model.fitDataset` of tfjs-layers, for a training that stays with them: they emit the
 * events that a Trainer emits, and find what the rules of trainscope/diagnosis find.
 *
 * What callbacks are not told is seen by wrapping functions of the model for the time of the fit; see the option `patch`,
 * and docs/tfjs-layers.md for what cannot be seen at all.
 *
 * @throws ConfigError OPTIONS_INVALID for options that do not fit, with all problems; PluginError LAYERS_NOT_SEEN for a
 * plugin that needs what model.fit does not show. From model.fit, before its first step: PluginError PLUGIN_REQUIRES,
 * TrainscopeError LAYERS_NO_MODEL, FIT_RUNNING for two of them in one fit.
 *
 * @example
 * const trainscope = trainscopeCallbacks({ sinks: [fileSink({ path: 'events.ndjson' })] });
 * await model.fit(x, y, { epochs: 5, callbacks: trainscope });
 * console.log(trainscope.findings);
 * await trainscope.dispose();
 */
export const trainscopeCallbacks = (options: LayersCallbacksOptions = {}): TrainscopeCallbacks => new TrainscopeCallbacks(options);
