import type { Check } from '../check.js';
import { duplicates } from './duplicates.js';
import { inputsTellLabels } from './explained.js';
import { inputFeatures } from './input-features.js';
import { labelValues } from './labels.js';
import { mixedBatches } from './mixing.js';
import { labelNoise } from './noise.js';
import { labelsInStep } from './order.js';
import { repeatedBatches } from './repeated-batches.js';
import { inputScale } from './scale.js';
import { sameDistribution } from './shift.js';

/** The checks of this stage, in the order in which they run. */
export const dataChecks: readonly Check[] = [inputFeatures, inputScale, labelValues, mixedBatches, repeatedBatches, duplicates, labelsInStep, inputsTellLabels, labelNoise, sameDistribution];
