export type { Schedule } from './schedule.js';

export { buildSchedule, scheduleKinds } from './build-schedule.js';
export { chained } from './chained.js';
export { constant, constantOptions, type ConstantOptions } from './constant.js';
export { constantFactor, constantFactorOptions, type ConstantFactorOptions } from './constant-factor.js';
export { cosine, cosineOptions, type CosineOptions } from './cosine.js';
export {
  cosineWithWarmRestarts,
  cosineWithWarmRestartsOptions,
  type CosineWithWarmRestartsOptions,
} from './cosine-with-warm-restarts.js';
export { cyclic, cyclicOptions, type CyclicOptions } from './cyclic.js';
export { exponential, exponentialOptions, type ExponentialOptions } from './exponential.js';
export { inverseSquareRoot, inverseSquareRootOptions, type InverseSquareRootOptions } from './inverse-square-root.js';
export { lambda, lambdaOptions, type LambdaOptions } from './lambda.js';
export { linear, linearOptions, type LinearOptions } from './linear.js';
export { multiStep, multiStepOptions, type MultiStepOptions } from './multi-step.js';
export { oneCycle, oneCycleOptions, type OneCycleOptions } from './one-cycle.js';
export { polynomial, polynomialOptions, type PolynomialOptions } from './polynomial.js';
export {
  plateauState,
  reduceOnPlateau,
  reduceOnPlateauOptions,
  type PlateauReducer,
  type PlateauState,
  type PlateauStep,
  type ReduceOnPlateauOptions,
} from './reduce-on-plateau.js';
export { sequential } from './sequential.js';
export { scheduleSpec, type CheckedScheduleSpec, type ScheduleSpec } from './spec.js';
export { step, stepOptions, type StepOptions } from './step.js';
export { warmup, warmupOptions, type WarmupOptions } from './warmup.js';
