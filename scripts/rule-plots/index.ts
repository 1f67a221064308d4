import { dataPlots } from './data.js';
import { modelPlots } from './model.js';
import type { RulePlot } from './plot.js';
import { trainingPlots } from './training.js';
import { watchPlots } from './watch.js';

export const rulePlots: readonly RulePlot[] = [...dataPlots, ...modelPlots, ...trainingPlots, ...watchPlots];
