/** What runs in the worker thread: loads the module, lets it train, and tells how that ended. */
import { existsSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { TrainscopeError } from '../errors.js';
import { thrownText } from '../thrown-text.js';
import { startKey, type FromWorker, type ToWorker, type WorkerStart } from './messages.js';
import { portSink } from './port-sink.js';
import type { Training } from './define-training.js';
import { encodeError } from './wire-error.js';

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
    await registerTypeScript();
    const run = await load();
    finish(await run({ sink, signal: controller.signal, data }));
  } catch (error) {
    fail(error);
  }
}

/** TypeScript in the published package, which is compiled itself. */
async function registerTypeScript(): Promise<void> {
  if (!/\.[cm]?tsx?$/.test(new URL(module).pathname)) return;
  // The sources are run by tsx already.
  if (existsSync(new URL('./from-sources.js', import.meta.url))) return;
  const [forRequire, forImport] = await Promise.all([import('tsx/cjs/api'), import('tsx/esm/api')]);
  forRequire.register();
  forImport.register();
}

async function load(): Promise<Training<unknown, unknown>> {
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = (await import(/* @vite-ignore */ module)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new TrainscopeError('WORKER_FAILED', { found: `the module ${module} cannot be loaded: ${thrownText(cause)}`, cause });
  }
  const outer = exports['default'];
  // Of a CommonJS module that was compiled from an ES module the default is one level further in.
  const run = typeof outer === 'object' && outer !== null && '__esModule' in outer && 'default' in outer ? outer.default : outer;
  if (typeof run === 'function') return run as Training<unknown, unknown>;
  const names = Object.keys(exports).filter((name) => name !== 'default' && name !== 'module.exports');
  throw new TrainscopeError('WORKER_FAILED', {
    found: `the default export of ${module} is ${run === undefined ? 'missing' : `of type ${typeof run}`}${names.length === 0 ? '' : ` (it exports ${names.join(', ')})`}`,
    expected: 'a function that trains',
    remedy: 'Write `export default defineTraining(async ({ sink, signal, data }) => trainer.fit(...))`.',
  });
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
