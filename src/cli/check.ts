import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Experiment } from '../diagnosis/preflight/experiment.js';
import { checkNames, preflight, type PreflightResult } from '../diagnosis/preflight/preflight.js';
import { gravity } from '../diagnosis/finding.js';
import { encodeNumbers } from '../events/index.js';
import { onFit } from '../trainer/take-over.js';
import { exitCodes } from './exit-codes.js';
import { formatPreflight } from './format-preflight.js';

interface CheckOptions {
  readonly json: boolean;
  readonly info: boolean;
  readonly verbose: boolean;
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
        'SCRIPT is a TypeScript or JavaScript file that exports an experiment as its default (see defineExperiment), or any\n' +
        'script that calls fit() of a Trainer: its first fit is looked at and not run.',
    )
    .argument('<script>', 'the file of the training')
    .argument('[arguments...]', 'what the script is given, after --')
    .option('--json', 'print the result as JSON on stdout, and nothing else', false)
    .option('--info', 'show what is worth knowing as well (severity info)', false)
    .option('--verbose', 'show every check with its numbers', false)
    .addOption(new Option('--only <names>', 'run these checks alone, by name, separated by commas').argParser(check))
    .addOption(new Option('--skip <names>', 'leave out these checks').argParser(check).default([], 'none'))
    .addOption(new Option('--samples <n>', 'samples of each source that are looked at').argParser(whole))
    .addOption(new Option('--seconds <n>', 'time after which checks that train are left out').argParser(positive))
    .addOption(new Option('--seed <n>', 'of all that is random in the checks').argParser(whole))
    .addOption(new Option('--fail-on <severity>', 'end with code 1 from this severity on').choices(['error', 'warning', 'never']).default('warning'))
    .addOption(new Option('--contact-sheet <file>', 'write an HTML page that shows a batch as the model sees it'))
    .addHelpText('after', '\nExit codes: 0 nothing found, 1 something found, 2 could not be done.\n\nExamples:\n  trainscope check train.ts\n  trainscope check train.ts --json > findings.json\n  trainscope check train.ts -- --epochs 3')
    .action(async (script: string, args: readonly string[], options: CheckOptions) => runCheck(script, args, options));
}

const looksLikeExperiment = (value: unknown): value is Experiment => typeof value === 'object' && value !== null && 'model' in value && 'loss' in value && 'data' in value;

/** The default export; of a script that was loaded by require it is one level further in. */
function defaultOf(loaded: { readonly default?: unknown }): unknown {
  const { default: outer } = loaded;
  return typeof outer === 'object' && outer !== null && '__esModule' in outer && 'default' in outer ? outer.default : outer;
}

/** Writes all of it before the process may end: a pipe takes it in parts. */
const write = (text: string): Promise<void> =>
  new Promise((done) => {
    process.stdout.write(text, () => done());
  });

async function runCheck(script: string, args: readonly string[], options: CheckOptions): Promise<void> {
  const path = resolve(script);
  if (!existsSync(path)) throw new Error(`there is no file ${script}`);
  process.argv = [process.argv[0] ?? 'node', path, ...args];
  // What the script prints is no part of the result.
  const toStdout = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  const finish = async (experiment: Experiment): Promise<void> => {
    // A check may train with a trainer itself.
    onFit(undefined);
    const result = await preflight(experiment, {
      ...(options.only === undefined ? {} : { only: [...options.only] }),
      skip: [...options.skip],
      ...(options.samples === undefined ? {} : { samples: options.samples }),
      ...(options.seconds === undefined ? {} : { seconds: options.seconds }),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      contactSheet: options.contactSheet !== undefined,
    });
    process.stdout.write = toStdout;
    if (options.contactSheet !== undefined && result.contactSheet !== null) writeFileSync(options.contactSheet, result.contactSheet);
    await write(options.json ? `${JSON.stringify(encodeNumbers({ script, ...result }), null, 2)}\n` : formatPreflight(script, result, options));
    process.exitCode = codeOf(result, options.failOn);
  };
  // A script's own fit never begins: the process ends with what was found, as the script has nothing to go on with.
  onFit(async (experiment) => {
    await finish(experiment as Experiment).catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exitCode = exitCodes.failed;
    });
    process.exit();
  });
  const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
  const exported = defaultOf(loaded);
  const given: unknown = typeof exported === 'function' ? await (exported as () => unknown)() : exported;
  if (!looksLikeExperiment(given)) {
    throw new Error(`${script} has no training: it exports no experiment ({ model, loss, data }) as its default, and called fit() of no Trainer`);
  }
  await finish(given);
  // A script may have timers or workers of its own: what was asked for is done.
  process.exit();
}

const codeOf = ({ findings }: PreflightResult, failOn: CheckOptions['failOn']): number =>
  failOn !== 'never' && findings.some(({ severity }) => gravity(severity) <= gravity(failOn)) ? exitCodes.found : exitCodes.fine;
