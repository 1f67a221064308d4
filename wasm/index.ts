/**
 * What training needs in 128-bit vectors over the heap of TensorFlow.js's wasm backend. The module imports that
 * backend's memory and has none of its own: it allocates nothing and keeps nothing. `npm run build:wasm` compiles it.
 * All values are float32, all addresses bytes in the heap; multiplications and additions as each docstring says.
 */
export { addPatches, filterGradient } from './filter-gradient';
export { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise';
export { maxPoolGradient } from './max-pool-gradient';
export { adam, momentum, rmsProp, sgd } from './optimizers';
export { multiply } from './product';
export { addRow, multiplyRow, subtractRow, sumColumns, sumRows } from './rows';
export { statistics, sumOfSquaredDifferences, sumOfSquares } from './statistics';
