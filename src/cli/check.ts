import { Option, type Command } from 'commander';
import { collect, configOption, failOnOption, jsonOption, positive, setOption, whole, type FailOn } from './arguments.js';

export interface CheckOptions {
  readonly config?: string;
  readonly set: readonly string[];
  readonly json?: boolean;
  readonly info?: boolean;
  readonly verbose?: boolean;
  readonly only?: readonly string[];
  readonly skip: readonly string[];
  readonly samples?: number;
  readonly seconds?: number;
  readonly seed?: number;
  readonly failOn: FailOn;
  readonly contactSheet?: string;
}

const names = (text: string, before?: readonly string[]): readonly string[] => text.split(',').reduce<readonly string[]>((all, name) => collect(name.trim(), all), before ?? []);

export function addCheck(program: Command): void {
  program
    .command('check')
    .summary('look at a training before it runs')
    .description(
      'Looks at data, model and loss of a training before it runs, and trains on copies for a few seconds.\n\n' +
        'SCRIPT is a TypeScript or JavaScript file that exports an experiment as its default, or any script that calls fit()\n' +
        'of a Trainer or of a LayersModel: its first fit is looked at and not run.',
    )
    .argument('<script>', 'the file of the training')
    .argument('[arguments...]', 'what the script is given, after --')
    .addOption(configOption())
    .addOption(setOption())
    .addOption(jsonOption())
    .option('--info', 'show what is worth knowing as well (severity info)')
    .option('--verbose', 'show every check with its numbers')
    .addOption(new Option('--only <names>', 'run these checks alone, by name, separated by commas').argParser(names))
    .addOption(new Option('--skip <names>', 'leave out these checks').argParser(names).default([], 'none'))
    .addOption(new Option('--samples <n>', 'samples of each source that are looked at (default: 4096)').argParser(whole))
    .addOption(new Option('--seconds <n>', 'time after which checks that train are left out (default: 40)').argParser(positive))
    .addOption(new Option('--seed <n>', 'of all that is random in the checks (default: 1)').argParser(whole))
    .addOption(failOnOption('warning'))
    .addOption(new Option('--contact-sheet <file>', 'write an HTML page that shows a batch as the model sees it'))
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing found, 1 something found, 2 could not be done.\n\nExamples:\n  trainscope check train.ts\n  trainscope check train.ts --json > findings.json\n  trainscope check train.ts --config run.yaml --set optimizer.learningRate=0.1\n  trainscope check train.ts -- --epochs 3',
    )
    .action(async (script: string, args: readonly string[], options: CheckOptions) => {
      const { runCheck } = await import('./run-check.js');
      await runCheck(script, args, options);
    });
}
