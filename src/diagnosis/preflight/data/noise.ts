import { digits, finding, percent, type Finding } from '../../finding.js';
import type { Check, CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import { nearest } from './neighbours.js';
import { explainedByOutput, probesOf, upperTail } from './predictability.js';
import { renamed } from './renamed.js';
import type { Points } from './representation.js';
import { classCounts, targetOf, type ClassTarget } from './targets.js';

const k = 10;
/** Of 10 neighbours so many must agree for a neighbourhood to be one class's, whatever becomes of it in validation. */
const nearlyAll = 8;
/** Beside validation a majority is enough: what classes that overlap do, they do there too. */
const majority = 5;
/** Least share of wrong labels to warn of: below it, training loses little (Rolnick et al. 2017, "Deep learning is robust to massive label noise"). */
const least = 0.1;

interface Contradictions {
  /** Samples whose neighbourhood is one class's. */
  readonly clear: number;
  /** Those of them with another label. */
  readonly against: number;
  /** [class of the neighbourhood][label] */
  readonly counts: readonly (readonly number[])[];
}

/** Samples of `of` whose own label contradicts that of most training neighbours, by how many of these must agree. */
function contradictions(of: Points, among: Points, own: ClassTarget, theirs: ClassTarget, leaveOneOut: boolean): (votes: number) => Contradictions {
  const pairs = nearest(of, among, k, leaveOneOut);
  const winners: { readonly winner: number; readonly most: number; readonly label: number }[] = [];
  for (let i = 0; i < of.indices.length; i += 1) {
    const votes = new Map<number, number>();
    for (let slot = i * k; slot < (i + 1) * k; slot += 1) {
      const place = pairs[slot] ?? -1;
      if (place < 0) continue;
      const label = theirs.values[among.indices[place] ?? 0] ?? -1;
      votes.set(label, (votes.get(label) ?? 0) + 1);
    }
    const [winner, most] = [...votes].reduce((best, each) => (each[1] > best[1] ? each : best), [-1, 0]);
    winners.push({ winner, most, label: own.values[of.indices[i] ?? 0] ?? -1 });
  }
  return (needed) => {
    const counts = Array.from({ length: theirs.classes }, () => new Array<number>(Math.max(own.classes, theirs.classes)).fill(0));
    let clear = 0;
    let against = 0;
    for (const { winner, most, label } of winners) {
      if (most < needed) continue;
      clear += 1;
      if (label !== winner) against += 1;
      const row = counts[winner];
      if (row !== undefined) row[label] = (row[label] ?? 0) + 1;
    }
    return { clear, against, counts };
  };
}

/** Deviations by which share a / n is above b / m. */
function above(a: number, n: number, b: number, m: number): number {
  const pooled = (a + b) / Math.max(1, n + m);
  return (a / n - b / m) / Math.sqrt(Math.max(1e-9, pooled * (1 - pooled) * (1 / n + 1 / m)));
}

interface Confused {
  readonly looksLike: number;
  readonly labelled: number;
  readonly share: number;
  readonly control: number;
}

/** The pair of classes whose labels are mixed up in training more than in validation: one class given another's name now and then. */
function confused({ counts }: Contradictions, control: Contradictions): Confused | undefined {
  const sum = (row: readonly number[] = []): number => row.reduce((all, each) => all + each, 0);
  return counts
    .flatMap((row, looksLike) =>
      row.map((count, labelled) => {
        const n = sum(row);
        const m = sum(control.counts[looksLike]);
        const there = control.counts[looksLike]?.[labelled] ?? 0;
        // Once in 10,000 set-ups by chance, over all pairs of classes.
        const isIt = looksLike !== labelled && count >= 10 && n >= 20 && m >= 10 && count / n - there / m >= 0.15 && upperTail(above(count, n, there, m)) * counts.length * (counts.length - 1) < 1e-4;
        return { looksLike, labelled, share: count / Math.max(1, n), control: there / Math.max(1, m), isIt };
      }),
    )
    .filter(({ isIt }) => isIt)
    .toSorted((a, b) => b.share - b.control - (a.share - a.control))
    .map(({ looksLike, labelled, share, control: there }) => ({ looksLike, labelled, share, control: there }))[0];
}

/**
 * Whether wrong labels fall on all other classes alike. Classes that are hard to tell apart fall on one or two others (a
 * 4 on a 9); labels drawn at random do not care.
 */
function fallsAnywhere({ counts, against }: Contradictions, shares: readonly number[]): boolean {
  const classes = shares.filter((each) => each > 0).length;
  // Fewer than one a pair of classes do not show which pairs they fall on.
  if (classes < 4 || against < Math.max(30, classes * (classes - 1))) return false;
  let chiSquare = 0;
  let freedom = 0;
  let winners = 0;
  counts.forEach((row, winner) => {
    const wrong = row.reduce((sum, each, label) => sum + (label === winner ? 0 : each), 0);
    const rest = 1 - (shares[winner] ?? 0);
    if (wrong < 5 || rest <= 0) return;
    winners += 1;
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
  return winners >= 3 && freedom > 0 && chiSquare / freedom < 1 + 3 * Math.sqrt(2 / freedom);
}

/**
 * Whether labels are wrong as often where all neighbours agree as where most do: a wrong label asks for no place. Classes
 * that overlap contradict each other less, the deeper within one of them: to half and less from most to nearly all.
 */
function fallsDeep(most: Contradictions, nearly: Contradictions, all: Contradictions): boolean {
  const rate = ({ against, clear }: Contradictions): number => against / Math.max(1, clear);
  if (rate(nearly) < 0.65 * rate(most)) return false;
  const [clear, against] = [nearly.clear - all.clear, nearly.against - all.against];
  // Two deviations: half of what there is shows in 100 samples.
  return all.clear < 20 || clear < 20 || above(all.against, all.clear, against, clear) > -2;
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
    const strict = main(nearlyAll);
    const loose = main(majority);
    const beside = control?.(majority);
    const useful = beside !== undefined && beside.clear >= 30 && loose.clear >= 50;
    const share = (useful ? loose.against : strict.against) / Math.max(1, (useful ? loose : strict).clear);
    const controlShare = useful ? beside.against / beside.clear : undefined;
    const z = useful ? above(loose.against, loose.clear, beside.against, beside.clear) : 0;
    const strictShare = strict.against / Math.max(1, strict.clear);
    const pair = (useful ? confused(loose, beside) : undefined) ?? (held?.kind === 'classes' && held.width === 1 ? renamed(lab, target, held) : undefined);
    measured[target.name] = { share, controlShare, z, strictShare, strict: strict.clear, pair };
    const noise = share - (controlShare ?? 0);
    const total = classCounts(target);
    const sum = total.reduce((all, each) => all + each, 0);
    const beyondControl = z > 4 && noise >= 0.8 * least;
    const anywhere = strict.clear >= 50 && strictShare >= least && z > -4 && result.training.effect > 0.2 && fallsAnywhere(strict, total.map((each) => each / sum)) && fallsDeep(loose, strict, main(k));
    const known = strict.clear >= 50 && strictShare >= least && z > -4;
    if (!beyondControl && !anywhere && pair === undefined && !known) continue;
    const estimate = beyondControl ? noise : pair !== undefined && !anywhere ? pair.share - pair.control : strictShare;
    const shown = beyondControl ? share : strictShare;
    const worst = (beyondControl ? loose : strict).counts
      .flatMap((row, winner) => row.map((count, label) => ({ looksLike: winner, labelled: label, count })))
      .filter((each) => each.looksLike !== each.labelled && each.count > 0)
      .toSorted((a, b) => b.count - a.count)
      .slice(0, 3);
    const example = pair ?? worst[0];
    const message =
      pair !== undefined && !anywhere
        ? `${percent(pair.share)} of training samples among those of class ${String(pair.looksLike)} are labelled ${String(pair.labelled)}, ${percent(pair.control)} in validation`
        : `${percent(shown)} of training labels contradict most of their ${String(k)} nearest neighbours${beyondControl ? `, ${percent(controlShare ?? 0)} of validation's do` : anywhere ? ' where these agree, whichever other class it is' : ' where these agree'}`;
    findings.push(
      finding({
        rule: 'label-noise',
        severity: beyondControl || anywhere || pair !== undefined ? 'warning' : 'info',
        where: { feature: target.name },
        message,
        evidence: { share, control: controlShare, deviations: z, whereNeighboursAgree: strictShare, pair, worst, spreadsOverAllClasses: anywhere },
        remedy: `About ${digits(Math.round(100 * estimate))}% of ${pair !== undefined && !anywhere ? 'these' : 'the'} labels seem to be wrong. Look at some by eye${example === undefined ? '' : `, such as those labelled ${String(example.labelled)} among inputs of class ${String(example.looksLike)}`}, and at the step that made them.`,
      }),
    );
  }
  return Object.keys(measured).length === 0 ? { findings, measured, cannotTell: 'there are no classes that inputs tell' } : { findings, measured };
}

export const labelNoise: Check = { name: 'label-noise', stage: 'data', summary: 'Labels agree with those of near inputs as often in training as in validation.', run };
