import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { thrownText } from '../thrown-text.js';
import { addCheck } from './check.js';
import { exitCodes } from './exit-codes.js';
import { addReport } from './report.js';

const { version } = createRequire(import.meta.url)(import.meta.url.includes('/dist/') ? '../../../package.json' : '../../package.json') as { version: string };

/** The command line. @param argv As of the process: node, script, arguments. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('trainscope')
    .description('The training loop for TensorFlow.js that tells you what is wrong.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(trainscope --help lists the commands)');
  addCheck(program);
  addReport(program);
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    // Help and version end by an error with code 0.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.fine : exitCodes.failed;
    else {
      process.stderr.write(`${thrownText(error)}\n`);
      process.exitCode = exitCodes.failed;
    }
  }
}
