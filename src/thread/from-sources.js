// The entry of a thread when the sources are run as they are: it loads TypeScript, and then what runs in the thread. It is
// no part of the published package, where that is the entry itself.
import { workerData } from 'node:worker_threads';
import { register as registerRequire } from 'tsx/cjs/api';
import { register as registerImport } from 'tsx/esm/api';

registerRequire();
registerImport();
await import(workerData.trainscope.bootstrap);
