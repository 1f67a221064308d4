/** Finding what is wrong: `import { preflight } from 'trainscope/diagnosis'`. */
export { finding, type Finding, type FindingParts, type Severity } from './finding.js';
export { causes, consolidate } from './consolidate.js';
export type { Causes } from './causes.js';
export { stages } from './preflight/check.js';
export { checkNames, checks, preflight, preflightSchema, type CheckRecord, type PreflightOptions, type PreflightResult } from './preflight/preflight.js';
export type { Check, CheckResult, Stage } from './preflight/check.js';
export { defineExperiment, type Experiment, type Ladder } from './preflight/experiment.js';
export type { Lab, Trainee } from './preflight/lab.js';
export { diagnose, LogDiagnosis, type DiagnoseOptions, type Diagnosis } from './diagnose.js';
export { compareDecompositions, decompose, type Comparison, type Decomposition, type Errors } from './decomposition.js';
export { emptyWatch, ruleNames, rules, see, trainingStatistics, watchSchema, type Rule, type Seen, type Statistics, type Watch } from './rules/index.js';
export { factsOf, type LayerFacts, type ModelFacts } from './model-facts.js';
export { gather, type Measured } from './gather.js';
export { repair, type Repair, type Repaired } from './preflight/repair.js';
