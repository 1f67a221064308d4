/** For those who stay with model.fit of tfjs-layers: `import { trainscopeCallbacks } from 'trainscope/layers'`. */
export { trainscopeCallbacks, type LayersCallback, type TrainscopeCallbacks } from './callbacks.js';
export type { LayersCallbacksOptions } from './options.js';
export type { PatchName } from './patches.js';
