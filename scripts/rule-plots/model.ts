import type { RulePlot } from './plot.js';

export const modelPlots: readonly RulePlot[] = [];
