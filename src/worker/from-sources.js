// The entry of the worker when the sources are run as they are: it loads TypeScript. It is no part of the published
// package, where bootstrap.js is the entry.
import { register as registerRequire } from 'tsx/cjs/api';
import { register as registerImport } from 'tsx/esm/api';

registerRequire();
registerImport();
await import('./bootstrap.ts');
