/**
 * Trainings that are well: the set-ups with other sizes, activations, initialisers, optimizers, rates and batches from
 * the ranges that people use. Whether one is healthy is not for its findings to say: it has to reach the reference score
 * of its set-up on samples that were held back, and one that does not is left out of the count.
 */
import type { Architecture } from './architecture.js';
import type { Recipe } from './recipe.js';
import { initializers } from './tfjs.js';
import type { SetupName } from './setups/index.js';

export interface HealthyVariant {
  readonly kind: string;
  readonly setup: SetupName;
  readonly apply: (recipe: Recipe) => Recipe;
}

interface Change extends Partial<Architecture> {
  /** Name, rate and further options. */
  readonly optimizer?: readonly [name: string, learningRate: number, options?: Readonly<Record<string, unknown>>];
  readonly batchSize?: number;
  readonly epochs?: number;
  readonly options?: Recipe['options'];
  readonly loss?: Recipe['loss'];
}

const variant = (setup: SetupName, kind: string, { optimizer, batchSize, epochs, options, loss, ...architecture }: Change): HealthyVariant => ({
  setup,
  kind: `${setup}: ${kind}`,
  apply: (recipe) => ({
    ...recipe,
    architecture: { ...recipe.architecture, ...architecture },
    ...(optimizer === undefined ? {} : { optimizer: { ...optimizer[2], name: optimizer[0], learningRate: optimizer[1] } }),
    batchSize: batchSize ?? recipe.batchSize,
    epochs: epochs ?? recipe.epochs,
    options: { ...recipe.options, ...options },
    loss: loss ?? recipe.loss,
  }),
});

const logits = { name: 'sparseCategoricalCrossentropy', fromLogits: true };
const glorot = () => 'glorotNormal' as const;
const uniform = () => 'glorotUniform' as const;
const lecun = () => 'leCunNormal' as const;
const small = () => initializers.randomNormal({ mean: 0, stddev: 0.05 });

