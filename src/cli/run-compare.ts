import { basename, resolve } from 'node:path';
import Table from 'cli-table3';
import { colours as pc } from './colours.js';
import { digits, gravity, type Severity } from '../diagnosis/finding.js';
import { ConfigError } from '../errors.js';
import { readReport, writeReport, type ReportModel } from '../report/index.js';
import type { CompareOptions } from './compare.js';
import { leaders, metricRows, type MetricRow } from './comparison.js';
import { exitCodes } from './exit-codes.js';
import { logPath } from './log-path.js';
import { counted, withoutControls, writeJson, writeOut } from './output.js';
import { wrapped } from './wrapped.js';

export async function runCompare(given: readonly string[], { output, title, json = false, failOn }: CompareOptions): Promise<void> {
  const logs = given.map(logPath);
  const twice = given.find((_, i) => logs.indexOf(logs[i] ?? '') !== i);
  if (twice !== undefined) throw new ConfigError('OPTIONS_INVALID', { found: `${twice} is given twice`, expected: 'runs that differ' });
  const options = { run: logs.length === 1 ? 'all' : 'last', ...(title === undefined ? {} : { title }) } as const;
  const model = output === undefined ? await readReport(logs, options) : await writeReport(logs, resolve(output), options);
  const { comparison, runs } = model;
  if (comparison === null) throw new ConfigError('OPTIONS_INVALID', { found: `${given.join(', ')}: one run`, expected: 'two or more to compare', remedy: 'Name another log, or use `trainscope report` for one run.' });
  const metrics = metricRows(model);
  if (json) await writeJson({ runs: runs.map(({ name, runId, status, epoch, step, time, findings }) => ({ name, runId, status, epoch, step, seconds: time.total, findings: findings.map(({ rule, severity, message, remedy, where, evidence }) => ({ rule, severity, message, remedy, where, evidence })) })), ...comparison, metrics, report: output === undefined ? null : resolve(output) });
  else await writeOut(`${comparisonText(...withoutControls([{ runs }, comparison, metrics, labelsOf(given, model)] as const))}${output === undefined ? '' : `\n${output} has them side by side.\n`}`);
  process.exitCode = failOn !== 'never' && runs.some(({ findings }) => findings.some(({ severity }) => gravity(severity) <= gravity(failOn))) ? exitCodes.found : exitCodes.fine;
}

/** As the runs were named on the command line, which is shorter than the names of the page; these where one log has several. */
const labelsOf = (given: readonly string[], { runs }: ReportModel): readonly string[] =>
  given.length === runs.length && new Set(given.map((each) => basename(each))).size === given.length ? given.map((each) => basename(each)) : runs.map(({ name }) => name);

type Comparison = NonNullable<ReportModel['comparison']>;
type Value = Comparison['metrics'][number]['values'][number];

const number = (value: Value): string => (value === null ? '-' : typeof value === 'number' ? digits(value) : value);

/** A value of a setting as long as a table bears. */
const short = (value: string | null): string => (value === null ? '-' : value.length > 40 ? `${value.slice(0, 39)}…` : value);

const paint: Readonly<Record<Severity, (text: string) => string>> = { error: pc.red, warning: pc.yellow, info: pc.cyan };

function table(head: readonly string[], rows: readonly (readonly string[])[], align: 'left' | 'right'): string {
  const made = new Table({ head: [...head], style: { head: [], border: [], compact: true }, colAligns: head.map((_, i) => (i === 0 ? 'left' : align)) });
  made.push(...rows.map((row) => [...row]));
  return made.toString();
}

function comparisonText({ runs }: Pick<ReportModel, 'runs'>, { differences, findings, decomposition }: Comparison, metrics: readonly MetricRow[], labels: readonly string[]): string {
  const ends = runs.map(({ status, epoch, step }, i) => `${labels[i] ?? ''}: ${status}, ${counted(epoch, 'epoch')}, ${counted(step, 'step')}`);
  // The list of plugins as a whole says less than their options, which stand beside it.
  const shown = differences.filter(({ path }) => path !== 'plugins');
  const cells = (row: MetricRow): readonly string[] => {
    const leads = leaders(row);
    return row.runs.map((run, i) => {
      if (run === null) return '-';
      const last = leads[i] === true ? pc.green(pc.bold(number(run.last))) : number(run.last);
      return run.best === null || run.best.value === run.last ? last : `${last} ${pc.dim(`(best ${number(run.best.value)} at step ${String(run.best.step)})`)}`;
    });
  };
  return `${[
    ...ends,
    '',
    table(['metric', ...labels], metrics.map((row) => [row.name, ...cells(row)]), 'right'),
    '',
    findings.length === 0 ? 'No findings in any of them.' : table(['finding', ...labels], findings.map(({ rule, severities }) => [rule, ...severities.map((severity) => (severity === null ? '-' : paint[severity](severity)))]), 'left'),
    '',
    shown.length === 0 ? 'Their settings are the same.' : table(['setting', ...labels], shown.map(({ path, values }) => [path, ...values.map(short)]), 'left'),
    ...(decomposition === null ? [] : ['', table(['part of the error', ...labels], decomposition.parts.filter(({ values }) => values.some((value) => value !== null)).map(({ part, values }) => [part, ...values.map(number)]), 'right'), wrapped(`${runs.reduce((text, { name }, i) => text.replaceAll(name, () => labels[i] ?? name), decomposition.summary)}.`, '')]),
  ].join('\n')}\n`;
}
