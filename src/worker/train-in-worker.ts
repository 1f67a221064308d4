import { MessageChannel, type Worker } from 'node:worker_threads';
import { ConfigError, TrainscopeError } from '../errors.js';
import { coreCatalogue, pinoSink, type Catalogue, type CoreEvents, type Sink } from '../events/index.js';
import type { AnyPluginFactory } from '../plugin/index.js';
import { moduleUrl } from '../thread/module-url.js';
import { startThread } from '../thread/start-thread.js';
import { thrownText } from '../thrown-text.js';
import type { EventsOfPlugins } from '../trainer/trainer.js';
import type { AnyTraining, DataOf, ResultOf, Training } from './define-training.js';
import type { WorkerStart } from './messages.js';
import { checkOptions, type TrainInWorkerOptions } from './options.js';
import { Relay } from './relay.js';
import { WorkerTraining } from './worker-training.js';

/** Events of the trainer and of the plugins that these make: name -> type of the data. */
export type EventsOfFactories<Factories extends readonly AnyPluginFactory[]> = EventsOfPlugins<{ readonly [Key in keyof Factories]: ReturnType<Factories[Key]> }>;

/**
 * Trains in a worker thread, so that the main thread stays free: for a server's requests, a window, Ctrl-C. The module's
 * default export is the training (see defineTraining); its events come here with the same seq and in the same order.
 * TypeScript modules are run by tsx.
 *
 * @param module A file: URL, or a path from the working folder. Code as text and URLs of the net are refused.
 * @throws ConfigError OPTIONS_INVALID for options that are not valid, data that cannot be copied, a module that is no
 * file; TrainscopeError WORKER_FAILED when there is no such file. All else rejects the result.
 * @example
 * const training = trainInWorker<typeof import('./experiment.js').default>(new URL('./experiment.js', import.meta.url), { data: { epochs: 5 } });
 * training.on('epoch-end', ({ epoch, data }) => console.log(epoch, data.metrics));
 * const { reason, history } = await training.result;
 */
export function trainInWorker<T extends AnyTraining = Training, const Plugins extends readonly AnyPluginFactory[] = readonly []>(
  module: string | URL,
  options: TrainInWorkerOptions<DataOf<T>, Plugins> = {},
): WorkerTraining<ResultOf<T>, EventsOfFactories<Plugins>> {
  checkOptions(options);
  const { signal, plugins = [] as unknown as Plugins } = options;
  const url = moduleUrl(module, { what: 'the module to train in a worker', does: 'trains', example: 'experiment', missing: (facts) => new TrainscopeError('WORKER_FAILED', facts) });
  const catalogue = plugins.reduce<Catalogue<CoreEvents>>((all, { pluginName, events }) => all.with(events as never, { owner: pluginName }), coreCatalogue);
  const logging = options.logger === undefined ? undefined : pinoSink(options.logger);
  const sinks: readonly Sink[] = [...(options.sinks ?? []), ...(logging === undefined ? [] : [logging])];
  const { port1: port, port2 } = new MessageChannel();
  const start: WorkerStart = { module: url, data: options.data, port: port2, stopped: signal?.aborted === true ? reasonOf(signal) : null };
  const worker = startWorker(start, options, () => {
    port.close();
    void logging?.close?.().catch(() => undefined); // a transport of its own would keep the process alive
  });
  const abort = (): void => {
    if (signal !== undefined) training.stop(reasonOf(signal));
  };
  const training = new WorkerTraining<ResultOf<T>, EventsOfFactories<Plugins>>(worker, port, new Relay(catalogue, sinks), () => {
    signal?.removeEventListener('abort', abort);
  });
  signal?.addEventListener('abort', abort, { once: true });
  return training;
}

function startWorker(start: WorkerStart, { transfer = [], resourceLimits }: TrainInWorkerOptions, undo: () => void): Worker {
  try {
    return startThread({ bootstrap: new URL('./bootstrap.js', import.meta.url), start, transfer: [start.port, ...transfer], resourceLimits });
  } catch (cause) {
    undo();
    throw new ConfigError('OPTIONS_INVALID', {
      found: `the worker cannot be started: ${thrownText(cause)}`,
      expected: 'data that structured clone copies: plain data, typed arrays, maps and sets, no functions and no tensors',
      remedy: 'Make models and tensors in the training; give it paths, numbers and arrays.',
      cause,
    });
  }
}

/** As a fit tells it for a signal of its own. */
const reasonOf = ({ reason }: AbortSignal): string => (reason instanceof Error ? thrownText(reason) : 'the signal was aborted');
