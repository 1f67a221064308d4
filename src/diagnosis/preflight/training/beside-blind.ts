import { digits, finding, type Finding } from '../../finding.js';
import type { Lab } from '../lab.js';
import { atRateOnFresh, blindOnFresh, ownRate } from './learning.js';
import { levelOf, startOf, type Run } from './run.js';

/** Part of the loss without inputs that a smaller rate has to win before the user's is held to it. */
const meaningful = 0.2;
/** Share of that below which the user's rate has won nothing. */
const none = 0.1;
/** A loss that was thrown to a multiple of its start: a rate that is right does not do that. */
const thrown = 2;

const leapt = (run: Run): boolean => Math.max(...run.losses) - run.penalty > thrown * Math.abs(startOf(run));

/**
 * A start far above what the labels alone allow makes any fall look like learning: a net whose units died in the first
 * step still comes down to the loss of a constant. So where the loss leapt, what counts is how far a run comes below the
 * loss without inputs.
 */
export async function tooHighBesideBlind(lab: Lab, one: Run, many: Run): Promise<Finding | undefined> {
  if (!leapt(one) && !leapt(many)) return undefined;
  const blind = levelOf(await blindOnFresh(lab));
  if (!Number.isFinite(blind)) return undefined;
  const won = (run: Run): number => blind - levelOf(run);
  const smaller: Run[] = [];
  for (let tens = 1; tens <= 3 && !lab.isLate; tens += 1) smaller.push(await atRateOnFresh(lab, ownRate(lab) / 10 ** tens));
  const best = smaller.reduce<Run | undefined>((most, run) => (most === undefined || won(run) > won(most) ? run : most), undefined);
  if (best === undefined || !(won(best) > meaningful * Math.abs(blind)) || !(won(many) < none * won(best))) return undefined;
  const highest = Math.max(...one.losses, ...many.losses);
  return finding({
    rule: 'learning-rate-too-high',
    severity: 'warning',
    message: `at the learning rate ${digits(ownRate(lab))} the loss leaps to ${digits(highest)} and comes to ${digits(levelOf(many))} in ${String(many.losses.length)} steps, no better than without inputs (${digits(blind)}), and at ${digits(best.rate)} to ${digits(levelOf(best))}`,
    evidence: { rate: ownRate(lab), suggestion: best.rate, highest, blind, own: levelOf(many), smaller: smaller.map((run) => ({ rate: run.rate, loss: levelOf(run) })) },
    remedy: `Set the learning rate to about ${digits(best.rate)}.`,
  });
}
