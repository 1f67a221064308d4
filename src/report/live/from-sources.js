// The entry of the dashboard's thread when the sources are run as they are: it loads TypeScript. It is no part of the
// published package, where page-thread.js is the entry.
import { register as registerRequire } from 'tsx/cjs/api';
import { register as registerImport } from 'tsx/esm/api';

registerRequire();
registerImport();
await import('./page-thread.ts');
