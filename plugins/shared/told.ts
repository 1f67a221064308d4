import { z } from 'zod';
import type { FindingInput } from 'trainscope/plugin';

const levels = ['nothing', 'info', 'warning', 'error'] as const;

/** How much has been said of a cause that has not cleared: part of a plugin's state, so that a resumed run does not repeat it. */
export const told = z.enum(levels).default('nothing');
export type Told = z.output<typeof told>;

/** What a rule has to say at one measurement, and what is said by then. */
export interface Verdict {
  readonly told: Told;
  readonly finding: FindingInput | null;
}

export const unchanged = (before: Told): Verdict => ({ told: before, finding: null });
export const cleared: Verdict = { told: 'nothing', finding: null };

/** Says the finding when nothing as grave has been said of its cause. */
export const tell = (before: Told, finding: FindingInput): Verdict =>
  levels.indexOf(finding.severity) > levels.indexOf(before) ? { told: finding.severity, finding } : unchanged(before);
