import type { Counts } from './counting.js';

/** A share, or null where it is 0 of 0: it is not known then, and neither 0 nor 1. */
export type Share = number | null;

export interface ClassScores {
  readonly precision: Share;
  readonly recall: Share;
  readonly f1: Share;
  readonly support: number;
  readonly predicted: number;
}

export interface Averages {
  readonly precision: Share;
  readonly recall: Share;
  readonly f1: Share;
}

export interface Scores {
  readonly accuracy: Share;
  readonly balancedAccuracy: Share;
  readonly kappa: Share;
  readonly mcc: Share;
  readonly macro: Averages;
  readonly weighted: Averages;
  readonly micro: Averages;
  readonly classes: readonly ClassScores[];
}

const share = (part: number, whole: number): Share => (whole === 0 ? null : part / whole);
const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);

/** 2 TP / (2 TP + FP + FN): what the harmonic mean of precision and recall is, and known where either of them is not. */
const f1 = (hits: number, predicted: number, support: number): Share => share(2 * hits, predicted + support);

/** The mean of the shares that are known, each times its weight. */
function mean(values: readonly Share[], weights: readonly number[]): Share {
  let total = 0;
  let weight = 0;
  for (const [i, value] of values.entries()) {
    if (value === null) continue;
    total += value * (weights[i] ?? 0);
    weight += weights[i] ?? 0;
  }
  return share(total, weight);
}

/**
 * Scores out of counts. Kappa is Cohen's (1960): agreement beyond that of chance. MCC is the multi-class form of the
 * correlation coefficient of Matthews by Gorodkin (2004).
 */
export function scoresOf({ task, hits, predicted, support, total }: Counts): Scores {
  const classes = hits.map((hit, i): ClassScores => {
    const [ofIt, labelled] = [predicted[i] ?? 0, support[i] ?? 0];
    return { precision: share(hit, ofIt), recall: share(hit, labelled), f1: f1(hit, ofIt, labelled), support: labelled, predicted: ofIt };
  });
  const averaged = (weights: readonly number[]): Averages => ({
    precision: mean(classes.map(({ precision }) => precision), weights),
    recall: mean(classes.map(({ recall }) => recall), weights),
    f1: mean(classes.map((each) => each.f1), weights),
  });
  const [allHits, allPredicted, allLabelled] = [sum(hits), sum(predicted), sum(support)];
  const macro = averaged(classes.map(() => 1));
  const common = {
    macro,
    weighted: averaged(support),
    micro: { precision: share(allHits, allPredicted), recall: share(allHits, allLabelled), f1: f1(allHits, allPredicted, allLabelled) },
    classes,
  };
  if (task === 'multilabel') {
    // Of all labels of all samples: yes that are right and no that are right.
    return { ...common, accuracy: share(total - allPredicted - allLabelled + 2 * allHits, total), balancedAccuracy: null, kappa: null, mcc: null };
  }
  // By chance, with the same totals. Shares first: the products of counts are beyond exact doubles for large data.
  const chance = sum(predicted.map((each, i) => (each / total) * ((support[i] ?? 0) / total)));
  const agreement = allHits / total;
  const spread = (counts: readonly number[]): number => 1 - sum(counts.map((each) => (each / total) ** 2));
  const under = Math.sqrt(spread(predicted) * spread(support));
  const known = (value: number): Share => (Number.isFinite(value) ? value : null);
  return {
    ...common,
    accuracy: share(allHits, total),
    balancedAccuracy: macro.recall,
    kappa: total === 0 || 1 - chance <= 0 ? null : known((agreement - chance) / (1 - chance)),
    mcc: total === 0 || under <= 0 ? null : known((agreement - chance) / under),
  };
}

export interface ConfusedPair {
  readonly truth: number;
  readonly predicted: number;
  readonly count: number;
}

/** The pairs of a true class and another that it was taken for, the most frequent first; of equal ones in the order of the classes. */
export function confusedPairs({ pairs, classes }: Counts, most: number): readonly ConfusedPair[] {
  if (pairs === null || most === 0) return [];
  const found: ConfusedPair[] = [];
  for (let at = 0; at < pairs.length; at += 1) {
    const count = pairs[at] ?? 0;
    const truth = Math.floor(at / classes);
    const predicted = at % classes;
    if (count > 0 && truth !== predicted) found.push({ truth, predicted, count });
  }
  return found.sort((a, b) => b.count - a.count || a.truth - b.truth || a.predicted - b.predicted).slice(0, most);
}
