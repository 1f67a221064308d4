import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** ms that each look takes, twice. */
const lookMs = 100;

const count = `
  const { parentPort, workerData } = require('node:worker_threads');
  parentPort.postMessage('begun');
  const end = performance.now() + workerData;
  while (performance.now() < end);
`;

function counted(ms: number): number {
  let n = 0;
  for (const end = performance.now() + ms; performance.now() < end; ) n += 1;
  return n;
}

/**
 * How many cores two threads of this process have: 2 where both count as fast together as one alone, 1 where they share one
 * core, because the machine has no other or something else keeps it busy. Nothing can be hidden behind anything on one.
 */
export async function freeCores(): Promise<number> {
  const alone = counted(lookMs);
  const worker = new Worker(count, { eval: true, workerData: 3 * lookMs });
  await once(worker, 'message');
  const together = counted(lookMs);
  await worker.terminate();
  return Math.min(2, (2 * together) / alone);
}
