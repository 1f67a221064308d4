import { initializers } from '../tfjs.js';
import { withArchitecture, type Fault } from './fault.js';

const normal = (stddev: number) => () => initializers.randomNormal({ mean: 0, stddev });
/** Inputs of the hidden layers: a He initialiser has deviation sqrt(2 / inputs). */
const fanIn = { mlp: 784, friedman: 10, residual: 32, iris: 4, rare: 10, pairs: 6 } as Readonly<Record<string, number>>;
const timesHe = (setup: string, times: number) => normal(times * Math.sqrt(2 / (fanIn[setup] ?? 32)));

/** Weights that begin where training cannot go on from. */
export const initFaults: readonly Fault[] = [
  {
    kind: 'hidden-weights-zero',
    category: 'init',
    causes: ['symmetric-weights', 'initializer-scale'],
    setups: ['mlp', 'friedman', 'iris'],
    apply: (recipe) => withArchitecture(recipe, { kernel: () => initializers.zeros(), headKernel: () => initializers.zeros() }),
  },
  {
    kind: 'hidden-weights-constant',
    category: 'init',
    causes: ['symmetric-weights'],
    setups: ['mlp', 'friedman', 'residual'],
    apply: (recipe) => withArchitecture(recipe, { kernel: () => initializers.constant({ value: 0.05 }), headKernel: () => initializers.constant({ value: 0.05 }) }),
  },
  {
    kind: 'weights-50-times-too-large',
    category: 'init',
    causes: ['initializer-scale', 'activations-explode'],
    setups: ['mlp', 'friedman', 'pairs'],
    apply: (recipe) => withArchitecture(recipe, { kernel: timesHe(recipe.setup, 50) }),
  },
  {
    kind: 'weights-1000-times-too-small',
    category: 'init',
    causes: ['initializer-scale', 'activations-vanish'],
    setups: ['mlp', 'friedman'],
    apply: (recipe) => withArchitecture(recipe, { kernel: timesHe(recipe.setup, 0.001), hidden: [...recipe.architecture.hidden, 32, 32, 32] }),
  },
  {
    kind: 'relu-dead-by-bias',
    category: 'init',
    causes: ['dead-units-at-start', 'dead-units'],
    setups: ['mlp', 'friedman', 'cnn'],
    apply: (recipe) => withArchitecture(recipe, { bias: -100 }),
  },
  {
    kind: 'tanh-saturated',
    category: 'init',
    causes: ['saturated-at-start', 'initializer-scale', 'saturated-activations'],
    setups: ['mlp', 'friedman', 'residual'],
    apply: (recipe) => withArchitecture(recipe, { activation: 'tanh', kernel: timesHe(recipe.setup, 100) }),
  },
  {
    kind: 'recurrence-explodes',
    category: 'init',
    causes: ['initializer-scale', 'activations-explode', 'exploding-gradients', 'saturated-at-start'],
    setups: ['tokens'],
    apply: (recipe) => withArchitecture(recipe, { special: 'simple', activation: 'linear', kernel: normal(2) }),
  },
  {
    kind: 'output-weights-large',
    category: 'init',
    causes: ['initial-loss', 'initializer-scale', 'activations-explode'],
    setups: ['mlp', 'iris', 'tokens'],
    apply: (recipe) => withArchitecture(recipe, { headKernel: normal(20) }),
  },
];
