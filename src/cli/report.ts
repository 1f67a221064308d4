import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { ReportModel } from '../report/index.js';
import { exitCodes } from './exit-codes.js';
import { logPath } from './log-path.js';
import { counted, withoutControls, writeJson } from './output.js';

interface ReportCommandOptions {
  readonly output: string;
  readonly title?: string;
  readonly last?: boolean;
  readonly json?: boolean;
  readonly failOn: 'error' | 'warning' | 'never';
}

export function addReport(program: Command): void {
  program
    .command('report')
    .summary('make a page of a log: findings, curves, and all that was measured')
    .description(
      'Makes one HTML file of a log of events, or of several side by side. It needs no network and no other file.\n\n' +
        'A log is what a file sink writes, or pino: a line of JSON an event. One that is torn, or of a run that is not at its\n' +
        'end, is shown as far as it goes.',
    )
    .argument('<logs...>', 'files of events, a line each, or folders of runs')
    .option('-o, --output <file>', 'where the page is written', 'report.html')
    .option('--title <text>', 'heading of the page (default: the names of the logs)')
    .option('--last', 'of a log that holds several runs, the last one alone')
    .option('--json', 'print what was found as JSON on stdout')
    .addOption(new Option('--fail-on <severity>', 'end with code 1 when a finding is that grave').choices(['error', 'warning', 'never']).default('never'))
    .addHelpText('after', '\nExit codes: 0 written, 1 a finding as grave as --fail-on, 2 could not be done.\n\nExamples:\n  trainscope report events.ndjson\n  trainscope report events.ndjson -o report.html --last\n  trainscope report runs/a runs/b -o both.html')
    .action(runReport);
}

async function runReport(logs: readonly string[], { output, title, last = false, json = false, failOn }: ReportCommandOptions): Promise<void> {
  const [{ gravity }, { writeReport }] = await Promise.all([import('../diagnosis/finding.js'), import('../report/index.js')]);
  const model = await writeReport(
    logs.map(logPath),
    resolve(output),
    { ...(title === undefined ? {} : { title }), run: last ? 'last' : 'all' },
  );
  const findings = model.runs.flatMap((run) => run.findings);
  if (json) await writeJson({ report: resolve(output), runs: model.runs.map(resultOf) });
  else process.stderr.write(`${withoutControls([`${output}: ${counted(findings.length, 'finding')} in ${counted(model.runs.length, 'run')}`, ...model.runs.flatMap(warnings)]).join('\n')}\n`);
  process.exitCode = failOn !== 'never' && findings.some(({ severity }) => gravity(severity) <= gravity(failOn)) ? exitCodes.found : exitCodes.fine;
}

const resultOf = ({ name, runId, status, epoch, step, metrics, log, findings }: ReportModel['runs'][number]): object => ({
  name,
  runId,
  status,
  epoch,
  step,
  metrics,
  log,
  findings: findings.map(({ rule, severity, message, remedy, where, evidence, step: at, symptoms }) => ({ rule, severity, message, remedy, where, evidence, step: at, symptoms })),
});

/** What a log lacks, that a reader of the page should know. */
const warnings = ({ name, log }: ReportModel['runs'][number]): readonly string[] => [
  ...(log.otherLines > 0 ? [`${name}: ${counted(log.otherLines, 'line')} that ${log.otherLines === 1 ? 'is no event' : 'are no events'}`] : []),
  ...(log.lost > 0 ? [`${name}: ${counted(log.lost, 'event')} a sink could not keep up with`] : []),
];
