export { checkLabels } from './check-labels.js';
export { compileLoss, type CompiledLoss, type LossOptions, type LossSpec, type LossValues } from './compile-loss.js';
export { knownLossNames, lossConfigSchema, lossNames, type LossConfig, type LossName } from './loss-names.js';
export type { LabelForm, LabelValues, LossFunction, OutputLoss, OutputSpec } from './loss.js';
export { checkLossEntry, type LossEntry } from './resolve-loss.js';
