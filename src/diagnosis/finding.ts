import type { CoreEvents } from '../events/index.js';

/** What was found wrong, or worth knowing: as the event `finding` carries it. */
export type Finding = CoreEvents['finding'];
export type Severity = Finding['severity'];

/** From the gravest. */
export const severities = ['error', 'warning', 'info'] as const satisfies readonly Severity[];

/** 0 for an error, 1 for a warning, 2 for an info. */
export const gravity = (severity: Severity): number => severities.indexOf(severity);

export interface FindingParts {
  /** Kebab-case, with a page docs/rules/NAME.md. */
  readonly rule: string;
  readonly severity: Severity;
  /** One sentence with its numbers, no full stop. */
  readonly message: string;
  readonly where?: Finding['where'];
  readonly evidence?: Readonly<Record<string, unknown>>;
  /** What to change, concretely: sentences with full stops. */
  readonly remedy: string;
}

/** A finding with the page of its rule. */
export const finding = ({ rule, severity, message, where = {}, evidence = {}, remedy }: FindingParts): Finding => ({
  rule,
  severity,
  where,
  message,
  evidence: evidence as Finding['evidence'],
  remedy,
  docs: `rules/${rule}.md`,
});

/** A number as sentences show it: three significant digits, without trailing zeros. */
export const digits = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(3))) : String(value));
/** A share as a percentage of at most three significant digits. */
export const percent = (share: number): string => `${digits(100 * share)}%`;
