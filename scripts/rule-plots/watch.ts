import type { RulePlot } from './plot.js';

export const watchPlots: readonly RulePlot[] = [];
