import { existsSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { gravity } from '../diagnosis/finding.js';
import { checkNames, preflight, type PreflightResult } from '../diagnosis/preflight/preflight.js';
import { ConfigError } from '../errors.js';
import { didYouMean } from '../nearest-name.js';
import type { CheckOptions } from './check.js';
import { exitCodes } from './exit-codes.js';
import { findExperiment } from './find-experiment.js';
import { formatPreflight } from './format-preflight.js';
import { stdoutToStderr, writeJson, writeOut } from './output.js';
import { noTraining } from './script-error.js';
import { scriptPath } from './script-path.js';
import { needsScript, readSettings, withConfig } from './with-config.js';

export async function runCheck(script: string, args: readonly string[], options: CheckOptions): Promise<void> {
  const unknown = [...(options.only ?? []), ...options.skip].find((name) => !checkNames.includes(name));
  if (unknown !== undefined) throw new ConfigError('OPTIONS_INVALID', { found: `There is no check "${unknown}"`, expected: `there are ${checkNames.join(', ')}`, ...(didYouMean(unknown, checkNames) === '' ? {} : { remedy: didYouMean(unknown, checkNames) }) });
  const path = scriptPath(script);
  if (options.contactSheet !== undefined && !existsSync(dirname(resolve(options.contactSheet)))) throw new ConfigError('OPTIONS_INVALID', { found: `there is no folder ${dirname(options.contactSheet)} for the contact sheet`, remedy: 'Make it, or name another.' });
  const settings = { ...(options.config === undefined ? {} : { config: options.config }), overrides: options.set };
  const early = needsScript(settings) ? undefined : await readSettings(settings, undefined);
  process.argv = [process.argv[0] ?? 'node', path, ...args];
  // What the script prints is no part of the result.
  const asBefore = stdoutToStderr();
  const found = await findExperiment(path);
  if (found === undefined) throw noTraining(script);
  const experiment = withConfig(found, early ?? (await readSettings(settings, found)));
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
  asBefore();
  await (options.json === true ? writeJson({ script, ...result }) : writeOut(formatPreflight(script, result, { info: options.info === true, verbose: options.verbose === true })));
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
