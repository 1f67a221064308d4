#!/usr/bin/env node
// The command line. Experiments may be TypeScript: tsx loads them without a build step. In a clone of the project the
// sources are run as they are; the published package has the compiled ones alone.
import { existsSync } from 'node:fs';

const source = new URL('../src/cli/main.ts', import.meta.url);
const isSource = existsSync(source);
// A shell that asks what may follow waits for it at each key, and no script is loaded then.
if (isSource || process.argv[2] !== 'complete') {
  const [{ register: registerRequire }, { register: registerImport }] = await Promise.all([import('tsx/cjs/api'), import('tsx/esm/api')]);
  // Both: in a project that does not say "type": "module" a script is loaded by require.
  registerRequire();
  registerImport();
}
const { main } = await import(isSource ? source.href : new URL('../dist/src/cli/main.js', import.meta.url).href);
await main(process.argv);
