import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { TrainscopeError } from '../errors.js';
import { didYouMean } from '../nearest-name.js';

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The absolute path of a script. @throws TrainscopeError SCRIPT_NOT_FOUND, with a name that is near */
export function scriptPath(script: string): string {
  const path = resolve(script);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === true && /\.(ya?ml|json)$/i.test(path)) {
    throw new TrainscopeError('SCRIPT_NOT_FOUND', { found: `${script} is a file of settings`, expected: 'a script is a TypeScript or JavaScript file', remedy: `Name the script first: experiment.ts --config ${script}.` });
  }
  if (stat?.isFile() === true) return path;
  const remedy = stat === undefined ? didYouMean(basename(path), namesIn(dirname(path))) : '';
  throw new TrainscopeError('SCRIPT_NOT_FOUND', {
    found: stat === undefined ? `there is no file ${script}` : `${script} is no file`,
    expected: 'a script is a TypeScript or JavaScript file',
    ...(remedy === '' ? {} : { remedy }),
  });
}
