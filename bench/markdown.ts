/** How the results of a benchmark are written: numbers, estimates and tables in Markdown. */
import { describeMachine, describeVersions } from './figures.js';
import type { Estimate } from './overhead/statistics.js';

export const number = (value: number): string => (Number.isFinite(value) ? value.toPrecision(3) : '-');
export const ratio = ({ median, low, high }: Estimate): string => `${median.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;

/** How a figure stands to its aim. `isOpen`: what was measured lies on both sides of it. */
export const verdict = (isMet: boolean, isOpen: boolean): string => `${isMet ? 'met' : 'missed'}${isOpen ? ', within the scatter' : ''}`;

/** Numbers, with or without a sign and what follows them, stand to the right. */
const isNumber = (cell: string): boolean => /^([-+≤≥]? ?\d|-$|$)/.test(cell);

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rules = head.map((_, column) => (column > 0 && rows.every((row) => isNumber(row[column] ?? '')) ? '---:' : '---'));
  return [line(head), line(rules), ...rows.map(line)].join('\n');
}

/** Which script wrote it, when, on which machine and with what. */
export function writtenBy(script: string): string {
  const machine = Object.entries(describeMachine()).map(([name, value]) => `${name}: ${String(value)}`).join(', ');
  const versions = Object.entries(describeVersions()).map(([name, value]) => `${name} ${value}`).join(', ');
  return `Written by \`npm run ${script} -- --results bench\` on ${new Date().toISOString().slice(0, 10)}. ${machine}. ${versions}.`;
}
