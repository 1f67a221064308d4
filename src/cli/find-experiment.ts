import { pathToFileURL } from 'node:url';
import type { Experiment } from '../diagnosis/preflight/experiment.js';
import { onFit } from '../trainer/take-over.js';
import { takeOverLayersFit } from './layers-fit.js';

const looksLikeExperiment = (value: unknown): value is Experiment => typeof value === 'object' && value !== null && 'model' in value && 'loss' in value && 'data' in value;

/** The default export; of a script that was loaded by require it is one level further in. */
function defaultOf(loaded: { readonly default?: unknown }): unknown {
  const { default: outer } = loaded;
  return typeof outer === 'object' && outer !== null && '__esModule' in outer && 'default' in outer ? outer.default : outer;
}

/** What a person can do about an error of loading, where the error itself does not say. */
function hint(message: string): string {
  if (message.includes('Top-level await is currently not supported')) return ' Say "type": "module" in package.json, or name the file .mjs or .mts.';
  if (message.includes('No backend found in registry')) return ' The script makes tensors before there is a backend: give the model as a function, or write `await chooseBackend()` first.';
  return '';
}

/** The error of a script with the places of the script that it comes from. */
function toldWithPlace(error: unknown, path: string): Error {
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  const places = (stack ?? '').split('\n').filter((line) => line.includes(path)).slice(0, 3);
  return new Error([`${message}${hint(message)}`, ...places].join('\n'), { cause: error });
}

/**
 * Loads a script and gives the training that it is about: its default export, or the first that it would fit, with a
 * Trainer or with fit() of tfjs-layers, at once or later. The fit itself never begins. Undefined when the script has come
 * to its end without one.
 */
export async function findExperiment(path: string): Promise<Experiment | undefined> {
  let restoreLayers = (): void => undefined;
  const begun = new Promise<Experiment>((resolve) => {
    const take = (experiment: Experiment): Promise<never> => {
      resolve(experiment);
      return new Promise<never>(() => undefined);
    };
    onFit((experiment) => take(experiment as Experiment));
    restoreLayers = takeOverLayersFit(take);
  });
  // A script that awaits its fit has nothing more to do then: the event loop runs empty.
  const ended = new Promise<undefined>((resolve) => process.once('beforeExit', () => resolve(undefined)));
  const exported = (async () => {
    let loaded: { readonly default?: unknown };
    try {
      loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    } catch (error) {
      throw toldWithPlace(error, path);
    }
    const value = defaultOf(loaded);
    const given: unknown = typeof value === 'function' ? await (value as () => unknown)() : value;
    return looksLikeExperiment(given) ? given : new Promise<never>(() => undefined);
  })();
  try {
    return await Promise.race([begun, exported, ended]);
  } finally {
    // A check may train with a trainer itself.
    onFit(undefined);
    restoreLayers();
  }
}
