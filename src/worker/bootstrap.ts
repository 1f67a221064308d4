/** What runs in the worker thread: loads the module, lets it train, and tells how that ended. */
import { workerData } from 'node:worker_threads';
import { TrainscopeError } from '../errors.js';
import { loadModule } from '../thread/load-module.js';
import { startKey } from '../thread/start-thread.js';
import { encodeError } from '../thread/wire-error.js';
import { thrownText } from '../thrown-text.js';
import type { FromWorker, ToWorker, WorkerStart } from './messages.js';
import { portSink } from './port-sink.js';
import type { Training } from './define-training.js';

/**
 * What the training left open (a timer, a socket, a transport) keeps the worker alive for as long: enough for a
 * transport to write its rest, and short enough for whoever waits for the result.
 */
const graceMs = 1000;

const { module, data, port, stopped } = (workerData as Readonly<Record<typeof startKey, WorkerStart>>)[startKey];
const sink = portSink(port);
const controller = new AbortController();
let isOver = false;

const stop = (message: string): void => {
  controller.abort(new Error(message));
};

const end = (message: FromWorker): void => {
  if (isOver) return;
  port.postMessage(message); // throws for a result that cannot be copied
  isOver = true;
  port.close();
  setTimeout(() => process.exit(0), graceMs).unref();
};

const fail = (thrown: unknown): void => {
  end({ kind: 'failed', error: encodeError(thrown), lost: sink.stats().lost });
};

port.on('message', (message: ToWorker) => {
  if (message.kind === 'handled') sink.handled(message.count);
  else if (message.kind === 'flushed') sink.flushed(message.id);
  else stop(message.message);
});
// A training whose promise never settles, and that nothing goes on with, must end the worker and not be waited for.
port.unref();
process.once('beforeExit', () => {
  fail(
    new TrainscopeError('WORKER_FAILED', {
      found: `the training of ${module} has nothing left to do, and its promise is not settled`,
      expected: 'it resolves with the result of the training',
      remedy: 'Look for a promise in it that nothing resolves.',
    }),
  );
});

if (stopped !== null) stop(stopped);
void train();

async function train(): Promise<void> {
  try {
    const run = (await loadModule({
      module,
      expected: 'it is a function that trains',
      remedy: 'Write `export default defineTraining(async ({ sink, signal, data }) => trainer.fit(...))`.',
      failed: (facts) => new TrainscopeError('WORKER_FAILED', facts),
    })) as Training<unknown, unknown>;
    finish(await run({ sink, signal: controller.signal, data }));
  } catch (error) {
    fail(error);
  }
}

function finish(result: unknown): void {
  const { lost } = sink.stats();
  try {
    end({ kind: 'done', result, lost });
  } catch (cause) {
    throw new TrainscopeError('WORKER_FAILED', {
      found: `the training of ${module} has ended, and its result cannot be sent to the main thread: ${thrownText(cause)}`,
      expected: 'a result that structured clone copies: plain data, typed arrays, maps and sets',
      remedy: 'Return the result of fit, or what you need of it. Save weights to a file, or return their values.',
      cause,
    });
  }
}
