import { countOf, pick, pickPart, range, type Part } from '../recipe.js';
import { mapLabels, withAll, withHeld, withTrain, type Fault } from './fault.js';

const rolled = (part: Part, by: number): Part => ({ ...part, labels: pick(part.labels, range(countOf(part)).map((i) => (i + by) % countOf(part))) });

/** Labels that do not say what the inputs are. */
export const labelFaults: readonly Fault[] = [
  {
    kind: 'labels-shuffled',
    category: 'labels',
    causes: ['labels-not-predictable', 'inputs-do-not-explain-labels', 'labels-out-of-step'],
    setups: ['mlp', 'friedman', 'residual', 'tokens'],
    apply: (recipe, random) => withTrain(recipe, (part) => ({ ...part, labels: pick(part.labels, random.permutation(countOf(part))) })),
  },
  {
    kind: 'labels-shuffled-everywhere',
    category: 'labels',
    causes: ['labels-not-predictable', 'inputs-do-not-explain-labels', 'labels-out-of-step'],
    setups: ['cnn', 'iris', 'pairs'],
    apply: (recipe, random) => withAll(recipe, (part) => ({ ...part, labels: pick(part.labels, random.permutation(countOf(part))) })),
  },
  {
    kind: 'labels-shifted-by-one',
    category: 'labels',
    // That they are not predictable as they stand is true as well.
    causes: ['labels-out-of-step', 'labels-not-predictable', 'inputs-do-not-explain-labels'],
    setups: ['mlp', 'friedman', 'tokens'],
    apply: (recipe) => withTrain(recipe, (part) => rolled(part, 1)),
  },
  {
    kind: 'labels-shifted-by-a-batch',
    category: 'labels',
    causes: ['labels-out-of-step', 'labels-not-predictable', 'inputs-do-not-explain-labels'],
    setups: ['friedman', 'residual', 'cnn'],
    apply: (recipe) => withTrain(recipe, (part) => rolled(part, recipe.batchSize)),
  },
  {
    kind: 'label-noise',
    category: 'labels',
    causes: ['label-noise'],
    setups: ['mlp', 'residual', 'handwritten'],
    apply: (recipe, random) => withTrain(recipe, (part) => mapLabels(part, (label) => (random.float() < 0.4 ? random.int(recipe.architecture.outputs) : label))),
  },
  {
    kind: 'labels-all-one-class',
    category: 'labels',
    causes: ['one-class', 'labels-constant'],
    setups: ['mlp', 'iris', 'rare'],
    apply: (recipe) => withTrain(recipe, (part) => mapLabels(part, () => 0)),
  },
  {
    kind: 'targets-constant',
    category: 'labels',
    causes: ['labels-constant', 'one-class'],
    setups: ['friedman', 'pairs'],
    apply: (recipe) => withTrain(recipe, (part) => mapLabels(part, () => 0.7)),
  },
  {
    kind: 'class-missing',
    category: 'labels',
    causes: ['missing-class', 'distribution-shift', 'classes-without-samples'],
    setups: ['mlp', 'iris', 'residual'],
    apply: (recipe) => withTrain(recipe, (part) => pickPart(part, range(countOf(part)).filter((i) => part.labels.values[i] !== 2))),
  },
  {
    kind: 'validation-labels-shuffled',
    category: 'labels',
    causes: ['validation-labels-out-of-step'],
    setups: ['mlp', 'friedman', 'residual'],
    apply: (recipe, random) => withHeld(recipe, (part) => ({ ...part, labels: pick(part.labels, random.permutation(countOf(part))) })),
  },
  {
    kind: 'validation-labels-shifted',
    category: 'labels',
    causes: ['validation-labels-out-of-step'],
    setups: ['cnn', 'pairs', 'tokens'],
    apply: (recipe) => withHeld(recipe, (part) => rolled(part, 1)),
  },
  {
    kind: 'classes-from-one',
    category: 'labels',
    causes: ['label-out-of-range'],
    setups: ['mlp', 'iris'],
    apply: (recipe) => withAll(recipe, (part) => mapLabels(part, (label) => label + 1)),
  },
];
