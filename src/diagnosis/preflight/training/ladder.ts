import { digits, finding } from '../../finding.js';
import { nothing, type Check, type CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import { controlOnFresh, controls, ownOnFresh, whyNot } from './learning.js';
import { gain, reached, startOf } from './run.js';

/** A model has learned when its loss fell by this share of itself. */
const learned = 0.05;

interface Rung {
  readonly size: number;
  readonly parameters: number;
  readonly start: number;
  /** With the user's optimizer, and with the better of the controls where that is lower. */
  readonly end: number;
  readonly best: number;
}

async function climb(lab: Lab, size: number): Promise<Rung> {
  const parameters = lab.model.weights().reduce((sum, { info }) => sum + (info.trainable ? info.size : 0), 0);
  const reason = await whyNot(lab);
  if (reason !== undefined) return { size, parameters, start: NaN, end: NaN, best: NaN };
  const own = await ownOnFresh(lab);
  let best = reached(own);
  // Before a model is said not to learn, Adam has a try.
  if (!(gain(own) > learned * Math.abs(startOf(own)))) for (const { learningRate } of controls) best = Math.min(best, reached(await controlOnFresh(lab, learningRate)));
  return { size, parameters, start: startOf(own), end: reached(own), best };
}

const stuck = ({ start, best }: Rung): boolean => !(start - best > learned * Math.abs(start));

async function run(lab: Lab): Promise<CheckResult> {
  const { ladder } = lab.experiment;
  if (ladder === undefined) return { ...nothing, cannotTell: 'the experiment has no ladder' };
  const rungs: Rung[] = [];
  for (const size of ladder.sizes) {
    if (lab.isLate) break;
    const other = await lab.withModel(await ladder.model(size));
    try {
      rungs.push(await climb(other, size));
    } finally {
      other.close();
    }
  }
  const measured = { rungs };
  const still = rungs.filter(stuck);
  const [one] = still;
  if (rungs.length < 2 || one === undefined) return { findings: [], measured };
  const every = still.length === rungs.length;
  const sizes = still.map(({ size }) => String(size)).join(', ');
  return {
    measured,
    findings: [
      finding({
        rule: 'ladder-does-not-improve',
        severity: 'warning',
        message: every
          ? `models of all ${String(rungs.length)} sizes come to no lower loss than they start with: ${rungs.map(({ size, start, best }) => `${String(size)} from ${digits(start)} to ${digits(best)}`).join(', ')}`
          : `the models of size ${sizes} do not learn, and those of the other sizes do`,
        evidence: { rungs },
        remedy: every ? 'What all sizes share is at fault: the data, the loss, or how the model is built. More capacity will not help.' : `Look at what size ${sizes} changes besides capacity: depth without normalisation or skip connections, initial weights, or a rate that does not fit.`,
      }),
    ],
  };
}

/** Models from small to large, each trained for the same number of steps. */
export const modelLadder: Check = { name: 'ladder', stage: 'training', summary: 'Trains the models of the ladder for equally many steps: each has to learn.', run };
