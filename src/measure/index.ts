export type { Cadence, Measurement, Measurements, Needs, ValuesOf } from './measurement.js';
export type { SourceName, StepFacts, StepMemo, StepSources, WeightInfo, WeightRole } from './sources.js';
export type { InputInfo, OutputInfo, ValidationBatch, ValidationFacts, ValidationMeasurement } from './validation.js';
export { isKernel } from './weight-kind.js';
export { clippedGradientNorms, gradientNorms, updateNorms, weightNorms, type Norms } from './norms.js';
export { gradientStatistics, type GradientStatistics } from './gradient-statistics.js';
export { probePredictions, type ProbePredictions } from './probe-predictions.js';
export { activationStatistics, type ActivationStatistics } from './activation-statistics.js';
export { predictionStatistics, type PredictionStatistics } from './prediction-statistics.js';
