import type * as tf from '@tensorflow/tfjs-core';
import type { InputInfo, OutputInfo, ValidationMeasurement, WeightInfo } from '../measure/index.js';
import type { RandomStream } from '../random/index.js';
import type { Level, TrainscopeEvent } from '../events/index.js';
import type { Checkpoints } from './checkpoints.js';
import type { Models } from './models.js';
import type { HookName, Metrics } from './hooks.js';

/** Where a second of the loop went, in milliseconds since the fit began. */
export interface PhaseTimes {
  /** Waiting for the next batch. */
  readonly data: number;
  /** Forward pass, loss and backward pass (on a GPU: issuing them). */
  readonly forwardBackward: number;
  readonly update: number;
  /** Reducing, packing and reading what was due. */
  readonly measure: number;
  /** Hooks of plugins. */
  readonly plugins: number;
  readonly validation: number;
  /** Letting the event loop turn. */
  readonly pace: number;
}

/** Where in the loop something happens. */
export interface LoopPlaceName {
  /** Undefined outside a fit. */
  readonly phase: keyof PhaseTimes | undefined;
  /** The hook that is being called, and whose; after its first await it may be told no more. */
  readonly hook: { readonly plugin: string; readonly name: HookName } | undefined;
}

/** One thing found wrong, or worth knowing. */
export interface FindingInput {
  /** Kebab-case name of the rule: `exploding-gradients`. */
  readonly rule: string;
  readonly severity: 'info' | 'warning' | 'error';
  /** One sentence with the numbers. */
  readonly message: string;
  /** Which layer, weight, feature, sample or steps. */
  readonly where?: {
    readonly layer?: string;
    readonly weight?: string;
    readonly feature?: string | number;
    readonly sample?: number;
    readonly plugin?: string;
    readonly steps?: { readonly from: number; readonly to: number };
  };
  /** The numbers that show it. */
  readonly evidence?: Readonly<Record<string, unknown>>;
  /** What to change, concretely. */
  readonly remedy: string;
  /** A page of docs/, relative. */
  readonly docs?: string;
}

export interface EmitOptions {
  readonly level?: Level;
  /** The step that the data is of, when it is not the present one. */
  readonly step?: number;
  readonly epoch?: number;
}

/** Names and data of a plugin's own events. */
export type EventData = Readonly<Record<string, unknown>>;

/** What every hook of an observing plugin gets as its second argument: one object for the whole fit. */
export interface ObserverContext<Events extends object = EventData, State = unknown> {
  /** The name under which the plugin runs. */
  readonly name: string;
  readonly runId: string;
  /** The epoch that is under way, from 1; 0 before the first. */
  readonly epoch: number;
  /** Updates done since the first fit began; during a step, the step under way: the first is 1. */
  readonly step: number;
  /** Steps done in the present epoch. */
  readonly stepInEpoch: number;
  readonly learningRate: number;
  readonly backend: string;
  /** The plugin's state: plain data of its schema, saved and restored by the trainer. Assign fields or replace it. */
  state: State;
  /** All weights, in the model's order. */
  readonly weights: readonly WeightInfo[];
  readonly outputNames: readonly string[];
  /** The model's inputs, in its order. From fitStart on. */
  readonly inputs: readonly InputInfo[];
  /** The model's outputs, in its order, with what they are trained for. From fitStart on. */
  readonly outputs: readonly OutputInfo[];
  /** Where the loop is now. */
  readonly place: LoopPlaceName;
  /** Latest metrics that were read: the step's, with `val_` ones of the latest validation. */
  readonly metrics: Metrics;
  /** Times by phase since this fit began. */
  readonly times: PhaseTimes;
  /** Milliseconds by plugin since this fit began. */
  readonly pluginTimes: Readonly<Record<string, number>>;
  /** Emits one of the plugin's events. @throws TrainscopeError EVENT_INVALID when the data does not fit its schema. */
  emit<Name extends keyof Events & string>(event: Name, data: Events[Name], options?: EmitOptions): void;
  /** Emits a finding. */
  finding(finding: FindingInput): void;
  /**
   * Hears every event from now until the fit has ended, its run-end included; in setup: all of the fit. Events that it
   * emits while it hears one come after that one. A listener that throws is not called any more, and an event says so.
   */
  listen(listener: (event: TrainscopeEvent) => void): void;
  /**
   * Measures over all the validation data, at each of this fit's validations: batch by batch on the device, read once at
   * the end. Call it in setup or fitStart.
   * @param got Hears the value, after the validation and before validationEnd. Not of a validation that was cut short.
   * @param isDue Asked before each validation. Default: always.
   * @throws PluginError PLUGIN_REQUIRES where another loop than a Trainer's makes the validation
   */
  overValidation<Value>(measurement: ValidationMeasurement<Value>, got: (value: Value) => void, isDue?: () => boolean): void;
  readonly checkpoints: Checkpoints;
  readonly models: Models;
  /** A random stream of the plugin's own: drawing from it changes nobody else's numbers. */
  random(name?: string): RandomStream;
  /** A stream that starts anew at every call: its numbers depend on the seed and the name alone. Name the place: `step/12`. */
  derive(name: string): RandomStream;
}

