export { aliasOf } from './alias.js';
export { backendNames, chooseBackend, type BackendChoice, type BackendName, type ChooseBackendOptions } from './choose.js';
export { hostOf, type Host } from './host.js';
export type { LoadPackage } from './load-package.js';
export { registerTrainingKernels } from './wasm/register.js';
export { fusedUpdate, fusesUpdates, slotsOf, type UpdateRule, type WeightUpdate } from './update.js';
export type { WebgpuOptions } from './webgpu/adapter.js';
