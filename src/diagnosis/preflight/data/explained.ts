import { digits, finding, percent, type Finding } from '../../finding.js';
import type { Check, CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import { nearest } from './neighbours.js';
import { explainedByOutput, neighboursEach, probesOf, type Explained } from './predictability.js';
import { targetOf, type ClassTarget } from './targets.js';

/** p above which labels count as at chance. */
const chanceP = 0.01;
/** The control must be this clear, and tell this much: a fifth of what is left above chance. */
const controlP = 1e-4;
const controlEffect = 0.2;

const atChance = ({ p, effect }: Explained, beside: Explained): boolean => p > chanceP && effect < 0.25 * beside.effect;
/**
 * Whether neighbours in `there` would have shown what they show in `here`, 8 deviations of chance above it: few samples,
 * and those of a noisy task, are at chance now and then without anything being wrong.
 */
const wouldShow = (here: Explained, there: Explained): boolean => here.score - here.chance >= Math.max(8 * there.deviation, controlEffect * (1 - here.chance));
const clearly = ({ p, effect }: Explained): boolean => p < controlP && effect >= controlEffect;

/**
 * Which class of validation each class of the training is, where near inputs say so nearly always and it is another one for
 * at least half of the classes.
 */
function renumbering(lab: Lab, output: number, own: ClassTarget): readonly (readonly [number, number])[] | undefined {
  const held = lab.validation === undefined ? undefined : targetOf(lab, output, lab.validation);
  const { across } = probesOf(lab);
  if (held?.kind !== 'classes' || across === undefined || own.width !== 1 || held.width !== 1) return undefined;
  const { of, among } = across;
  const pairs = nearest(of, among, neighboursEach, false);
  const counts = new Map<number, Map<number, number>>();
  for (let i = 0; i < of.indices.length; i += 1) {
    const label = held.values[of.indices[i] ?? 0] ?? 0;
    for (let slot = i * neighboursEach; slot < (i + 1) * neighboursEach; slot += 1) {
      const there = own.values[among.indices[pairs[slot] ?? 0] ?? 0] ?? 0;
      const row = counts.get(there) ?? new Map<number, number>();
      row.set(label, (row.get(label) ?? 0) + 1);
      counts.set(there, row);
    }
  }
  const map: (readonly [number, number])[] = [];
  for (const [from, row] of counts) {
    const all = [...row.values()].reduce((sum, each) => sum + each, 0);
    if (all < 10 * neighboursEach) continue;
    const [to, most] = [...row].reduce((best, each) => (each[1] > best[1] ? each : best), [-1, 0]);
    // 0.7: within one sample of such data neighbours agree about as often.
    if (most < 0.7 * all) return undefined;
    map.push([from, to]);
  }
  const differs = map.filter(([from, to]) => from !== to).length;
  if (map.length < 2 || 2 * differs < map.length || new Set(map.map(([, to]) => to)).size < map.length) return undefined;
  return map.toSorted((a, b) => a[0] - b[0]);
}

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
    // Few validation samples may be too far apart to tell each other's labels: then those of the training still do. Not by
    // its p: samples of one cluster have one label, and meet the same mixture of labels there.
    const held = lab.validation === undefined ? undefined : targetOf(lab, output, lab.validation);
    // All of one class agree with any neighbour: chance is all that there can be.
    const varied = held !== undefined && held.values.some((value: number) => value !== held.values[0]);
    const strangers = (beside: Explained): boolean => across === undefined || across.effect < 0.25 * beside.effect;
    // More training samples than validation samples see more, so that chance there is not for want of samples.
    if (validation !== undefined && clearly(validation) && atChance(training, validation) && training.samples >= validation.samples && wouldShow(validation, training) && strangers(validation)) {
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
    } else if (validation !== undefined && varied && clearly(training) && wouldShow(training, validation) && atChance(validation, training) && strangers(training)) {
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
    } else if (validation !== undefined && across !== undefined && target.kind === 'classes' && training.effect > 0.5 && validation.effect > 0.5 && across.effect < 0.25 * Math.min(training.effect, validation.effect)) {
      const map = renumbering(lab, output, target);
      if (map !== undefined) {
        const [from, to] = map.find((pair) => pair[0] !== pair[1]) ?? [0, 0];
        findings.push(
          finding({
            rule: 'validation-classes-renumbered',
            severity: 'warning',
            where,
            message: `validation numbers its classes in another way: what is class ${String(from)} in training is class ${String(to)} there (${show(across)} of validation samples and their training neighbours agree, within validation ${show(validation)})`,
            evidence: { ...evidence, map },
            remedy: `Make the list of classes once, from the training, and use it for both. Training to validation: ${map.map(([a, b]) => `${String(a)} to ${String(b)}`).join(', ')}.`,
          }),
        );
      }
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
