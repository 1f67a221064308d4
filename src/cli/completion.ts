import { Argument, type Command } from 'commander';

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .summary('print what completes commands, options and settings in a shell')
    .description('Prints a script for a shell, which completes commands, options, names of plugins, settings behind --set, and files.')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish', 'powershell']))
    .addHelpText(
      'after',
      '\nFor good:\n' +
        '  bash        trainscope completion bash > ~/.local/share/bash-completion/completions/trainscope\n' +
        '  zsh         trainscope completion zsh > ~/.zfunc/_trainscope    (a folder of fpath, before compinit)\n' +
        '  fish        trainscope completion fish > ~/.config/fish/completions/trainscope.fish\n' +
        '  powershell  trainscope completion powershell >> $PROFILE\n\n' +
        'It completes the command trainscope, so that must be on the PATH: node_modules/.bin, or npm install -g.\n\nExit codes: 0 printed, 2 an unknown shell.',
    )
    .action(async (shell: string) => {
      const { completionScript } = await import('./completion-script.js');
      const { writeOut } = await import('./output.js');
      await writeOut(completionScript(shell));
    });
  program
    .command('complete', { hidden: true })
    .summary('what the script of a shell asks')
    .argument('[words...]', 'of the command line, after --')
    .allowUnknownOption()
    .action(async (words: readonly string[]) => {
      const { completeWords } = await import('./complete-words.js');
      const { writeOut } = await import('./output.js');
      await writeOut(await completeWords(program, words));
    });
}
