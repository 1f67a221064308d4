import { Option, type Command } from 'commander';
import { configOption, count, failOnOption, jsonOption, setOption, whole, type FailOn } from './arguments.js';

export interface TrainOptions {
  readonly config?: string;
  readonly set: readonly string[];
  readonly epochs?: number;
  readonly seed?: number;
  readonly out?: string;
  readonly resume?: string;
  readonly report?: boolean;
  readonly log?: string;
  readonly dashboard?: boolean;
  readonly json?: boolean;
  readonly failOn: FailOn;
}

export function addTrain(program: Command): void {
  program
    .command('train')
    .summary('run a training')
    .description(
      'Runs the training that a script exports: its model and data, with the settings of the script, over them those of\n' +
        '--config, and over these --set, --epochs and --seed. Every event goes to events.ndjson in the folder of the run.\n\n' +
        'SCRIPT is a TypeScript or JavaScript file whose default export is an experiment, or a function that gives one.\n' +
        'A script that trains by itself is run as it is, without these options.',
    )
    .argument('<script>', 'the file of the training')
    .argument('[arguments...]', 'what the script is given, after --')
    .addOption(configOption())
    .addOption(setOption())
    .addOption(new Option('--epochs <n>', 'short for --set fit.epochs=N').argParser(count))
    .addOption(new Option('--seed <n>', 'short for --set seed=N').argParser(whole))
    .option('-o, --out <folder>', 'folder of the run: events, checkpoints, what sinks write (default: runs/TIME)')
    .option('--resume <folder>', 'go on from the newest sound checkpoint of a run, or from the one that is named')
    .option('--report', 'write report.html into the folder of the run when it ends')
    .option('--log <where>', "events as log lines: 'stdout', or a file")
    .option('--dashboard', 'serve a live page of the training (the plugin dashboard)')
    .addOption(jsonOption())
    .addOption(failOnOption('never'))
    .addHelpText(
      'after',
      '\nExit codes: 0 trained, 1 a finding as grave as --fail-on, 2 could not begin, 3 failed on the way, 130 and 143 ended by\nCtrl-C and SIGTERM, after the step and a checkpoint where the plugin is attached.\n\n' +
        'Examples:\n  trainscope train experiment.ts --config run.yaml\n  trainscope train experiment.ts --config run.yaml --set optimizer.learningRate=0.01 --set plugins.gradientNorm.every=5\n' +
        '  trainscope train experiment.ts --epochs 20 --seed 7 --out runs/a --report\n  trainscope train experiment.ts --config run.yaml --resume runs/a --epochs 40\n  trainscope train experiment.ts --log stdout | npx pino-pretty\n  trainscope train experiment.ts --json | jq .metrics',
    )
    .action(async (script: string, args: readonly string[], options: TrainOptions) => {
      const { runTrain } = await import('./run-train.js');
      await runTrain(script, args, options);
    });
}
