import { once } from 'node:events';
import type { Samples } from 'trainscope/loader';
import { startThread } from '../../src/thread/start-thread.js';
import type { Shared } from './ideal-thread.js';
import { timedFit, type Work } from './ways.js';

/**
 * What the machine can do: a thread makes the same batches in step with the training, at most `ahead` before it, and the
 * training takes them from memory, where they are already. Nothing goes from one to the other but two counters, and each
 * waits for the other's in its sleep. What this is slower than either alone is the machine's: memory and cores are shared.
 *
 * @returns ms a batch, as timedFit
 */
export async function ideal(work: Work, memory: readonly Samples[], ahead: number): Promise<number> {
  const counters = new Int32Array(new SharedArrayBuffer(8));
  const start: Shared = { counters, options: work.options, batchSize: work.batchSize, ahead };
  const thread = startThread({ bootstrap: new URL('./ideal-thread.js', import.meta.url), start, transfer: [] });
  await once(thread, 'message');
  let wanted = 0;
  function* inStep(): Generator<Samples> {
    for (const batch of memory) {
      wanted += 1;
      for (let made = Atomics.load(counters, 0); made < wanted; made = Atomics.load(counters, 0)) Atomics.wait(counters, 0, made);
      Atomics.add(counters, 1, 1);
      Atomics.notify(counters, 1);
      yield batch;
    }
  }
  const { ms } = await timedFit(work, () => inStep());
  await thread.terminate();
  return ms;
}
