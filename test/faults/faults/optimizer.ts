import { lrScheduler } from 'trainscope/plugins';
import type { Recipe } from '../recipe.js';
import type { Fault } from './fault.js';

const timesRate = (recipe: Recipe, times: number): Recipe => ({ ...recipe, optimizer: { ...recipe.optimizer, learningRate: times * recipe.optimizer.learningRate } });

/** Updates that are too large, too small, or none. */
export const optimizerFaults: readonly Fault[] = [
  { kind: 'rate-1000-times-too-high', category: 'optimizer', causes: ['learning-rate-too-high'], setups: ['mlp', 'friedman', 'iris', 'cnn'], apply: (recipe) => timesRate(recipe, 1000) },
  { kind: 'rate-100-times-too-high', category: 'optimizer', causes: ['learning-rate-too-high'], setups: ['mlp', 'friedman', 'tokens', 'rare'], apply: (recipe) => timesRate(recipe, 200) },
  {
    kind: 'sgd-rate-diverges',
    category: 'optimizer',
    causes: ['learning-rate-too-high'],
    setups: ['friedman', 'mlp', 'pairs'],
    apply: (recipe) => ({ ...recipe, optimizer: { name: 'sgd', learningRate: 10 } }),
  },
  { kind: 'rate-10000-times-too-low', category: 'optimizer', causes: ['learning-rate-too-low'], setups: ['mlp', 'friedman', 'iris', 'tokens'], apply: (recipe) => timesRate(recipe, 1e-4) },
  {
    kind: 'sgd-rate-too-low',
    category: 'optimizer',
    causes: ['learning-rate-too-low'],
    setups: ['mlp', 'residual', 'rare'],
    apply: (recipe) => ({ ...recipe, optimizer: { name: 'sgd', learningRate: 1e-6 } }),
  },
  {
    kind: 'momentum-0.9999',
    category: 'optimizer',
    causes: ['learning-rate-too-high', 'momentum-too-high', 'optimizer-settings'],
    setups: ['mlp', 'friedman', 'iris'],
    apply: (recipe) => ({ ...recipe, optimizer: { name: 'momentum', learningRate: 0.05, momentum: 0.9999 } }),
  },
  {
    kind: 'adam-epsilon-1',
    category: 'optimizer',
    // The step is the gradient's own times the rate then, which is much too small.
    causes: ['learning-rate-too-low', 'epsilon-too-large', 'weights-do-not-change', 'optimizer-settings'],
    setups: ['rare', 'mlp', 'iris'],
    apply: (recipe) => ({ ...recipe, optimizer: { name: 'adam', learningRate: 1e-3, epsilon: 10 } }),
  },
  {
    kind: 'schedule-drops-to-0',
    category: 'optimizer',
    causes: ['learning-rate-zero', 'trainable-weight-unchanged', 'learning-rate-too-low', 'weights-unchanged'],
    setups: ['mlp', 'friedman', 'residual'],
    apply: (recipe) => ({ ...recipe, plugins: () => [lrScheduler({ schedule: (step: number) => (step < 5 ? recipe.optimizer.learningRate : 0), per: 'step' })] }),
  },
  {
    kind: 'clipped-to-nothing',
    category: 'optimizer',
    causes: ['clipping-too-tight'],
    setups: ['mlp', 'friedman', 'residual'],
    apply: (recipe) => ({ ...recipe, optimizer: { name: 'sgd', learningRate: 0.05 }, options: { ...recipe.options, clip: { globalNorm: 1e-6 } } }),
  },
];
