import { withArchitecture, type Fault } from './fault.js';

/** Regularisation that leaves nothing to learn. */
export const regularisationFaults: readonly Fault[] = [
  { kind: 'dropout-0.95', category: 'regularisation', causes: ['dropout-too-high'], setups: ['mlp', 'friedman', 'residual'], apply: (recipe) => withArchitecture(recipe, { dropout: 0.95 }) },
  {
    kind: 'dropout-on-the-output',
    category: 'regularisation',
    causes: ['dropout-too-high', 'dropout-on-output', 'output-dropout'],
    setups: ['friedman', 'mlp', 'iris'],
    apply: (recipe) => withArchitecture(recipe, { outputDropout: 0.5 }),
  },
  { kind: 'l2-of-10', category: 'regularisation', causes: ['regularization-too-strong'], setups: ['mlp', 'friedman', 'cnn'], apply: (recipe) => withArchitecture(recipe, { l2: 10 }) },
  { kind: 'l2-of-1', category: 'regularisation', causes: ['regularization-too-strong'], setups: ['mlp', 'friedman', 'iris'], apply: (recipe) => withArchitecture(recipe, { l2: 1 }) },
  {
    kind: 'weight-decay-100',
    category: 'regularisation',
    causes: ['weight-decay-too-strong', 'regularization-too-strong'],
    setups: ['mlp', 'friedman', 'residual'],
    apply: (recipe) => ({ ...recipe, options: { ...recipe.options, weightDecay: 100 } }),
  },
];
