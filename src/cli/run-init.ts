import { lstatSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { TrainscopeError } from '../errors.js';
import { makeFolder } from '../make-folder.js';
import { thrownText } from '../thrown-text.js';
import type { InitOptions } from './init.js';
import { writeJson, writeOut } from './output.js';
import { packageFacts } from './package-facts.js';
import { starterFiles } from './starter.js';

/** A folder's name as npm takes it for a package: small letters, digits, dots and dashes, at most 214 of them. */
const packageName = (folder: string): string => {
  const name = basename(folder).toLowerCase().replaceAll(/[^a-z0-9._-]+/g, '-').replaceAll(/^[._-]+|-+$/g, '').slice(0, 214);
  return name === '' || name === 'trainscope' || name === 'node_modules' ? 'training' : name;
};

/** A path as a shell takes it for one word. */
const quoted = (path: string): string => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`);

const cannotWrite = (folder: string, cause: unknown): TrainscopeError =>
  new TrainscopeError('PROJECT_EXISTS', { found: `${folder} cannot be written: ${thrownText(cause)}`, expected: 'a folder that can be written to', remedy: 'Name another folder.', cause });

export async function runInit(given: string, { trainscope, json = false }: InitOptions): Promise<void> {
  const folder = resolve(given);
  const { version, dependencies, devDependencies } = packageFacts;
  const files = starterFiles({
    name: packageName(folder),
    trainscope: trainscope ?? `^${version}`,
    versions: {
      tfjsCore: dependencies['@tensorflow/tfjs-core'] ?? '*',
      tfjsLayers: dependencies['@tensorflow/tfjs-layers'] ?? '*',
      typescript: devDependencies['typescript'] ?? '*',
      nodeTypes: devDependencies['@types/node'] ?? '*',
    },
  });
  const names = Object.keys(files);
  try {
    makeFolder(folder);
  } catch (cause) {
    throw cannotWrite(given, cause);
  }
  // A link counts too, wherever it leads: nothing is written through it.
  const there = names.filter((name) => lstatSync(join(folder, name), { throwIfNoEntry: false }) !== undefined);
  if (there.length > 0) throw new TrainscopeError('PROJECT_EXISTS', { found: `${given} has ${there.join(', ')} already`, expected: 'a folder without these files: nothing is written over', remedy: 'Name another folder.' });
  const written: string[] = [];
  try {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text, { flag: 'wx' });
      written.push(name);
    }
  } catch (cause) {
    // All of them or none.
    for (const name of written) rmSync(join(folder, name), { force: true });
    throw cannotWrite(given, cause);
  }
  if (json) await writeJson({ folder, files: names });
  else await writeOut(`${names.map((name) => join(given, name)).join('\n')}\n\nNow:\n${folder === process.cwd() ? '' : `  cd ${quoted(given)}\n`}  npm install\n  npx trainscope check experiment.ts --config run.yaml\n  npx trainscope train experiment.ts --config run.yaml --report\n`);
}
