import type { Check } from '../check.js';
import { startClock } from './clock.js';
import { inputIndependentBaseline } from './explains.js';
import { finiteAtStart } from './finite.js';
import { gradientFlow } from './flow.js';
import { gradientCheck } from './gradient-check.js';
import { modelLadder } from './ladder.js';
import { overfitOneBatch } from './overfit.js';
import { learningRateRange } from './range-test.js';
import { learningRate } from './rates.js';
import { reproducible } from './reproducible.js';
import { seesInputs } from './sees-inputs.js';
import { optimizerSettings } from './settings.js';

const all: readonly Check[] = [
  finiteAtStart,
  gradientCheck,
  gradientFlow,
  seesInputs,
  overfitOneBatch,
  learningRate,
  optimizerSettings,
  inputIndependentBaseline,
  learningRateRange,
  modelLadder,
  reproducible,
];

/** The checks of this stage, in the order in which they run. The first starts the stage's clock. */
export const trainingChecks: readonly Check[] = all.map((check) => ({
  ...check,
  run: (lab) => {
    startClock(lab);
    return check.run(lab);
  },
}));
