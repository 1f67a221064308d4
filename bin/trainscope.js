#!/usr/bin/env node
// The command line. Experiments may be TypeScript: tsx loads them without a build step. In a clone of the project the
// sources are run as they are; the published package has the compiled ones alone.
import { existsSync } from 'node:fs';
import { register as registerRequire } from 'tsx/cjs/api';
import { register as registerImport } from 'tsx/esm/api';

// Both: in a project that does not say "type": "module" a script is loaded by require.
registerRequire();
registerImport();
const source = new URL('../src/cli/main.ts', import.meta.url);
const { main } = await import(existsSync(source) ? source.href : new URL('../dist/src/cli/main.js', import.meta.url).href);
await main(process.argv);
