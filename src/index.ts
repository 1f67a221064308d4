/** trainscope: a training loop for TensorFlow.js that tells you what is wrong. */
export { Trainer, type EventsOfPlugins, type FitResult } from './trainer/trainer.js';
export type { ResumedFrom, ResumeOptions } from './trainer/resume.js';
export type { TrainerState } from './trainer/trainer-state.js';
export type { EpochRecord } from './trainer/fit-loop.js';
export type { FitOptions, FitSettings, TrainerOptions, TrainerSettings } from './trainer/options.js';
export type { HandwrittenModel, ModelSource, Tap } from './trainer/model.js';
export type { LossSpec } from './trainer/loss/index.js';
export type { MetricsSpec } from './trainer/metrics/index.js';
export type { ClippingOptions, OptimizerSpec } from './trainer/optimizer/index.js';
export { formatSummary } from './trainer/summary.js';
export type { DataSource, SeekableBatches } from './data/index.js';
export { chooseBackend, type BackendChoice, type BackendName } from './backend/index.js';
export {
  coreCatalogue,
  eventLineSchema,
  fileSink,
  memorySink,
  parseEventLine,
  pinoSink,
  readEventLog,
  withoutSuperseded,
  type CoreEvents,
  type EventLog,
  type Filter,
  type MemorySink,
  type Sink,
  type Subscription,
  type TrainscopeEvent,
} from './events/index.js';
export {
  BackendError,
  CheckpointError,
  ConfigError,
  DataError,
  errorCodes,
  PluginError,
  TrainscopeError,
  type ConfigProblem,
  type ErrorCode,
} from './errors.js';
