import { z } from 'zod';
import { gravity, severities, type Finding } from '../finding.js';
import { classCollapse, metricContradictsLoss } from './agreement.js';
import { explodingGradients, gradientSpike, vanishingGradients } from './gradients.js';
import { emptyHistory, historySchema, remember } from './history.js';
import { lossOscillating, lossRising, lossSlow, lossStuck, underfitting } from './loss.js';
import { firstNonFinite, riskyValues } from './non-finite.js';
import { learningRateTooHigh, learningRateTooLow, learningRateZero } from './rate.js';
import type { Rule, Seen } from './rule.js';
import { dataBound, stepTimeOutlier } from './speed.js';
import { deadUnits, saturatedActivations } from './units.js';
import { overfitting, validationBetter, validationOverfitting } from './validation.js';
import { weightsGrowing, weightsUnchanged } from './weights.js';

/** All rules, in the order in which they look. */
export const rules: readonly Rule[] = [
  firstNonFinite, riskyValues, metricContradictsLoss, learningRateTooHigh, learningRateTooLow, learningRateZero, deadUnits, saturatedActivations, vanishingGradients, explodingGradients,
  gradientSpike, weightsGrowing, weightsUnchanged, lossRising, lossOscillating, lossStuck, lossSlow, underfitting, classCollapse, overfitting, validationBetter, validationOverfitting, dataBound, stepTimeOutlier,
];
export const ruleNames: readonly string[] = rules.map(({ name }) => name);

/** What all rules keep of a run: plain JSON. */
export const watchSchema = z.strictObject({
  history: historySchema,
  /** What has been said, by rule and place, with its severity: said again only when it is graver. */
  told: z.record(z.string(), z.enum(severities)),
});
export type Watch = z.output<typeof watchSchema>;

export const emptyWatch = (): Watch => ({ history: emptyHistory(), told: {} });

const keyOf = ({ rule, where }: Finding): string => [rule, where.layer, where.weight].filter((each) => each !== undefined).join(' ');
/** Told once a run, wherever it shows first: what follows is its consequence. */
const onceARun: ReadonlySet<string> = new Set(['first-non-finite', 'learning-rate-too-high', 'learning-rate-zero', 'gradient-spike', 'dead-units', 'weights-unchanged', 'weights-growing']);

/** Shows an event to all rules. @param skip Names of rules that are not asked. */
export function see(watch: Watch, event: Seen, skip: readonly string[] = []): { readonly watch: Watch; readonly findings: readonly Finding[] } {
  const history = remember(watch.history, event);
  const told = { ...watch.told };
  const findings: Finding[] = [];
  for (const { name, on, look } of rules) {
    if (skip.includes(name) || !on.includes(event.event)) continue;
    for (const each of look(history, event)) {
      const key = onceARun.has(each.rule) ? each.rule : keyOf(each);
      const before = told[key];
      if (before !== undefined && gravity(before) <= gravity(each.severity)) continue;
      told[key] = each.severity;
      findings.push(each);
    }
  }
  return { watch: { history, told }, findings };
}
