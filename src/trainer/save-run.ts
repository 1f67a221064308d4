import * as tf from '@tensorflow/tfjs-core';
import type { CheckpointContent, NamedArray } from '../checkpoint/index.js';
import { CheckpointError } from '../errors.js';
import { matchWeights, readArrays, toTensors } from './capture.js';
import type { Engine } from './engine.js';
import type { SavedRun } from './saved-run.js';
import type { SnapshotShelf } from './weight-snapshots.js';

type Arrays = Omit<CheckpointContent, 'state'>;

/** Copies of all that a checkpoint holds as tensors. */
export async function copyArrays({ model, optimizer }: Engine, snapshots: SnapshotShelf): Promise<Arrays> {
  const weights = model.weights();
  const names = model.savedNames();
  const slots = optimizer.snapshot();
  try {
    const kept = [...snapshots.entries].map(async ([key, tensors]) => [key, await readArrays([...tensors].map(([name, tensor]) => ({ name, tensor })))] as const);
    // While an average stands in the model, the weights are those that the training goes on with.
    const { aside } = snapshots;
    return {
      weights: await readArrays(weights.map(({ info, variable }, i) => ({ name: names[i] ?? info.name, tensor: aside?.get(info.name) ?? variable }))),
      optimizer: await readArrays(slots.slots),
      snapshots: Object.fromEntries(await Promise.all(kept)),
      topology: model.topology(),
    };
  } finally {
    slots.dispose();
  }
}

/** What the optimizer holds beside slots. */
export function optimizerFacts({ model, optimizer }: Engine): SavedRun['optimizer'] {
  const places = new Map(model.weights().map(({ variable }, i) => [variable.name, i]));
  const { facts } = optimizer;
  return {
    optimizer: facts.optimizer,
    iterations: facts.iterations,
    learningRate: facts.learningRate,
    order: facts.order.map((name) => {
      const place = places.get(name);
      if (place !== undefined) return place;
      throw new CheckpointError('WEIGHTS_MISMATCH', {
        found: `the optimizer has slots of the weight "${name}"`,
        expected: 'all of its weights are of this model',
        remedy: 'Give each trainer an optimizer of its own.',
      });
    }),
  };
}

/**
 * Puts weights and optimizer where a checkpoint has them.
 * @throws CheckpointError WEIGHTS_MISMATCH when they are of another model or optimizer; nothing is changed then
 */
export function putWeightsAndSlots({ model, optimizer }: Engine, content: Pick<CheckpointContent, 'weights' | 'optimizer'>, saved: SavedRun['optimizer'], checkpoint: string): void {
  const weights = model.weights();
  const pairs = matchWeights(weights, model.savedNames(), content.weights, checkpoint);
  // The places are those in the checkpoint: two models with the same names may list them in another order.
  const variables = content.weights.map((array) => pairs.find((pair) => pair.array === array)?.weight.variable.name);
  const order = saved.order.map((place) => {
    const name = variables[place];
    if (name !== undefined) return name;
    throw new CheckpointError('CHECKPOINT_FORMAT', { found: `the optimizer of the checkpoint "${checkpoint}" has slots of weight ${String(place)}`, expected: `it holds ${String(content.weights.length)} weights` });
  });
  const slots = toTensors(content.optimizer);
  try {
    optimizer.restore({ ...saved, order, slots });
  } finally {
    for (const { tensor } of slots) tensor.dispose();
  }
  for (const { weight, array } of pairs) tf.tidy(() => weight.variable.assign(tensorOf(array)));
}

const tensorOf = ({ values, shape, dtype }: NamedArray): tf.Tensor => tf.tensor(values, [...shape], dtype);

/** Puts the copies of weights that plugins had kept back on their shelf. */
export function putSnapshots(shelf: SnapshotShelf, snapshots: CheckpointContent['snapshots']): void {
  for (const [key, arrays] of Object.entries(snapshots)) shelf.put(key, toTensors(arrays).map(({ tensor }) => tensor));
}
