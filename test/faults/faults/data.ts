import { countOf, pickPart, range, type Part } from '../recipe.js';
import { mapInputs, withAll, withHeld, withTrain, type Fault } from './fault.js';

const tinyImages = (part: Part): Part => mapInputs(part, (value) => value * 1e-4);

/** Inputs that are not as a network needs them, and splits that are none. */
export const dataFaults: readonly Fault[] = [
  {
    kind: 'inputs-times-255',
    category: 'data',
    causes: ['inputs-not-scaled'],
    setups: ['mlp', 'cnn', 'handwritten'],
    apply: (recipe) => withAll(recipe, (part) => mapInputs(part, (value) => 255 * value)),
  },
  {
    kind: 'inputs-far-from-zero',
    category: 'data',
    causes: ['inputs-not-scaled', 'features-scales-differ'],
    setups: ['friedman', 'residual', 'rare'],
    // As years, or kelvins: much offset, little spread.
    apply: (recipe) => withAll(recipe, (part) => mapInputs(part, (value) => 1000 + 10 * value)),
  },
  {
    kind: 'inputs-tiny',
    category: 'data',
    causes: ['inputs-not-scaled'],
    setups: ['mlp', 'friedman', 'residual'],
    apply: (recipe) => withAll(recipe, tinyImages),
  },
  {
    kind: 'one-feature-x1000',
    category: 'data',
    causes: ['features-scales-differ', 'inputs-not-scaled'],
    setups: ['friedman', 'iris', 'rare'],
    apply: (recipe) => withAll(recipe, (part) => mapInputs(part, (value, column) => (column === 1 ? 5000 * (value + 1) : value))),
  },
  {
    kind: 'inputs-all-zeros',
    category: 'data',
    causes: ['inputs-all-same'],
    setups: ['mlp', 'friedman', 'tokens'],
    apply: (recipe) => withAll(recipe, (part) => mapInputs(part, () => 0)),
  },
  {
    kind: 'inputs-half-nan',
    category: 'data',
    causes: ['data-not-finite'],
    setups: ['friedman', 'mlp'],
    apply: (recipe, random) => withTrain(recipe, (part) => mapInputs(part, (value) => (random.float() < 0.01 ? NaN : value))),
  },
  {
    kind: 'targets-nan',
    category: 'data',
    causes: ['data-not-finite'],
    setups: ['friedman', 'waves'],
    apply: (recipe) => withTrain(recipe, (part) => ({ ...part, labels: { ...part.labels, values: Float32Array.from(part.labels.values, (value, i) => (i % 97 === 5 ? NaN : value)) } })),
  },
  {
    kind: 'validation-in-training',
    category: 'data',
    causes: ['train-validation-leak'],
    setups: ['mlp', 'friedman', 'residual'],
    apply: (recipe) => ({ ...recipe, held: pickPart(recipe.train, range(countOf(recipe.held))) }),
  },
  {
    kind: 'validation-scaled-otherwise',
    category: 'data',
    causes: ['distribution-shift', 'validation-scaled-differently'],
    setups: ['mlp', 'friedman', 'cnn'],
    apply: (recipe) => withHeld(recipe, (part) => mapInputs(part, (value) => 255 * value)),
  },
  {
    kind: 'validation-from-elsewhere',
    category: 'data',
    causes: ['distribution-shift'],
    setups: ['mlp', 'pairs', 'rare'],
    // Of images the negatives.
    apply: (recipe) => withHeld(recipe, (part) => mapInputs(part, (value) => (recipe.setup === 'mlp' ? 1 - value : 1.5 * value + 3))),
  },
  {
    kind: 'few-samples-over-and-over',
    category: 'data',
    causes: ['repeated-samples'],
    setups: ['mlp', 'friedman', 'tokens'],
    apply: (recipe) => withTrain(recipe, (part) => pickPart(part, range(countOf(part)).map((i) => i % 60))),
  },
];
