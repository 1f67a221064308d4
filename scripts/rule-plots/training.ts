import type { RulePlot } from './plot.js';

export const trainingPlots: readonly RulePlot[] = [];
