import { TrainscopeError } from '../../../errors.js';
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

/**
 * A model or a loss may fail on what no batch of the data would bring: then that one check cannot tell, and the others
 * still do. What would end the training is thrown on.
 */
const guarded = (check: Check): Check => ({
  ...check,
  run: async (lab) => {
    try {
      return await check.run(lab);
    } catch (error) {
      if (error instanceof TrainscopeError) throw error;
      return { findings: [], cannotTell: `model or loss failed: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}` };
    }
  },
});

const all: readonly Check[] = [
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

/** The checks of this stage, in the order in which they run. */
export const modelChecks: readonly Check[] = all.map(guarded);
