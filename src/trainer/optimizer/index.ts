export { clipByGlobalNorm, clipByNorm, clipByValue, clippingSchema, compileClipping, type ClippingOptions, type GradientClipping } from './clip.js';
export { checkOptimizer, compileOptimizer, type OptimizerOptions, type OptimizerSpec } from './compile-optimizer.js';
export { optimizerConfigSchema, optimizerNames, weightDecaySchema, type OptimizerConfig, type OptimizerName } from './optimizer-schema.js';
export type { NamedSlot, OptimizerState } from './slots.js';
export type { OptimizerSnapshot, TrainerOptimizer } from './trainer-optimizer.js';
export { isExempt, rememberName, type DecayedWeight, type WeightDecay } from './weight-decay.js';
