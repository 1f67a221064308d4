import { Command, CommanderError } from 'commander';
import { addCheck } from './check.js';
import { addCompare } from './compare.js';
import { addCompletion } from './completion.js';
import { errorDocument, errorText, failureOf } from './error-document.js';
import { closedPipeCode, exitCodes } from './exit-codes.js';
import { addInit } from './init.js';
import { keepAlive, OutputLost } from './output.js';
import { didYouMean } from '../nearest-name.js';
import { packageFacts } from './package-facts.js';
import { addPlugins } from './plugins.js';
import { addReport } from './report.js';
import { addSchema } from './schema.js';
import { addTrain } from './train.js';
import { addWatch } from './watch.js';

/** The command line with all of its commands. */
export function commandLine(): Command {
  const program = new Command('trainscope')
    .description('The training loop for TensorFlow.js that tells you what is wrong.')
    .version(packageFacts.version)
    // Read by colours.ts, from the arguments of the process.
    .option('--no-color', 'print without colours, as the variable NO_COLOR does')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(withNearest(text)) })
    .showHelpAfterError('(trainscope --help lists the commands)')
    .addHelpText(
      'after',
      '\nExit codes: 0 done and nothing found, 1 something found (--fail-on says from which severity on), 2 could not be done,\n3 a training failed on the way, 130 and 143 a training that Ctrl-C or SIGTERM ended.\n\n' +
        'Examples:\n  trainscope init digits\n  trainscope check experiment.ts\n  trainscope train experiment.ts --config run.yaml --report\n  trainscope compare runs/a runs/b\n  trainscope help train',
    );
  for (const add of [addTrain, addCheck, addReport, addWatch, addCompare, addPlugins, addSchema, addInit, addCompletion]) add(program);
  return program;
}

/** With it what went wrong is told as JSON too. What stands behind -- is the script's. */
function asksForJson(argv: readonly string[]): boolean {
  const own = argv.slice(2, argv.includes('--') ? argv.indexOf('--') : undefined);
  return own.includes('--json');
}

/** Commander names the choices of a mistyped one, and of those the nearest is what was meant. */
function withNearest(text: string): string {
  const [, given = '', choices = ''] = /'([^']*)' is invalid[^]*Allowed choices are ([^.]*)\./.exec(text) ?? [];
  const near = choices === '' ? '' : didYouMean(given, choices.split(', '));
  return near === '' ? text : text.replace(/\n/, ` ${near}\n`);
}

/**
 * Of a mistyped command neither `--help` nor `help` shows anything: left out, they let commander say what was meant.
 * @param argv As of the process.
 */
function withoutHelpForNone(argv: readonly string[], program: Command): readonly string[] {
  const [node = '', script = '', ...own] = argv;
  const words = own.filter((each) => !each.startsWith('-'));
  const asksHelp = words[0] === 'help' || own.includes('--help') || own.includes('-h');
  const name = words[0] === 'help' ? words[1] : words[0];
  const isKnown = name === undefined || name === 'help' || program.commands.some((command) => command.name() === name || command.aliases().includes(name));
  return asksHelp && !isKnown ? [node, script, name, ...own.filter((each) => each === '--json')] : argv;
}

/** The command line. @param argv As of the process: node, script, arguments. */
export async function main(argv: readonly string[]): Promise<void> {
  const stdout = process.stdout.write.bind(process.stdout);
  keepAlive();
  try {
    const program = commandLine();
    await program.parseAsync([...withoutHelpForNone(argv, program)]);
  } catch (thrown) {
    if (thrown instanceof OutputLost && thrown.isClosed) process.exit(closedPipeCode);
    // Help and version end by an error with code 0.
    if (thrown instanceof CommanderError && thrown.exitCode === 0) {
      process.exitCode = exitCodes.fine;
      return;
    }
    const failure = failureOf(thrown);
    // Commander has told its own.
    if (!(thrown instanceof CommanderError)) await new Promise<void>((done) => process.stderr.write(errorText(failure), () => done()));
    if (asksForJson(argv)) await new Promise<void>((done) => stdout(`${JSON.stringify(errorDocument(failure), null, 2)}\n`, () => done()));
    // A script that failed may have timers or workers of its own.
    process.exit(failure.exitCode);
  }
}
