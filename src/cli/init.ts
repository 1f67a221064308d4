import type { Command } from 'commander';
import { jsonOption } from './arguments.js';

export interface InitOptions {
  readonly trainscope?: string;
  readonly json?: boolean;
}

export function addInit(program: Command): void {
  program
    .command('init')
    .summary('begin a project: a training in TypeScript that runs')
    .description('Writes a project to begin with: package.json, tsconfig.json, experiment.ts (model and data), run.yaml (settings), README.md and\n.gitignore. It writes nothing where one of them is there already.')
    .argument('[folder]', 'where; it is made where it is not there', '.')
    .option('--trainscope <range>', 'what package.json names as trainscope: a version range, or a path (default: this version)')
    .addOption(jsonOption())
    .addHelpText('after', '\nExit codes: 0 written, 2 could not be done.\n\nExamples:\n  trainscope init digits && cd digits && npm install && npm run train\n  trainscope init digits --trainscope file:../trainscope-0.1.0.tgz')
    .action(async (folder: string, options: InitOptions) => {
      const { runInit } = await import('./run-init.js');
      await runInit(folder, options);
    });
}
