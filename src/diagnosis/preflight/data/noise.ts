import { digits, finding, percent, type Finding } from '../../finding.js';
import type { Check, CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import { nearest } from './neighbours.js';
import { explainedByOutput, probesOf } from './predictability.js';
import type { Points } from './representation.js';
import { classCounts, targetOf, type ClassTarget } from './targets.js';

const k = 10;
/** Of 10 neighbours this many must agree for a neighbourhood to count as one class's. */
const unanimous = 9;
/** Least share of wrong labels to warn of: below it, training loses less than a percent or two (Rolnick et al. 2017, "Deep learning is robust to massive label noise"). */
const least = 0.1;

interface Contradictions {
  /** Samples whose neighbourhood is one class's. */
  readonly clear: number;
  /** Those of them with another label. */
  readonly against: number;
  /** [class of the neighbourhood][label] */
  readonly counts: readonly (readonly number[])[];
}

/** Samples of `of` whose own label contradicts that of nearly all training neighbours. */
function contradictions(of: Points, among: Points, own: ClassTarget, theirs: ClassTarget, leaveOneOut: boolean): Contradictions {
  const pairs = nearest(of, among, k, leaveOneOut);
  const counts = Array.from({ length: theirs.classes }, () => new Array<number>(Math.max(own.classes, theirs.classes)).fill(0));
  let clear = 0;
  let against = 0;
  for (let i = 0; i < of.indices.length; i += 1) {
    const votes = new Map<number, number>();
    for (let slot = i * k; slot < (i + 1) * k; slot += 1) {
      const place = pairs[slot] ?? -1;
      if (place < 0) continue;
      const label = theirs.values[among.indices[place] ?? 0] ?? -1;
      votes.set(label, (votes.get(label) ?? 0) + 1);
    }
    const [winner, most] = [...votes].reduce((best, each) => (each[1] > best[1] ? each : best), [-1, 0]);
    if (most < unanimous) continue;
    const label = own.values[of.indices[i] ?? 0] ?? -1;
    clear += 1;
    if (label !== winner) against += 1;
    const row = counts[winner];
    if (row !== undefined) row[label] = (row[label] ?? 0) + 1;
  }
  return { clear, against, counts };
}

/**
 * Whether wrong labels fall on all other classes alike. Classes that are hard to tell apart fall on one or two others (a
 * 4 on a 9); labels drawn at random do not care.
 */
function fallsAnywhere({ counts, against }: Contradictions, shares: readonly number[]): boolean {
  const classes = shares.filter((each) => each > 0).length;
  if (classes < 4 || against < 40) return false;
  let chiSquare = 0;
  let freedom = 0;
  counts.forEach((row, winner) => {
    const wrong = row.reduce((sum, each, label) => sum + (label === winner ? 0 : each), 0);
    const rest = 1 - (shares[winner] ?? 0);
    if (wrong < 5 || rest <= 0) return;
    let cells = 0;
    row.forEach((count, label) => {
      const share = shares[label] ?? 0;
      if (label === winner || share === 0) return;
      const expected = (wrong * share) / rest;
      chiSquare += (count - expected) ** 2 / expected;
      cells += 1;
    });
    freedom += cells - 1;
  });
  // Confusable classes put most of their weight on one of the others, which makes this ratio several times 1.
  return freedom > 0 && chiSquare / freedom < 1 + 4 * Math.sqrt(2 / freedom);
}

async function run(lab: Lab): Promise<CheckResult> {
  const findings: Finding[] = [];
  const measured: Record<string, unknown> = {};
  for (const [output, result] of (await explainedByOutput(lab)).entries()) {
    const target = targetOf(lab, output);
    if (result === undefined || target?.kind !== 'classes' || target.width !== 1 || result.training.p > 1e-3 || lab.training.count < 100) continue;
    const { training, across } = probesOf(lab);
    const main = contradictions(training.points, training.points, target, target, true);
    const held = lab.validation === undefined ? undefined : targetOf(lab, output, lab.validation);
    const control = across !== undefined && held?.kind === 'classes' && held.width === 1 ? contradictions(across.of, across.among, held, target, false) : undefined;
    const share = main.against / Math.max(1, main.clear);
    const controlShare = control === undefined ? undefined : control.against / Math.max(1, control.clear);
    measured[target.name] = { share, clear: main.clear, controlShare, controlClear: control?.clear };
    if (main.clear < 50 || share < least) continue;
    let z = 0;
    if (control !== undefined && controlShare !== undefined && control.clear >= 30) {
      const pooled = (main.against + control.against) / (main.clear + control.clear);
      z = (share - controlShare) / Math.sqrt(Math.max(1e-9, pooled * (1 - pooled) * (1 / main.clear + 1 / control.clear)));
    }
    const noise = share - (controlShare ?? 0);
    const total = classCounts(target);
    const sum = total.reduce((all, each) => all + each, 0);
    const anywhere = result.training.effect > 0.2 && fallsAnywhere(main, total.map((each) => each / sum));
    const beyondControl = z > 4 && noise >= 0.8 * least;
    if (z < -4) continue;
    const worst = main.counts
      .flatMap((row, winner) => row.map((count, label) => ({ looksLike: winner, labelled: label, count })))
      .filter((each) => each.looksLike !== each.labelled && each.count > 0)
      .toSorted((a, b) => b.count - a.count)
      .slice(0, 3);
    const beside = beyondControl ? `, ${percent(controlShare ?? 0)} of validation's do` : anywhere ? ', whichever other class it is' : '';
    findings.push(
      finding({
        rule: 'label-noise',
        severity: beyondControl || anywhere ? 'warning' : 'info',
        where: { feature: target.name },
        message: `${percent(share)} of training labels contradict at least ${String(unanimous)} of their ${String(k)} nearest neighbours where these agree${beside}`,
        evidence: { share, of: main.clear, control: controlShare, controlOf: control?.clear, deviations: z, worst, spreadsOverAllClasses: anywhere },
        remedy: `About ${digits(Math.round(100 * (beyondControl ? noise : share)))}% of the labels seem to be wrong. Look at some by eye${worst[0] === undefined ? '' : `, such as those labelled ${String(worst[0].labelled)} among inputs of class ${String(worst[0].looksLike)}`}, and at the step that made them.`,
      }),
    );
  }
  return Object.keys(measured).length === 0 ? { findings, measured, cannotTell: 'there are no classes that inputs tell' } : { findings, measured };
}

export const labelNoise: Check = { name: 'label-noise', stage: 'data', summary: 'Labels agree with those of near inputs as often in training as in validation.', run };
