/** Helpers for authors of plugins: drive a plugin without a trainer, count tensors, hear events. */
export { PluginHarness, type HarnessFields, type HeardEvent } from './plugin-harness.js';
export { tensorsLeftBy } from './tensor-leaks.js';
