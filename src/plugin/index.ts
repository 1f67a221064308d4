/** The surface for authors of plugins: `import { definePlugin } from 'trainscope/plugin'`. */
export {
  definePlugin,
  type AnyPlugin,
  type AnyPluginFactory,
  type AttachOptions,
  type ErrorPolicy,
  type EventSchemas,
  type Plugin,
  type PluginDefinition,
  type PluginFactory,
  type Requirement,
  type Role,
} from './define-plugin.js';
export type {
  EmitOptions,
  FindingInput,
  LoopPlaceName,
  ObserverContext,
  PhaseTimes,
  RefreshedStatistics,
  RehearsalStep,
  RolledBack,
  SteererContext,
  WeightSnapshots,
} from './context.js';
export {
  hookKinds,
  hookNames,
  type BatchData,
  type EpochInfo,
  type FitEndInfo,
  type FitStartInfo,
  type Gradients,
  type HookName,
  type LossParts,
  type Metrics,
  type ObserverHooks,
  type SetupInfo,
  type SteererHooks,
  type StepInfo,
  type StopReason,
  type ValidationInfo,
} from './hooks.js';
export type { Models, ModelSaved } from './models.js';
export type { CheckpointPolicy, CheckpointRequest, Checkpoints, CheckpointSettings, CheckpointTaken } from './checkpoints.js';
export { asValidation } from './validation-names.js';
export * from '../measure/index.js';
export { ConfigError, PluginError } from '../errors.js';
export { real, scalarsOf, type Scalar, type TrainscopeEvent } from '../events/index.js';
export type { RandomStream } from '../random/index.js';
