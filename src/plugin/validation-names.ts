import type { Metrics } from './hooks.js';

/** Metrics of a validation under the names by which they stand beside training metrics and are monitored: `val_loss`. */
export const asValidation = (metrics: Metrics): Metrics => Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`val_${name}`, value]));
