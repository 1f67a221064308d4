/** How the results of a benchmark are written: numbers, estimates and tables in Markdown. */
import { describeMachine, describeVersions } from './figures.js';
import type { Estimate } from './overhead/statistics.js';

export const number = (value: number): string => (Number.isFinite(value) ? value.toPrecision(3) : '-');
export const ratio = ({ median, low, high }: Estimate): string => `${median.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => [`| ${head.join(' | ')} |`, `| ${head.map((_, i) => (i === 0 ? '---' : '---:')).join(' | ')} |`, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');

/** Which script wrote it, when, on which machine and with what. */
export function writtenBy(script: string): string {
  const machine = Object.entries(describeMachine()).map(([name, value]) => `${name}: ${String(value)}`).join(', ');
  const versions = Object.entries(describeVersions()).map(([name, value]) => `${name} ${value}`).join(', ');
  return `Written by \`npm run ${script} -- --results bench\` on ${new Date().toISOString().slice(0, 10)}. ${machine}. ${versions}.`;
}
