import type { JsonRecord } from '../../events/index.js';

/** A text that stands in a table: one line, and no bar that would end the cell. */
const cell = (value: unknown): string => String(value).replace(/\|/g, '\\|').replace(/\s*\n\s*/g, ' ');

export const table = (head: readonly string[], rows: readonly (readonly unknown[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

/** A fence that is longer than any in the text. */
export function json(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  return `${fence}json\n${text}\n${fence}`;
}

export interface FindingText {
  readonly rule: string;
  readonly severity: string;
  readonly message: string;
  readonly remedy: string;
  readonly evidence: JsonRecord;
}

export const findingText = ({ rule, severity, message, remedy, evidence }: FindingText): string =>
  [`**${severity}: ${rule}**`, message, `*What to do:* ${remedy}`, ...(Object.keys(evidence).length === 0 ? [] : [json(evidence)])].join('\n\n');
