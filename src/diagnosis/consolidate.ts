import type { Causes } from './causes.js';
import { gravity, type Finding } from './finding.js';
import { dataCauses } from './preflight/data/causes.js';
import { modelCauses } from './preflight/model/causes.js';
import { trainingCauses } from './preflight/training/causes.js';
import { watchCauses } from './rules/causes.js';

/** All causes, from the data to the training: of two findings of one severity, that of the earlier cause comes first. */
export const causes: Causes = together(dataCauses, modelCauses, trainingCauses, watchCauses);

/** A rule that several stages name keeps its first place, and brings about what any of them says. */
function together(...stages: readonly Causes[]): Causes {
  const all: Record<string, readonly string[]> = {};
  for (const stage of stages) for (const [rule, symptoms] of Object.entries(stage)) all[rule] = [...new Set([...(all[rule] ?? []), ...symptoms])];
  return all;
}

/**
 * What makes two findings one: the rule and the place. A training has one learning rate, whatever layer showed that it is
 * wrong; the checks before it tried other rates, so theirs, which comes first, stays.
 */
const keyOf = ({ rule, where }: Finding): string => (rule.startsWith('learning-rate') ? rule : JSON.stringify([rule, where.layer, where.weight, where.feature, where.sample]));

/** Rules that a rule brings about, those of its consequences included. */
function reach(rule: string, of: Causes, seen = new Set<string>()): ReadonlySet<string> {
  for (const next of Object.hasOwn(of, rule) ? (of[rule] ?? []) : []) {
    if (seen.has(next)) continue;
    seen.add(next);
    reach(next, of, seen);
  }
  return seen;
}

/**
 * Findings with one root cause become one: the cause, with the others as `symptoms` in its evidence. An info explains
 * nothing graver than itself. The result begins with the gravest, and among those with the one nearest to a root.
 */
export function consolidate(findings: readonly Finding[], of: Causes = causes): readonly Finding[] {
  const byKey = new Map<string, Finding>();
  for (const each of findings) {
    const known = byKey.get(keyOf(each));
    if (known === undefined || gravity(each.severity) < gravity(known.severity)) byKey.set(keyOf(each), each);
  }
  const all = [...byKey.values()];
  const rules = Object.keys(of);
  const rank = ({ rule }: Finding): number => (rules.includes(rule) ? rules.indexOf(rule) : rules.length);
  const sorted = all.toSorted((a, b) => gravity(a.severity) - gravity(b.severity) || rank(a) - rank(b));
  const reached = new Map(sorted.map(({ rule }) => [rule, reach(rule, of)]));
  /** The first cause in the order above that brings it about, and is not brought about by it in turn. */
  const causeOf = (symptom: Finding): Finding | undefined =>
    sorted.find((cause) => {
      if (cause.rule === symptom.rule || !(reached.get(cause.rule)?.has(symptom.rule) ?? false)) return false;
      if (reached.get(symptom.rule)?.has(cause.rule) === true && rank(symptom) < rank(cause)) return false;
      return gravity(cause.severity) <= Math.max(gravity(symptom.severity), gravity('warning')) && (cause.severity !== 'info' || symptom.severity === 'info');
    });
  const symptoms = new Map<Finding, Finding[]>();
  const roots: Finding[] = [];
  for (const each of sorted) {
    let root = causeOf(each);
    // Up to the root: a symptom of a symptom is told with what began it.
    const passed = new Set<Finding>([each]);
    for (let next = root; next !== undefined && !passed.has(next); next = causeOf(next)) {
      passed.add(next);
      root = next;
    }
    if (root === undefined || root === each) roots.push(each);
    else symptoms.set(root, [...(symptoms.get(root) ?? []), each]);
  }
  return roots.map((root) => {
    const own = symptoms.get(root);
    if (own === undefined) return root;
    const gravest = own.reduce((most, { severity }) => (gravity(severity) < gravity(most) ? severity : most), root.severity);
    return { ...root, severity: gravest, evidence: { ...root.evidence, symptoms: own.map(({ rule, severity, where, message, evidence }) => ({ rule, severity, where: { ...where }, message, evidence })) } as Finding['evidence'] };
  });
}
