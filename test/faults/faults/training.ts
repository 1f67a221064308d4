import { countOf, pickPart, range } from '../recipe.js';
import { mapLabels, withArchitecture, withTrain, type Fault } from './fault.js';

/** Sound parts that do not go together. */
export const trainingFaults: readonly Fault[] = [
  { kind: 'batch-norm-of-one-sample', category: 'training', causes: ['batch-too-small-for-batchnorm'], setups: ['residual'], apply: (recipe) => ({ ...recipe, batchSize: 1, epochs: 1 }) },
  {
    kind: 'learnt-by-heart',
    category: 'training',
    causes: ['overfitting'],
    setups: ['friedman', 'pairs', 'residual'],
    apply: (recipe) => ({ ...withArchitecture(withTrain(recipe, (part) => pickPart(part, range(60))), { hidden: [256, 256] }), epochs: 150 }),
  },
  {
    kind: 'noise-learnt-by-heart',
    category: 'training',
    causes: ['overfitting', 'label-noise'],
    setups: ['friedman'],
    apply: (recipe, random) => ({
      ...withArchitecture(withTrain(recipe, (part) => mapLabels(pickPart(part, range(Math.min(150, countOf(part)))), (label) => label + 0.7 * random.normal())), { hidden: [256, 128] }),
      epochs: 120,
    }),
  },
  {
    kind: 'one-hidden-unit',
    category: 'training',
    causes: ['underfitting'],
    setups: ['mlp', 'residual'],
    apply: (recipe) => withArchitecture(recipe, { hidden: [1] }),
  },
];
