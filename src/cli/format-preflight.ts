import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { colours as pc } from './colours.js';
import { digits, type Finding, type Severity } from '../diagnosis/finding.js';
import type { CheckRecord, PreflightResult } from '../diagnosis/preflight/preflight.js';
import { wrapped } from './wrapped.js';

const paint: Readonly<Record<Severity, (text: string) => string>> = { error: pc.red, warning: pc.yellow, info: pc.cyan };

const place = ({ where }: Finding): string => {
  const parts = [where.layer === undefined ? '' : `layer ${where.layer}`, where.weight ?? '', where.feature === undefined ? '' : typeof where.feature === 'number' ? `feature ${String(where.feature)}` : where.feature, where.sample === undefined ? '' : `sample ${String(where.sample)}`].filter((part) => part !== '');
  return parts.length === 0 ? '' : `  ${pc.dim(parts.join(', '))}`;
};

const symptomsOf = ({ evidence }: Finding): readonly string[] => {
  const { symptoms } = evidence as { readonly symptoms?: readonly { readonly rule: string }[] };
  return (symptoms ?? []).map(({ rule }) => rule);
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Where the page is, from where the command runs: in the project itself, or in the package that a project has installed. */
const docs = fileURLToPath(new URL(import.meta.url.includes('/dist/') ? '../../../docs/' : '../../docs/', import.meta.url));
const pageOf = (page: string): string => relative(process.cwd(), join(docs, page));

function textOf(finding: Finding): string {
  const symptoms = [...new Set(symptomsOf(finding))];
  return [
    `${paint[finding.severity](pc.bold(finding.severity))} ${pc.bold(finding.rule)}${place(finding)}`,
    wrapped(`${capital(finding.message)}.`, '  '),
    ...(finding.remedy === '' ? [] : [wrapped(finding.remedy, '  → ', '    ')]),
    ...(symptoms.length === 0 ? [] : [wrapped(`It explains as well: ${symptoms.join(', ')}.`, '  ')]),
    ...(finding.docs === null ? [] : [pc.dim(`  ${pageOf(finding.docs)}`)]),
  ].join('\n');
}

const count = (findings: readonly Finding[], severity: Severity): number => findings.filter((each) => each.severity === severity).length;
const plural = (n: number, word: string): string => `${String(n)} ${word}${n === 1 ? '' : 's'}`;

/** Numbers of three digits, and of long lists the first eight. */
function shortened(_: string, value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? Number(value.toPrecision(3)) : String(value);
  return Array.isArray(value) && value.length > 8 ? [...(value as unknown[]).slice(0, 8), `... ${String(value.length)} in all`] : value;
}

function checkText({ name, stage, ms, measured, cannotTell, findings }: CheckRecord): string {
  const told = cannotTell === null ? (findings === 0 ? 'nothing found' : plural(findings, 'finding')) : `cannot tell: ${cannotTell}`;
  return `${pc.dim(stage.padEnd(8))} ${name}: ${told} ${pc.dim(`(${digits(ms)} ms)`)}\n${wrapped(JSON.stringify(measured, shortened).replaceAll(/,(?=["{[])/g, ', '), '           ')}`;
}

/** What a preflight came to, for a terminal: findings from the gravest on, then one line that sums up. */
export function formatPreflight(script: string, { findings, checks, ms }: PreflightResult, { info, verbose }: { readonly info: boolean; readonly verbose: boolean }): string {
  const shown = findings.filter(({ severity }) => info || severity !== 'info');
  const infos = count(findings, 'info');
  const run = checks.length;
  const counted = [count(findings, 'error') > 0 ? plural(count(findings, 'error'), 'error') : '', count(findings, 'warning') > 0 ? plural(count(findings, 'warning'), 'warning') : ''].filter((part) => part !== '');
  const verdict = counted.length === 0 ? pc.green('nothing wrong was found') : counted.join(', ');
  const hidden = !info && infos > 0 ? ` (${plural(infos, 'note')} with --info)` : '';
  const ended = checks.some(({ stage }) => stage === 'training') || run > 0 ? '' : ' The training could not begin, so nothing else was looked at.';
  return `${[...(verbose ? checks.map(checkText) : []), ...shown.map(textOf), `${pc.bold(script)}: ${verdict}; ${plural(run, 'check')} in ${digits(ms / 1000)} s${hidden}.${ended}`].join('\n\n')}\n`;
}
