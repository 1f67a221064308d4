import * as tf from '@tensorflow/tfjs-core';
import { aliasOf } from '../backend/index.js';
import type { StepFacts, StepSources } from '../measure/index.js';
import { isHostMemory } from '../measure/pack.js';
import type { Due } from '../measure/plan.js';
import type { BatchData, Gradients } from '../plugin/hooks.js';
import type { HookRunner } from '../plugin/runner.js';
import { withClassWeights, type OutputClassWeights } from './class-weights.js';
import { accumulate, forwardBackward, type ForwardBackward } from './gradients.js';
import type { CompiledLoss } from './loss/index.js';
import { readDue, stepMemo, type Reading } from './measuring.js';
import type { MetricSums } from './metric-sums.js';
import type { ModelFace, ModelWeight } from './model.js';
import type { GradientClipping, TrainerOptimizer } from './optimizer/index.js';
import type { PhaseClock } from './phase-clock.js';
import type { RunState } from './run-state.js';
import type { RunningSums } from './running-sums.js';
import { TensorBag } from './tensor-bag.js';

export interface StepParts {
  readonly model: ModelFace;
  readonly loss: CompiledLoss;
  readonly metrics: MetricSums;
  readonly optimizer: TrainerOptimizer;
  readonly clipping: GradientClipping | undefined;
  readonly runner: HookRunner;
  readonly clock: PhaseClock;
  readonly state: RunState;
  /** The epoch's sums, which this step adds to. */
  readonly sums: RunningSums;
  /** A fixed batch of validation inputs, for measurements that want the model's answer to it. */
  readonly probe: readonly tf.Tensor[] | undefined;
  readonly classWeights: OutputClassWeights | undefined;
}

export interface StepResult {
  readonly batchSize: number;
  readonly updated: boolean;
  readonly learningRate: number;
  /** Trainable weights that got no gradient. */
  readonly unreached: readonly string[];
  /** This step's own sums and what plugins asked for, when anything was read. */
  readonly reading: Reading | undefined;
}

const isThenable = <T>(value: T | Promise<T>): value is Promise<T> => value instanceof Promise;

/**
 * One update: forward and backward for each micro-batch, hooks, clipping, the optimizer, then at most one readback.
 * Ends the batches, and every tensor that it makes, whatever happens.
 *
 * @param due What plugins want of this step. @param isRead Whether the loss is wanted though nothing is due.
 */
export async function trainStep(parts: StepParts, batches: readonly BatchData[], due: Due | null, isRead: boolean): Promise<StepResult> {
  const { model, optimizer, runner, clock, state, sums, metrics } = parts;
  const bag = new TensorBag();
  const memo = stepMemo(bag);
  /** This step's sums: the bag's, until they are handed to the epoch's. */
  let own: tf.Tensor1D | undefined;
  /** They, where they are read at once: adding them up on the device would cost more than reading them. */
  let read: Float64Array | undefined;
  const isOnHost = isHostMemory();
  try {
    for (const batch of batches) putBatch(bag, batch);
    state.beginUpdate();
    const weights = model.weights();
    const trainable = weights.filter(({ info }) => info.trainable);
    // Taken before the forward pass, since that moves the statistics of normalisation layers. A clone shares its
    // buffer, and an assign gives the variable a new one: so this costs nothing.
    const statistics = runner.hooks.gradients === undefined ? [] : weights.filter(({ info }) => !info.trainable).map(({ variable }) => ({ variable, before: bag.put(aliasOf(variable)) }));
    const before = due?.sources.has('updates') === true || due?.sources.has('weightsBefore') === true ? new Map(weights.map(({ info, variable }) => [info.name, bag.put(aliasOf(variable))])) : undefined;

    let total = 0;
    const raw = new Map<string, tf.Tensor>();
    let last: { batch: BatchData; pass: ForwardBackward } | undefined;
    for (const given of batches) {
      clock.enter('plugins');
      const transformed = runner.hooks.batch?.(given, (each) => putBatch(bag, each)) ?? given;
      const batch = withClassWeights(sized(isThenable(transformed) ? await transformed : transformed), parts.classWeights);
      putBatch(bag, batch);
      total += batch.size;
      clock.enter('forwardBackward');
      const pass = forwardBackward({
        model,
        loss: parts.loss,
        lossHook: runner.hooks.loss,
        trainable,
        batch,
        layers: due?.sources.has('activations') === true ? (due.layers ?? 'all') : [],
      });
      bag.putAll([pass.loss, ...pass.perOutput, ...pass.predictions, ...pass.activations.values(), ...pass.gradients.values()]);
      if (isOnHost) {
        const sums = metrics.read(pass.loss, pass.perOutput, batch.labels, pass.predictions, batch.size);
        read = read === undefined ? sums : sums.map((sum, i) => sum + (read?.[i] ?? Number.NaN));
      } else {
        const vector = metrics.vector(pass.loss, pass.perOutput, batch.labels, pass.predictions, batch.size);
        own = own === undefined ? vector : addBoth(own, vector);
      }
      if (batches.length === 1) for (const [name, gradient] of pass.gradients) raw.set(name, gradient);
      else accumulate(raw, pass.gradients, batch.size);
      bag.putAll(raw.values());
      last = { batch, pass };
    }
    if (batches.length > 1) for (const [name, sum] of raw) raw.set(name, bag.put(tf.mul(sum, 1 / total)));

    clock.enter('plugins');
    const hooked: Gradients | Promise<Gradients> = runner.hooks.gradients?.(raw, (each) => bag.putAll(each.values())) ?? raw;
    const gradients = isThenable(hooked) ? await hooked : hooked;
    bag.putAll(gradients.values());
    clock.enter('update');
    const clipped = parts.clipping === undefined ? gradients : parts.clipping(gradients, gradients === raw ? memo : undefined);
    bag.putAll(clipped.values());
    const learningRate = optimizer.learningRate;
    const updated = !state.isUpdateSkipped();
    if (updated) optimizer.apply(forVariables(trainable, clipped));
    const forgotten = state.isBatchForgotten();
    if (forgotten) for (const each of statistics) each.variable.assign(each.before);

    clock.enter('measure');
    let reading: Reading | undefined;
    if (last !== undefined && (due !== null || isRead)) {
      const facts: StepFacts = {
        step: state.step,
        epoch: state.epoch,
        batchSize: total,
        weights: weights.map(({ info }) => info),
        gradientNames: [...raw.keys()],
        clippedGradientNames: [...clipped.keys()],
        activationNames: [...last.pass.activations.keys()],
        probeShapes: [],
      };
      const wanted = due === null ? undefined : sourcesOf({ parts, bag, last, raw, clipped, weights, before, due });
      const asked = readDue(due, wanted, memo, { ...facts, probeShapes: wanted?.probe.map(({ shape }) => shape) ?? [] }, [...(own === undefined ? [] : [own]), ...(sums.pending === undefined ? [] : [sums.pending])]);
      const { extra, ...measured } = isThenable(asked) ? await asked : asked;
      const [mine = read, pending] = own === undefined ? [read, ...extra] : extra;
      reading = { ...measured, extra: mine === undefined ? [] : [mine] };
      if (pending !== undefined) sums.settle(pending);
      if (mine !== undefined && !forgotten) sums.addRead(mine, total);
    } else if (read !== undefined) {
      if (!forgotten) sums.addRead(read, total);
    } else if (own !== undefined && !forgotten) {
      sums.add(own, total);
      own = undefined;
    }
    return { batchSize: total, updated, learningRate, unreached: trainable.filter(({ info }) => !raw.has(info.name)).map(({ info }) => info.name), reading };
  } finally {
    own?.dispose();
    bag.dispose();
  }
}

