import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { checkNames, preflight, type PreflightResult } from '../diagnosis/preflight/preflight.js';
import { gravity } from '../diagnosis/finding.js';
import { encodeNumbers } from '../events/index.js';
import { exitCodes } from './exit-codes.js';
import { findExperiment } from './find-experiment.js';
import { formatPreflight } from './format-preflight.js';

interface CheckOptions {
  readonly json?: boolean;
  readonly info?: boolean;
  readonly verbose?: boolean;
  readonly only?: readonly string[];
  readonly skip: readonly string[];
  readonly samples?: number;
  readonly seconds?: number;
  readonly seed?: number;
  readonly failOn: 'error' | 'warning' | 'never';
  readonly contactSheet?: string;
}

const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It takes a number above 0.');
  return value;
};
const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('It takes a whole number.');
  return value;
};
const check = (text: string, before: readonly string[] = []): readonly string[] => {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !checkNames.includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`There is no check "${unknown}". There are ${checkNames.join(', ')}.`);
  return [...before, ...names];
};

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
    .option('--json', 'print the result as JSON on stdout, and nothing else')
    .option('--info', 'show what is worth knowing as well (severity info)')
    .option('--verbose', 'show every check with its numbers')
    .addOption(new Option('--only <names>', 'run these checks alone, by name, separated by commas').argParser(check))
    .addOption(new Option('--skip <names>', 'leave out these checks').argParser(check).default([], 'none'))
    .addOption(new Option('--samples <n>', 'samples of each source that are looked at (default: 4096)').argParser(whole))
    .addOption(new Option('--seconds <n>', 'time after which checks that train are left out (default: 40)').argParser(positive))
    .addOption(new Option('--seed <n>', 'of all that is random in the checks (default: 1)').argParser(whole))
    .addOption(new Option('--fail-on <severity>', 'end with code 1 from this severity on').choices(['error', 'warning', 'never']).default('warning'))
    .addOption(new Option('--contact-sheet <file>', 'write an HTML page that shows a batch as the model sees it'))
    .addHelpText('after', '\nExit codes: 0 nothing found, 1 something found, 2 could not be done.\n\nExamples:\n  trainscope check train.ts\n  trainscope check train.ts --json > findings.json\n  trainscope check train.ts -- --epochs 3')
    .action(async (script: string, args: readonly string[], options: CheckOptions) => runCheck(script, args, options));
}

/** Writes all of it before the process may end: a pipe takes it in parts. */
const write = (text: string): Promise<void> =>
  new Promise((done) => {
    process.stdout.write(text, () => done());
  });

async function runCheck(script: string, args: readonly string[], options: CheckOptions): Promise<void> {
  const path = resolve(script);
  if (!existsSync(path) || !statSync(path).isFile()) throw new Error(`there is no file ${script}`);
  if (options.contactSheet !== undefined && !existsSync(dirname(resolve(options.contactSheet)))) throw new Error(`there is no folder ${dirname(options.contactSheet)} for the contact sheet`);
  process.argv = [process.argv[0] ?? 'node', path, ...args];
  // What the script prints is no part of the result.
  const toStdout = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  const experiment = await findExperiment(path);
  if (experiment === undefined) throw new Error(`${script} has no training: it exports no experiment ({ model, loss, data }) as its default, and called fit() of no Trainer or LayersModel`);
  const progress = progressLine();
  const result = await preflight(
    experiment,
    {
      ...(options.only === undefined ? {} : { only: [...options.only] }),
      skip: [...options.skip],
      ...(options.samples === undefined ? {} : { samples: options.samples }),
      ...(options.seconds === undefined ? {} : { seconds: options.seconds }),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      contactSheet: options.contactSheet !== undefined,
    },
    progress.show,
  );
  progress.end();
  process.stdout.write = toStdout;
  await write(options.json === true ? `${JSON.stringify(encodeNumbers({ script, ...result }), null, 2)}\n` : formatPreflight(script, result, { info: options.info === true, verbose: options.verbose === true }));
  if (options.contactSheet !== undefined && result.contactSheet !== null) writeFileSync(options.contactSheet, result.contactSheet);
  // A script may have timers or workers of its own: what was asked for is done.
  process.exit(codeOf(result, options.failOn));
}

/** Which check is under way, on one line of a terminal that is taken back. */
function progressLine(): { readonly show: (name: string, index: number, of: number) => void; readonly end: () => void } {
  const { isTTY } = process.stderr;
  const put = (text: string): void => {
    if (isTTY) process.stderr.write(`\r\u001B[2K${text}`);
  };
  return { show: (name, index, of) => put(`${String(index + 1)}/${String(of)} ${name}`), end: () => put('') };
}

const codeOf = ({ findings }: PreflightResult, failOn: CheckOptions['failOn']): number =>
  failOn !== 'never' && findings.some(({ severity }) => gravity(severity) <= gravity(failOn)) ? exitCodes.found : exitCodes.fine;
