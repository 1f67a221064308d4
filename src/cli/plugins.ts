import type { Command } from 'commander';
import { jsonOption } from './arguments.js';

export interface PluginsOptions {
  readonly json?: boolean;
}

export function addPlugins(program: Command): void {
  program
    .command('plugins')
    .summary('list the built-in plugins, or show the options and events of one')
    .description('Lists the built-in plugins. With a name: its options with their defaults, its events, and a sample of a config file.')
    .argument('[name]', 'a plugin')
    .addOption(jsonOption())
    .addHelpText('after', '\nExit codes: 0 done, 2 there is no such plugin.\n\nExamples:\n  trainscope plugins\n  trainscope plugins gradientNorm\n  trainscope plugins earlyStopping --json | jq .options.properties.patience')
    .action(async (name: string | undefined, options: PluginsOptions) => {
      const { showPlugins } = await import('./show-plugins.js');
      await showPlugins(name, options);
    });
}