/** A hook may have changed how many samples there are: the tensors tell. */
const sized = (batch: BatchData): BatchData => {
  const size = batch.inputs[0]?.shape[0] ?? batch.size;
  return size === batch.size ? batch : { ...batch, size };
};

const putBatch = (bag: TensorBag, { inputs, labels, sampleWeights }: BatchData): void => {
  bag.putAll(inputs);
  bag.putAll(labels);
  if (sampleWeights !== undefined) bag.putAll(sampleWeights);
};

/** The sum of two vectors in place of both. */
const addBoth = (a: tf.Tensor1D, b: tf.Tensor1D): tf.Tensor1D => {
  const sum = tf.add<tf.Tensor1D>(a, b);
  a.dispose();
  b.dispose();
  return sum;
};

/** Gradients by weight name, as the optimizer wants them: with their variables. */
const forVariables = (trainable: readonly ModelWeight[], gradients: Gradients): ReadonlyMap<tf.Variable, tf.Tensor> =>
  new Map(
    trainable.flatMap(({ info, variable }) => {
      const gradient = gradients.get(info.name);
      return gradient === undefined ? [] : [[variable, gradient] as const];
    }),
  );

interface SourceParts {
  readonly parts: StepParts;
  readonly bag: TensorBag;
  readonly last: { readonly batch: BatchData; readonly pass: ForwardBackward };
  readonly raw: Gradients;
  readonly clipped: Gradients;
  readonly weights: readonly ModelWeight[];
  readonly before: ReadonlyMap<string, tf.Tensor> | undefined;
  readonly due: Due;
}

/** The sources that a due step offers; of micro-batches, the last one's. What nobody asked for is not made. */
function sourcesOf({ parts, bag, last, raw, clipped, weights, before, due }: SourceParts): StepSources {
  const after = new Map(weights.map(({ info, variable }) => [info.name, variable as tf.Tensor]));
  const updates = new Map<string, tf.Tensor>();
  for (const [name, tensor] of due.sources.has('updates') ? (before ?? []) : []) {
    const now = after.get(name);
    if (now !== undefined) updates.set(name, bag.put(tf.sub(now, tensor)));
  }
  let probe: readonly tf.Tensor[] = [];
  if (due.sources.has('probe') && parts.probe !== undefined) {
    const inputs = parts.probe;
    probe = tf.tidy(() => parts.model.forward(inputs, false).outputs.map(aliasOf));
    bag.putAll(probe);
  }
  return {
    inputs: last.batch.inputs,
    labels: last.batch.labels,
    predictions: last.pass.predictions,
    gradients: raw,
    clippedGradients: clipped,
    weights: after,
    weightsBefore: before ?? new Map(),
    updates,
    activations: last.pass.activations,
    probe,
  };
}
