import { setTimeout as wait } from 'node:timers/promises';
import type { RandomStream } from '../../../src/random/index.js';
import { countOf, pick, pickPart, range, samplesOf, type Part, type Recipe } from '../recipe.js';
import { mapInputs, type Fault } from './fault.js';

type Change = (batch: Part) => Part;

/** Batches in random order, each changed on its way: as a generator of one's own makes them. */
const streamed =
  (recipe: Recipe, random: RandomStream, change: Change): Recipe['source'] =>
  (part) =>
  () => {
    const order = random.permutation(countOf(part));
    return range(Math.floor(order.length / recipe.batchSize)).map((i) => samplesOf(change(pickPart(part, order.subarray(i * recipe.batchSize, (i + 1) * recipe.batchSize)))));
  };

/** Ways from the samples to the batches that change what they say. */
export const pipelineFaults: readonly Fault[] = [
  {
    kind: 'shuffled-apart-in-batches',
    category: 'pipeline',
    causes: ['labels-not-predictable', 'inputs-do-not-explain-labels', 'labels-out-of-step'],
    setups: ['mlp', 'friedman', 'residual'],
    apply: (recipe, random) => ({ ...recipe, source: streamed(recipe, random, (batch) => ({ ...batch, labels: pick(batch.labels, random.permutation(countOf(batch))) })) }),
  },
  {
    kind: 'same-batch-every-time',
    category: 'pipeline',
    causes: ['repeated-batches', 'repeated-samples'],
    setups: ['mlp', 'friedman', 'tokens'],
    apply: (recipe) => ({ ...recipe, source: (part) => () => range(Math.floor(countOf(part) / recipe.batchSize)).map(() => samplesOf(pickPart(part, range(recipe.batchSize)))) }),
  },
  {
    kind: 'augmented-to-a-constant',
    category: 'pipeline',
    causes: ['inputs-all-same'],
    setups: ['mlp', 'cnn', 'friedman'],
    // An index that stays at 0: every input is the first one.
    apply: (recipe, random) => ({ ...recipe, source: streamed(recipe, random, (batch) => ({ ...batch, inputs: recipe.train.inputs.map((each) => pick(each, range(countOf(batch)).map(() => 0))) })) }),
  },
  {
    kind: 'augmented-beyond-recognition',
    category: 'pipeline',
    causes: ['labels-not-predictable', 'inputs-do-not-explain-labels'],
    setups: ['mlp', 'cnn', 'friedman'],
    // Noise a hundred times the signal, of which nothing is left.
    apply: (recipe, random) => ({ ...recipe, source: streamed(recipe, random, (batch) => mapInputs(batch, () => random.normal())) }),
  },
  {
    kind: 'loader-slow',
    category: 'pipeline',
    causes: ['data-bound'],
    setups: ['friedman', 'mlp'],
    apply: (recipe) => ({
      ...recipe,
      epochs: 10,
      source: (part) =>
        async function* () {
          for (const i of range(Math.floor(countOf(part) / recipe.batchSize))) {
            await wait(25);
            yield samplesOf(pickPart(part, range(recipe.batchSize, i * recipe.batchSize)));
          }
        },
    }),
  },
];