/** Copies of all weights (statistics of normalisation layers included), kept on the device and owned by the trainer. */
export interface WeightSnapshots {
  /** Keeps a copy under the key, in place of an older one. */
  save(key: string): void;
  /** Puts the copy back. False when there is none. */
  restore(key: string): boolean;
  drop(key: string): void;
  has(key: string): boolean;
  /**
   * Moves the copy towards the weights: copy + share * (weight - copy), for weights that are trained or, with
   * `statistics: 'average'`, for all of them; the others are copied anew. Without a copy, or with a share of 1, it is the
   * weights. Only float32 is averaged. Nothing is read from the device.
   */
  average(key: string, share: number, options: { readonly statistics: 'average' | 'copy' }): void;
  /**
   * Puts the copy into the model, and the weights as the copy; called again it puts both back, to the bit. Checkpoints
   * hold the weights in their own place meanwhile. False when there is no copy.
   * @throws TrainscopeError STATE_INVALID while another copy is in the model
   */
  exchange(key: string): boolean;
  /** The key whose copy stands in the model in exchange for the weights. */
  readonly exchanged: string | undefined;
  /** Leaves what is in the model now as the weights, and ends the copy of those that it was exchanged for. */
  settle(key: string): void;
}

/** Where a roll-back led to. */
export interface RolledBack {
  readonly checkpoint: string;
  readonly epoch: number;
  readonly step: number;
  /** In force now. */
  readonly learningRate: number;
}

/** One step of a rehearsal: what it led to. */
export interface RehearsalStep {
  readonly step: number;
  readonly loss: number;
  /** Bytes of every weight after the step, by name. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** Statistics that were taken anew. */
export interface RefreshedStatistics {
  /** Layers of batch normalisation. */
  readonly layers: number;
  /** Batches that they saw. */
  readonly batches: number;
}

/** The context of a plugin that may steer. */
export interface SteererContext<Events extends object = EventData, State = unknown> extends ObserverContext<Events, State> {
  /** Of the next update; after a roll-back that lowered it, before what it is multiplied with since. */
  learningRate: number;
  /** Ends the fit at the next place where the loop looks: after this step, or before the first when called in fitStart. */
  stop(message: string): void;
  /**
   * Within a step, before its update: leaves weights and optimizer as they are. With `forgetBatch` the step leaves no
   * trace: what the forward pass added to statistics of normalisation layers is taken back, and the epoch's means are without it.
   */
  skipUpdate(options?: { readonly forgetBatch?: boolean }): void;
  /**
   * Puts weights and optimizer slots back to the newest checkpoint that holds no NaN and no infinities, and multiplies
   * every learning rate, from now on, with `rateFactor` (0 to 1). The data goes on where it is: what was trained since is
   * not trained again. Between two steps: in stepEnd, measured or later.
   * @returns the checkpoint, or undefined when there is none; nothing is changed then
   */
  rollBack(options: { readonly rateFactor: number }): Promise<RolledBack | undefined>;
  /**
   * Holds the training where it is until the promise settles or the fit is asked to end. To be awaited in a hook: that
   * time counts neither as the plugin's nor as the loop's. The process stays meanwhile, whatever else it has to do.
   */
  pauseUntil(goOn: PromiseLike<unknown>): Promise<void>;
  readonly snapshots: WeightSnapshots;
  /**
   * From the next update on, multiplies the learning rate of each weight by its factor; of those not named by 1. The last
   * call counts. It is no part of a checkpoint: call it in fitStart.
   * @throws TrainscopeError OPTIMIZER_INVALID for a factor that is negative or not finite, WEIGHTS_MISMATCH for a name that no weight has
   */
  setRateFactors(factors: ReadonlyMap<string, number>): void;
  /** Fixes every random stream of the trainer (the order of the data, the plugins' streams) to this seed. */
  reseed(seed: number): void;
  /** A number that depends on the trainer's seed and the name alone; never 0, which TensorFlow.js takes as unseeded. */
  seedFor(name: string): number;
  /** Trains `steps` steps from the present state on the data's first batches, then puts everything back as it was. */
  rehearse(steps: number): Promise<readonly RehearsalStep[]>;
  /**
   * Takes the moving statistics of batch normalisation anew, with the weights as they are now: the mean over so many batches
   * of training data, at most one pass. Between two epochs or in fitEnd. Of a model written by hand nothing is known.
   */
  refreshStatistics(batches: number): Promise<RefreshedStatistics>;
  /** The model as it was handed to the trainer. */
  readonly model: unknown;
  /** Options of the trainer and of this fit with its data, as \`preflight\` of trainscope/diagnosis takes them. From fitStart on. */
  experiment(): unknown;
  /** Trainable or not, by name: to look, not to dispose of. Values change in place with every update. */
  weightTensors(): ReadonlyMap<string, tf.Tensor>;
}
