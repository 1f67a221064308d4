import { digits, finding, type Finding } from '../../finding.js';
import { nothing, type Check, type CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import { atRateOnFresh, atRateOnOne, controlOnFresh, controls, freshSteps, hasSchedule, ownOnFresh, ownOnOne, ownRate, plannedSteps, whyNot } from './learning.js';
import { tooHighBesideBlind } from './beside-blind.js';
import { gain, reached, startOf, type Run } from './run.js';

/** Share of what another rate achieves, below which the user's has achieved nothing to speak of. */
const none = 0.1;
/** The same where a rate is so low that the whole training goes nowhere. An LSTM at a tenth of Adam's rate comes to 7% (measured in the tests). */
const nearNone = { error: 0.01, warning: 0.04 };
/** Share below which it lags far behind. */
const little = 0.5;
/** A loss has to fall by this share of itself for a comparison of falls to mean something. */
const meaningful = 0.2;
/** A fall that is no chance, as both batches are the same before and after. */
const clearly = 0.02;
/** Steps that a training is taken to have at least, where it is short or of unknown length: a try of a few steps is no fault of the rate. And the time to look for a better one. */
const patience = { short: 1000, unknown: 10_000, milliseconds: 4000 };

const tells = (run: Run): boolean => gain(run) > meaningful * Math.abs(startOf(run));
const told = (run: Run): Readonly<Record<string, number>> => ({ rate: run.rate, start: startOf(run), end: reached(run), steps: run.losses.length });
const better = (a: Run, b: Run): Run => (gain(b) > gain(a) ? b : a);

/** Whether a run ends far above where it began. */
const rose = (run: Run): boolean => gain(run) < -meaningful * Math.abs(startOf(run));

/** Smaller rates by tens, up to the second that learns. */
async function smaller(lab: Lab, learns: (run: Run) => boolean): Promise<readonly Run[]> {
  const runs: Run[] = [];
  const began = performance.now();
  for (let tens = 1, learned = 0; tens <= 8 && learned < 2; tens += 1) {
    if (lab.isLate || performance.now() - began > patience.milliseconds) break;
    const run = await atRateOnOne(lab, ownRate(lab) / 10 ** tens);
    runs.push(run);
    if (learns(run)) learned += 1;
  }
  return runs;
}

const best = (runs: readonly Run[]): Run | undefined => (runs.length === 0 ? undefined : runs.reduce(better));

async function tooHigh(lab: Lab, one: Run, many: Run): Promise<Finding | undefined> {
  // A rate that is too high throws the loss up at least once, or leaves it where it was.
  if (gain(one) > 0 && Math.max(...one.losses) - one.penalty < startOf(one) + none * Math.abs(startOf(one))) return undefined;
  // Beside a loss that rises, any clear fall says enough.
  const needed = rose(one) && rose(many) ? clearly : meaningful;
  const learns = (run: Run): boolean => gain(run) > needed * Math.abs(startOf(run));
  const lower = best(await smaller(lab, learns));
  if (lower === undefined || !learns(lower)) return undefined;
  const onOne = gain(one) / gain(lower);
  // A rate of the same optimizer that learns the one batch: does it learn batches that it has not seen, too?
  const lowerMany = better(await atRateOnFresh(lab, lower.rate), await atRateOnFresh(lab, ownRate(lab) / 10));
  const onMany = gain(many) / gain(lowerMany);
  const sound = gain(lowerMany) > Math.min(needed, 0.05) * Math.abs(startOf(lowerMany));
  const diverges = !Number.isFinite(reached(many)) || !Number.isFinite(reached(one)) || rose(many);
  const nowhere = onOne < none && onMany < none;
  if (!sound || !(onOne < little && onMany < little)) return undefined;
  const severity = diverges || nowhere ? 'error' : 'warning';
  const suggestion = onMany < none && gain(lowerMany) > 0 ? lowerMany.rate : ownRate(lab) / 10;
  const end = !Number.isFinite(reached(many)) ? 'becomes no number' : `goes from ${digits(startOf(many))} to ${digits(reached(many))}`;
  return finding({
    rule: 'learning-rate-too-high',
    severity,
    message: `at the learning rate ${digits(ownRate(lab))} the loss ${end} in ${String(many.losses.length)} steps, and at ${digits(lowerMany.rate)} from ${digits(startOf(lowerMany))} to ${digits(reached(lowerMany))}`,
    evidence: { rate: ownRate(lab), suggestion, diverges, oneBatch: { own: told(one), smaller: told(lower) }, freshBatches: { own: told(many), smaller: told(lowerMany) } },
    remedy: `Set the learning rate to about ${digits(suggestion)}.`,
  });
}

/**
 * P steps at the rate r go about as far as S steps at r P / S, as long as that rate is stable: both follow one gradient
 * flow (Goyal et al. 2017, section 2.1). So a rate is too low when even that larger one goes nowhere.
 */
async function tooLow(lab: Lab, many: Run): Promise<Finding | undefined> {
  const rate = ownRate(lab);
  const steps = await freshSteps(lab);
  const planned = Math.max(plannedSteps(lab) ?? patience.unknown, patience.short);
  const factor = Math.max(1, planned / steps);
  const whole = rate === 0 || factor === 1 ? many : await atRateOnFresh(lab, rate * factor);
  // It goes somewhere, or so far that it goes wrong: far enough.
  if (tells(whole) || tells(many) || rose(whole)) return undefined;
  const began = performance.now();
  const isOver = (): boolean => lab.isLate || performance.now() - began > patience.milliseconds;
  // Larger rates of the same optimizer, up to the first that does well, or goes wrong.
  const own: Run[] = [];
  for (let tens = 1; rate > 0 && tens <= 8 && !isOver(); tens += 1) {
    const run = await atRateOnFresh(lab, whole.rate * 10 ** tens);
    own.push(run);
    if (rose(run) || (tells(run) && gain(run) > little * Math.abs(startOf(run))) || gain(run) < little * Math.max(...own.filter(tells).map(gain))) break;
  }
  if (rate === 0) for (const { learningRate } of controls) own.push(await controlOnFresh(lab, learningRate));
  const most = best(own);
  if (most === undefined || !tells(most)) return undefined;
  // The rate of the simulation may itself be too large for this optimizer: then a smaller one does better.
  const within: Run[] = [whole, many];
  for (let each = whole.rate / 10; each > rate && !isOver(); each /= 10) within.push(await atRateOnFresh(lab, each));
  const share = Math.max(...within.map(gain)) / gain(most);
  if (!(share < none)) return undefined;
  const severity = share < nearNone.error ? 'error' : share < nearNone.warning ? 'warning' : 'info';
  // The smallest rate of the same optimizer that achieves half of the best.
  const suggestion = rate === 0 ? undefined : own.find((run) => gain(run) >= little * gain(most))?.rate;
  return finding({
    rule: 'learning-rate-too-low',
    severity,
    message:
      rate === 0
        ? 'the learning rate is 0: no weight changes'
        : `at the learning rate ${digits(rate)} all ${String(planned)} steps lower the loss by about ${digits(Math.max(0, gain(whole)))}, and ${String(steps)} steps at a larger one by ${digits(gain(most))}`,
    evidence: { rate, suggestion: suggestion ?? null, plannedSteps: planned, share, own: told(many), whole: told(whole), best: told(most) },
    remedy: suggestion === undefined ? 'Set a larger learning rate: 0.001 is a usual one for Adam, 0.01 to 0.1 for SGD.' : `Set the learning rate to about ${digits(suggestion)}.`,
  });
}

async function run(lab: Lab): Promise<CheckResult> {
  const reason = await whyNot(lab);
  if (reason !== undefined) return { ...nothing, cannotTell: reason };
  const one = await ownOnOne(lab);
  const many = await ownOnFresh(lab);
  const measured = { rate: ownRate(lab), schedule: hasSchedule(lab), plannedSteps: plannedSteps(lab) ?? null, oneBatch: told(one), freshBatches: told(many) };
  // It learns a batch by heart, or from fresh batches more than half of all there is: whatever the rate, it does.
  const learnsOne = gain(one) > 0.8 * Math.abs(startOf(one));
  const thrown = ownRate(lab) === 0 ? undefined : await tooHighBesideBlind(lab, one, many);
  if (thrown === undefined && learnsOne && gain(many) > meaningful * Math.abs(startOf(many))) return { findings: [], measured };
  const found = [ownRate(lab) === 0 ? undefined : ((await tooHigh(lab, one, many)) ?? thrown)];
  if (found[0] === undefined && !learnsOne) found.push(await tooLow(lab, many));
  const findings = found.filter((each) => each !== undefined);
  // A plugin sets the rate: what was tried is not what will be.
  return { findings: hasSchedule(lab) ? findings.map((each) => ({ ...each, severity: 'info' as const })) : findings, measured };
}

/** Compares the user's learning rate with smaller and larger ones. */
export const learningRate: Check = { name: 'learning-rate', stage: 'training', summary: 'Trains copies at the learning rate as it is and at others by tens, and compares how far the loss falls.', run };
