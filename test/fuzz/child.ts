/** A process that runs the batches that it is sent. What it is doing stands in a file, for whoever has to end it. */
import { openSync, writeSync } from 'node:fs';
import { Runner, type Batch } from './batch.js';
import { plantedTargets } from './planted.js';
import { targets } from './targets/index.js';
import { useCpu } from './targets/small.js';

const [, , progressFile = ''] = process.argv;
const progress = openSync(progressFile, 'w');
const number = new Float64Array(1);
/** Synchronous, since a run that never lets go sends no message. */
const tell = (run: number): void => {
  number[0] = run;
  writeSync(progress, number, 0, number.byteLength, 0);
};

await useCpu();
const runner = new Runner();
process.on('message', (batch: Batch) => {
  const target = [...targets, ...plantedTargets].find(({ name }) => name === batch.target);
  if (target === undefined) throw new Error(`there is no target "${batch.target}"`);
  runner.run(target, batch, tell).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      // A fault of the fuzzing itself, which is no crash of the library.
      console.error(error);
      process.exit(70);
    },
  );
});
process.on('disconnect', () => {
  runner.close();
  process.exit(0);
});
process.send?.('ready');
