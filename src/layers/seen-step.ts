import * as tf from '@tensorflow/tfjs-core';
import type { StepFacts, StepSources } from '../measure/index.js';
import type { Due } from '../measure/plan.js';
import { readReduced, reduceDue, stepMemo, type Reading, type Reduced } from '../trainer/measuring.js';
import type { ModelFace, ModelWeight } from '../trainer/model.js';
import { TensorBag } from '../trainer/tensor-bag.js';

export interface StepPlaceOf {
  readonly step: number;
  readonly epoch: number;
  readonly stepInEpoch: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

/**
 * One step of model.fit as the patches show it, from before its batch to after its update: it keeps what is due until
 * the update, reduces it there on the device, and reads it with the logs of the batch in one go.
 */
export class SeenStep {
  readonly #bag = new TensorBag();
  readonly #before: ReadonlyMap<string, tf.Tensor> | undefined;
  readonly #activations = new Map<string, tf.Tensor>();
  readonly #predictions: tf.Tensor[] = [];
  readonly #labels: tf.Tensor[] = [];
  readonly #weights: readonly ModelWeight[];
  #reduced: readonly Reduced[] | undefined;
  /** Trainable weights that got no gradient: known where gradients are seen. */
  unreached: readonly string[] = [];
  updated = true;

  constructor(
    readonly place: StepPlaceOf,
    readonly due: Due | null,
    face: ModelFace,
  ) {
    this.#weights = face.weights();
    // A clone shares its buffer, and an update gives the variable a new one: so this costs nothing.
    if (due?.sources.has('updates') === true || due?.sources.has('weightsBefore') === true) this.#before = new Map(this.#weights.map(({ info, variable }) => [info.name, this.#bag.put(tf.keep(tf.clone<tf.Tensor>(variable)))]));
  }

  /** Whether the forward pass of the step is yet to be, or under way. */
  get isBeforeUpdate(): boolean {
    return this.#reduced === undefined;
  }

  layerGave(name: string, output: tf.Tensor): void {
    const { due } = this;
    if (due?.sources.has('activations') !== true || this.#activations.has(name) || due.layers?.includes(name) === false) return;
    this.#activations.set(name, this.#keep(output));
  }

  losing(output: number, labels: tf.Tensor, predictions: tf.Tensor): void {
    if (this.due?.sources.has('predictions') === true) this.#predictions[output] = this.#keep(predictions);
    if (this.due?.sources.has('labels') === true) this.#labels[output] = this.#keep(labels);
  }

  /** To be called right after the update. `gradients` go by the names of variables. */
  reduce(gradients: ReadonlyMap<string, tf.Tensor> | undefined): void {
    if (gradients !== undefined) this.unreached = this.#weights.filter(({ info, variable }) => info.trainable && !gradients.has(variable.name)).map(({ info }) => info.name);
    try {
      const { due, place } = this;
      if (due === null) {
        this.#reduced = [];
        return;
      }
      const raw = new Map(this.#weights.flatMap(({ info, variable }) => {
        const gradient = gradients?.get(variable.name);
        return gradient === undefined ? [] : [[info.name, gradient] as const];
      }));
      const after = new Map(this.#weights.map(({ info, variable }) => [info.name, variable as tf.Tensor]));
      const updates = new Map([...(due.sources.has('updates') ? (this.#before ?? []) : [])].flatMap(([name, tensor]) => {
        const now = after.get(name);
        return now === undefined ? [] : [[name, this.#bag.put(tf.keep(tf.sub(now, tensor)))] as const];
      }));
      const sources: StepSources = {
        inputs: [],
        labels: this.#labels,
        predictions: this.#predictions,
        gradients: raw,
        clippedGradients: raw,
        weights: after,
        weightsBefore: this.#before ?? new Map(),
        updates,
        activations: this.#activations,
        probe: [],
      };
      const names = [...raw.keys()];
      const facts: StepFacts = {
        step: place.step,
        epoch: place.epoch,
        batchSize: place.batchSize,
        weights: this.#weights.map(({ info }) => info),
        gradientNames: names,
        clippedGradientNames: names,
        activationNames: [...this.#activations.keys()],
        probeShapes: [],
      };
      const reduced = reduceDue(due, sources, stepMemo(this.#bag), facts);
      // model.fit ends what is made inside its step, and they are read after it.
      for (const { tensor } of reduced) if (tensor !== undefined) tf.keep(tensor);
      this.#reduced = reduced;
    } finally {
      this.#bag.dispose();
    }
  }

  /** Reads what was reduced, and `extra` with it. */
  read(extra: readonly tf.Tensor[]): Reading | Promise<Reading> {
    const reduced = this.#reduced ?? [];
    this.#reduced = [];
    return readReduced(this.due, reduced, extra);
  }

  /** Ends what a step holds that did not come to its end. */
  dispose(): void {
    this.#bag.dispose();
    for (const { tensor } of this.#reduced ?? []) tensor?.dispose();
    this.#reduced = [];
  }

  #keep(tensor: tf.Tensor): tf.Tensor {
    return this.#bag.put(tf.keep(tf.clone(tensor)));
  }
}
