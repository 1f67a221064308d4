import type { RulePlot } from './plot.js';

export const dataPlots: readonly RulePlot[] = [];