export const healthyVariants: readonly HealthyVariant[] = [
  variant('mlp', 'as it is', {}),
  variant('mlp', 'three layers', { hidden: [128, 64, 32], optimizer: ['adam', 0.001] }),
  variant('mlp', 'sgd', { optimizer: ['sgd', 0.1], batchSize: 32, epochs: 6 }),
  variant('mlp', 'momentum, batch 128', { optimizer: ['momentum', 0.05, { momentum: 0.9 }], batchSize: 128, epochs: 8 }),
  variant('mlp', 'tanh, glorot', { activation: 'tanh', kernel: uniform }),
  variant('mlp', 'sigmoid', { activation: 'sigmoid', kernel: uniform, optimizer: ['adam', 0.005], epochs: 6 }),
  variant('mlp', 'rmsprop', { optimizer: ['rmsprop', 0.001], batchSize: 32 }),
  variant('mlp', 'relu on default initialiser, dropout 0.3', { kernel: glorot, dropout: 0.3, hidden: [128] }),
  variant('mlp', 'logits, weights 0.05', { head: null, loss: logits, kernel: small }),
  variant('mlp', 'l2 of 0.0001, wide', { hidden: [256], l2: 1e-4, optimizer: ['adam', 0.001] }),
  variant('mlp', 'clipped, weight decay', { options: { clip: { globalNorm: 1 }, weightDecay: 0.01 } }),
  variant('mlp', 'adam 0.01, batch 256', { optimizer: ['adam', 0.01], batchSize: 256, epochs: 10 }),
  variant('mlp', 'adam 0.0003, batch 8', { optimizer: ['adam', 0.0003], batchSize: 8, epochs: 5 }),

  variant('cnn', 'as it is', {}),
  variant('cnn', 'sgd', { optimizer: ['momentum', 0.02, { momentum: 0.9 }], epochs: 5 }),
  variant('cnn', 'default initialiser', { kernel: glorot, hidden: [12, 24] }),
  variant('cnn', 'tanh', { activation: 'tanh', kernel: uniform }),
  variant('cnn', 'dropout', { dropout: 0.25, epochs: 5 }),
  variant('cnn', 'elu, batch 64', { activation: 'elu', kernel: lecun, batchSize: 64, epochs: 6 }),
  variant('cnn', 'logits, adam 0.002', { head: null, loss: logits, optimizer: ['adam', 0.002], batchSize: 16 }),

  variant('iris', 'as it is', {}),
  variant('iris', 'sgd', { optimizer: ['sgd', 0.1], batchSize: 8, epochs: 60 }),
  variant('iris', 'batch 1', { optimizer: ['adam', 0.003], batchSize: 1, epochs: 10 }),
  variant('iris', 'full batch', { optimizer: ['adam', 0.03], batchSize: 120, epochs: 150 }),
  variant('iris', 'tanh', { activation: 'tanh', kernel: uniform, hidden: [8] }),
  variant('iris', 'two layers, relu', { hidden: [32, 16], kernel: glorot }),
  variant('iris', 'no hidden layer', { hidden: [], optimizer: ['adam', 0.05] }),
  variant('iris', 'adagrad', { optimizer: ['adagrad', 0.1] }),

  variant('friedman', 'as it is', {}),
  variant('friedman', 'sgd', { optimizer: ['sgd', 0.03], batchSize: 16, epochs: 60 }),
  variant('friedman', 'tanh', { activation: 'tanh', kernel: uniform, epochs: 60 }),
  variant('friedman', 'rmsprop', { optimizer: ['rmsprop', 0.002] }),
  variant('friedman', 'huber', { loss: 'huber' }),
  variant('friedman', 'wide, weight decay', { hidden: [128, 64], options: { weightDecay: 0.01 }, optimizer: ['adam', 0.001], epochs: 30 }),
  variant('friedman', 'batch 128', { batchSize: 128, optimizer: ['adam', 0.01], epochs: 80 }),
  variant('friedman', 'elu, lecun', { activation: 'elu', kernel: lecun, epochs: 60 }),
  variant('friedman', 'momentum, absolute errors', { optimizer: ['momentum', 0.01, { momentum: 0.9 }], loss: 'meanAbsoluteError', epochs: 60 }),

  variant('tokens', 'as it is', {}),
  variant('tokens', 'lstm', { special: 'lstm', optimizer: ['adam', 0.01] }),
  variant('tokens', 'simple, tanh', { special: 'simple', activation: 'tanh', optimizer: ['adam', 0.01], epochs: 20 }),
  variant('tokens', 'rmsprop', { optimizer: ['rmsprop', 0.01] }),
  variant('tokens', 'batch 64, clipped', { batchSize: 64, optimizer: ['adam', 0.02], options: { clip: { globalNorm: 5 } }, epochs: 20 }),
  variant('tokens', 'wider, logits', { hidden: [24], head: null, loss: logits, epochs: 12 }),

  variant('waves', 'as it is', {}),
  variant('waves', 'tanh', { activation: 'tanh', kernel: uniform, epochs: 25 }),
  variant('waves', 'three layers', { hidden: [16, 16, 16] }),
  variant('waves', 'batch 16, adam 0.002', { batchSize: 16, optimizer: ['adam', 0.002] }),
  variant('waves', 'momentum', { optimizer: ['momentum', 0.03, { momentum: 0.9 }], epochs: 40 }),
  variant('waves', 'default initialiser', { kernel: glorot }),

  variant('rare', 'as it is', {}),
  variant('rare', 'sgd', { optimizer: ['sgd', 0.1] }),
  variant('rare', 'logits', { head: null, loss: { name: 'binaryCrossentropy', fromLogits: true } }),
  variant('rare', 'tanh, two layers', { hidden: [16, 8], activation: 'tanh', kernel: uniform }),
  variant('rare', 'batch 256', { batchSize: 256, optimizer: ['adam', 0.01], epochs: 30 }),
  variant('rare', 'no hidden layer', { hidden: [], optimizer: ['adam', 0.02] }),
  variant('rare', 'dropout 0.2, l2', { dropout: 0.2, l2: 1e-3, hidden: [32] }),

  variant('residual', 'as it is', {}),
  variant('residual', 'layer norm', { special: 'layer' }),
  variant('residual', 'sgd', { optimizer: ['sgd', 0.05], epochs: 20 }),
  variant('residual', 'six blocks', { hidden: [32, 32, 32, 32, 32, 32], optimizer: ['adam', 0.002] }),
  variant('residual', 'tanh, batch 16', { activation: 'tanh', kernel: uniform, batchSize: 16 }),
  variant('residual', 'dropout 0.3', { dropout: 0.3, hidden: [48, 48], epochs: 20 }),
  variant('residual', 'adamw, batch 128', { optimizer: ['adamw', 0.01], batchSize: 128, epochs: 30 }),

  variant('handwritten', 'as it is', {}),
  variant('handwritten', 'wider', { hidden: [32], optimizer: ['adam', 0.001] }),
  variant('handwritten', 'momentum', { optimizer: ['momentum', 0.02, { momentum: 0.9 }] }),
  variant('handwritten', 'sgd, batch 16', { optimizer: ['sgd', 0.05], batchSize: 16, epochs: 8 }),

  variant('pairs', 'as it is', {}),
  variant('pairs', 'tanh', { activation: 'tanh', kernel: uniform, epochs: 40 }),
  variant('pairs', 'sgd', { optimizer: ['sgd', 0.05], epochs: 60 }),
  variant('pairs', 'wide, batch 64', { hidden: [64, 32], batchSize: 64, optimizer: ['adam', 0.002], epochs: 40 }),
  variant('pairs', 'adamax', { optimizer: ['adamax', 0.01], epochs: 40 }),
];
