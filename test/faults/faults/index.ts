import { dataFaults } from './data.js';
import type { Fault } from './fault.js';
import { initFaults } from './init.js';
import { labelFaults } from './labels.js';
import { lossFaults } from './loss.js';
import { modelFaults } from './model.js';
import { optimizerFaults } from './optimizer.js';
import { pipelineFaults } from './pipeline.js';
import { regularisationFaults } from './regularisation.js';
import { trainingFaults } from './training.js';

export { endLeaks } from './loss.js';
export { categories, type Category, type Fault } from './fault.js';

/** All kinds of faults. */
export const faults: readonly Fault[] = [...dataFaults, ...labelFaults, ...lossFaults, ...modelFaults, ...initFaults, ...optimizerFaults, ...regularisationFaults, ...trainingFaults, ...pipelineFaults];
