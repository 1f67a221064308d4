import { digits, finding, percent, type Finding } from '../../finding.js';
import type { Check, CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import { explainedByOutput, type Explained } from './predictability.js';
import { targetOf } from './targets.js';

/** p above which labels count as at chance. */
const chanceP = 0.01;
/** The control must be this clear, and tell this much: a fifth of what is left above chance. */
const controlP = 1e-4;
const controlEffect = 0.2;

const atChance = ({ p, effect }: Explained, beside: Explained): boolean => p > chanceP && effect < 0.25 * beside.effect;
const clearly = ({ p, effect }: Explained): boolean => p < controlP && effect >= controlEffect;

async function run(lab: Lab): Promise<CheckResult> {
  const findings: Finding[] = [];
  const measured: Record<string, unknown> = {};
  for (const [output, result] of (await explainedByOutput(lab)).entries()) {
    const target = targetOf(lab, output);
    if (result === undefined || target === undefined) continue;
    const { training, validation, across } = result;
    measured[target.name] = result;
    const where = { feature: target.name };
    const show = ({ score, chance }: Explained): string => (target.kind === 'classes' ? `${percent(score)} beside ${percent(chance)} by chance` : `${digits(score)} beside ${digits(chance)} by chance`);
    const evidence = { training, validation, across };
    // More training samples than validation samples see more, so that chance there is not for want of samples.
    if (validation !== undefined && clearly(validation) && atChance(training, validation) && training.samples >= validation.samples) {
      findings.push(
        finding({
          rule: 'labels-not-predictable',
          severity: 'error',
          where,
          message: `training labels have nothing to do with their inputs: neighbours among the ${String(training.samples)} looked at agree no more than chance (${show(training)}, p ${digits(training.p)}), those of validation do (${show(validation)})`,
          evidence,
          remedy: 'Look at where training inputs and labels are read, shuffled or joined: one of them was put in another order than the other. Shuffle both with one permutation.',
        }),
      );
    } else if (validation !== undefined && clearly(training) && validation.samples >= 50 && atChance(validation, training)) {
      findings.push(
        finding({
          rule: 'validation-labels-out-of-step',
          severity: 'warning',
          where,
          message: `validation labels have nothing to do with their inputs: neighbours agree no more than chance (${show(validation)}, p ${digits(validation.p)}), those of the training do (${show(training)})`,
          evidence,
          remedy: 'Look at where validation inputs and labels are read, shuffled or joined. Its metrics mean nothing until then.',
        }),
      );
    } else if (validation !== undefined && across !== undefined && target.kind === 'classes' && training.effect > 0.5 && validation.effect > 0.5 && validation.samples >= 50 && across.effect < 0.25 * Math.min(training.effect, validation.effect)) {
      // Both hang together in themselves and not with each other: other inputs, or other names for the classes.
      findings.push(
        finding({
          rule: 'validation-labels-differ',
          severity: 'info',
          where,
          message: `labels of validation hang together in themselves (${show(validation)}) and so do those of the training (${show(training)}), but not with each other (${show(across)})`,
          evidence,
          remedy: 'Number the classes, and scale the inputs, of validation in the same way as those of the training.',
        }),
      );
    } else if (training.p > chanceP && training.samples >= 100 && !(validation !== undefined && clearly(validation))) {
      findings.push(
        finding({
          rule: 'labels-not-predictable',
          severity: 'info',
          where,
          message: `neither near inputs nor a linear probe tell the labels: ${show(training)}, p ${digits(training.p)} over ${String(training.samples)} samples`,
          evidence,
          remedy: 'Make sure that labels are in the order of their inputs. A task may also be too hard for both probes: a parity is.',
        }),
      );
    }
  }
  return Object.keys(measured).length === 0 ? { findings, measured, cannotTell: 'there are fewer than 20 samples with labels, or no input varies' } : { findings, measured };
}

export const inputsTellLabels: Check = { name: 'inputs-tell-labels', stage: 'data', summary: 'Labels follow from inputs more than labels in random order do.', run };
