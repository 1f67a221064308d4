import type { Finding } from '../finding.js';
import type { Lab } from './lab.js';

/** The order of the stages is that of the checks: data is looked at before the model, and both before anything is trained. */
export const stages = ['data', 'model', 'training'] as const;
export type Stage = (typeof stages)[number];

export interface CheckResult {
  readonly findings: readonly Finding[];
  /** The numbers that were looked at, whether or not they led to a finding: plain JSON; NaN and infinities are allowed. */
  readonly measured?: Readonly<Record<string, unknown>>;
  /** Why it could not tell, where it could not: in words, without full stop. */
  readonly cannotTell?: string;
}

/**
 * One check: a pure question to the lab. It leaves no tensor and no change in the model (what it trains it trains in
 * lab.trial). It may lead to findings of several rules.
 */
export interface Check {
  /** Kebab-case. */
  readonly name: string;
  readonly stage: Stage;
  /** One sentence for lists and docs. */
  readonly summary: string;
  readonly run: (lab: Lab) => CheckResult | Promise<CheckResult>;
}

export const nothing: CheckResult = { findings: [] };
