export { disposeBatch, type Batch, type BatchCursor, type DataKind, type LoadedData, type Seeking } from './batch.js';
export { classSampleWeights, type ClassWeights } from './class-weights.js';
export { checkFinite } from './finite.js';
export { openData } from './open.js';
export { isDataset } from './recognize.js';
export type { ArrayValue, ArrayValues, BatchStream, DatasetLike, DataSource, EpochData, EpochFunction, NestedArray, NumericArray, Samples, SeekableBatches, ShapedArray } from './source.js';
export type { DataOptions, DataSpec, SpecShape } from './spec.js';
