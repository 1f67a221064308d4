import type { Command } from 'commander';
import { failOnOption, jsonOption, type FailOn } from './arguments.js';

export interface CompareOptions {
  readonly output?: string;
  readonly title?: string;
  readonly last?: boolean;
  readonly json?: boolean;
  readonly failOn: FailOn;
}

export function addCompare(program: Command): void {
  program
    .command('compare')
    .summary('hold runs against one another: metrics, findings, settings, where the error comes from')
    .description(
      'Reads the logs of two runs or more and tells how they differ: the last and the best value of each metric, what was\n' +
        'found in which, the settings that are not the same, and the parts of the error (bias, variance, selection).\n\n' +
        'LOGS are files of events, or the folders of runs. Of a log that holds several runs the last one is taken, or all of\n' +
        'them where it is the only log.',
    )
    .argument('<logs...>', 'files of events, a line each, or folders of runs')
    .option('-o, --output <file>', 'write the report of these runs side by side as a page of HTML')
    .option('--title <text>', 'heading of the page')
    .addOption(jsonOption())
    .addOption(failOnOption('never'))
    .addHelpText('after', '\nExit codes: 0 compared, 1 a finding as grave as --fail-on, 2 could not be done.\n\nExamples:\n  trainscope compare runs/a runs/b\n  trainscope compare adam.ndjson sgd.ndjson -o both.html\n  trainscope compare runs/* --json | jq .metrics')
    .action(async (logs: readonly string[], options: CompareOptions) => {
      const { runCompare } = await import('./run-compare.js');
      await runCompare(logs, options);
    });
}
