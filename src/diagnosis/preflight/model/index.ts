import type { Check } from '../check.js';
import { activationsAtStart } from './activations.js';
import { axes } from './axes.js';
import { futureLeak } from './future-leak.js';
import { gradientsAtStart } from './gradients-at-start.js';
import { initialLoss } from './initial-loss.js';
import { initialWeights } from './initial-weights.js';
import { linearity } from './linearity.js';
import { lossFit } from './loss-fit.js';
import { lossSoundness } from './loss-soundness.js';
import { batchMixing } from './mixing.js';
import { reach } from './reach.js';
import { shapes } from './shapes.js';
import { structure } from './structure.js';
import { symmetricWeights } from './symmetric-weights.js';
import { targetsScale } from './targets-scale.js';

export { applyPriorBias, priorBiasOf, type PriorBias } from './prior-bias.js';

/** The checks of this stage, in the order in which they run. */
export const modelChecks: readonly Check[] = [
  shapes,
  structure,
  axes,
  lossSoundness,
  lossFit,
  reach,
  batchMixing,
  futureLeak,
  initialWeights,
  symmetricWeights,
  activationsAtStart,
  gradientsAtStart,
  linearity,
  targetsScale,
  initialLoss,
];
