/** What runs in each thread: loads the module, makes the batches that are asked for, and hands them over. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { showValue } from '../problems.js';
import { loadModule } from '../thread/load-module.js';
import { startKey } from '../thread/start-thread.js';
import { encodeError } from '../thread/wire-error.js';
import { thrownText } from '../thrown-text.js';
import type { Loader, LoaderFactory } from './define-loader.js';
import { HandOver } from './hand-over.js';
import { loaderFailed, placeOf } from './loader-error.js';
import { BatchMaker } from './make-batch.js';
import type { FromLoader, LoaderStart, ToLoader } from './messages.js';

type Make = Extract<ToLoader, { readonly kind: 'make' }>;

const { module, options, seed, index, threads, atWork, port } = (workerData as Readonly<Record<typeof startKey, LoaderStart>>)[startKey];
/** As often as the training lets its own event loop turn (trainer/pace.ts). */
const turnEveryMs = 50;

const waiting: Make[] = [];
/** Rejects what is being awaited, where nothing is left that could settle it. */
let giveUp: (() => void) | undefined;
let isWorking = true;

const post = (message: FromLoader): void => port.postMessage(message);

/** What runs dry while it is at work waits for something that does not come; while it waits for work, the port keeps it. */
async function unlessDry<T>(what: string, action: () => Promise<T>): Promise<T> {
  port.unref();
  try {
    return await new Promise<T>((resolve, reject) => {
      giveUp = () =>
        reject(
          loaderFailed({
            found: `${what} of ${module} has nothing left to do, and its promise is not settled`,
            expected: 'it resolves with what was made',
            remedy: 'Look for a promise in it that nothing resolves.',
          }),
        );
      action().then(resolve, reject);
    });
  } finally {
    giveUp = undefined;
    port.ref();
  }
}

async function open(): Promise<Loader> {
  const make = (await loadModule({
    module,
    expected: 'it is a function that makes a loader',
    remedy: 'Write `export default defineLoader((options) => ({ count, sample: (index) => ({ inputs, labels }) }))`.',
    failed: loaderFailed,
  })) as unknown as LoaderFactory;
  let made: unknown;
  try {
    made = await make(options, { index, count: threads });
  } catch (cause) {
    throw loaderFailed({ found: `the loader of ${module} could not be made: ${thrownText(cause)}`, remedy: 'The error is in the module itself; it is the cause of this one.', cause });
  }
  return checked(made);
}

function checked(made: unknown): Loader {
  const { count, sample, batch, close } = (typeof made === 'object' && made !== null ? made : {}) as { readonly [Key in 'count' | 'sample' | 'batch' | 'close']?: unknown };
  const ways = [sample, batch].filter((each) => each !== undefined);
  const isSound = Number.isSafeInteger(count) && (count as number) >= 1 && ways.length === 1 && typeof ways[0] === 'function';
  if (isSound && (close === undefined || typeof close === 'function')) return made as Loader;
  const found =
    typeof made !== 'object' || made === null
      ? `is ${showValue(made)}`
      : isSound
        ? `has a close that is ${showValue(close)}`
        : ways.length === 1 && typeof ways[0] === 'function'
          ? `has ${count === undefined ? 'no count' : `a count of ${showValue(count)}`}`
          : ways.length === 2
            ? 'has both sample and batch'
            : 'has neither a function sample nor a function batch';
  throw loaderFailed({ found: `what the default export of ${module} made ${found}`, expected: 'it makes { count, sample } or { count, batch }, with a count of at least 1, and close, where there is one, is a function' });
}

function work(loader: Loader): void {
  const maker = new BatchMaker(loader, seed, module);
  const handOver = new HandOver(port);
  const makeOne = async ({ id, job }: Make): Promise<void> => {
    atWork.set([job.epoch, job.batch]);
    try {
      handOver.send(id, job, await unlessDry(placeOf(job), () => maker.make(job)));
    } catch (error) {
      post({ kind: 'failed', id, error: encodeError(error) });
    } finally {
      atWork.fill(-1);
    }
  };
  let turned = performance.now();
  const makeAll = async (): Promise<void> => {
    isWorking = true;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await makeOne(next);
      // What is asked for or dropped meanwhile. A turn of the event loop, which would bring it too, takes 0.15 to 0.2 ms.
      for (let come = receiveMessageOnPort(port); come !== undefined; come = receiveMessageOnPort(port)) take(come.message as ToLoader);
      if (performance.now() - turned < turnEveryMs) continue;
      // Timers and sockets of the module.
      await nextTurn();
      turned = performance.now();
    }
    isWorking = false;
  };
  const close = async (): Promise<void> => {
    waiting.length = 0;
    try {
      await loader.close?.();
    } catch (cause) {
      post({ kind: 'unclosed', error: encodeError(loaderFailed({ found: `the loader of ${module} could not be closed: ${thrownText(cause)}`, remedy: 'The error is in its close(); it is the cause of this one. What was read is complete.', cause })) });
    }
    port.close();
  };
  const take = (message: ToLoader): void => {
    if (message.kind === 'close') void close();
    else if (message.kind === 'drop') waiting.splice(0, waiting.length, ...waiting.filter(({ id }) => !message.ids.includes(id)));
    else if (waiting.push(message) === 1 && !isWorking) void makeAll();
  };
  port.on('message', take);
  isWorking = false;
  post({ kind: 'ready', count: loader.count, closes: loader.close !== undefined });
}

process.on('beforeExit', () => giveUp?.());
void unlessDry('the loader', open).then(work, (error: unknown) => {
  post({ kind: 'broken', error: encodeError(error) });
  port.close();
});
