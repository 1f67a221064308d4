/** The files of checkpoints: `import { checkpointHandler, readNewest } from 'trainscope/checkpoint'`. */
export type { CheckpointContent, CheckpointEntry, CheckpointFacts, NamedArray } from './content.js';
export { CheckpointFolder } from './folder.js';
export { checkpointHandler, modelHandler, type LoadedArtifacts } from './handler.js';
export { ModelFolder } from './model-folder.js';
export { readNewest, type NewestCheckpoint, type ReadNewestOptions } from './newest.js';
export { readCheckpoint, type FoundCheckpoint } from './read.js';
export { expendable, type RetentionPolicy } from './retention.js';
