import { pathToFileURL } from 'node:url';
import type { Experiment, ExperimentDefinition } from '../diagnosis/preflight/experiment.js';
import { onFit } from '../trainer/take-over.js';
import { takeOverLayersFit } from './layers-fit.js';
import { scriptError } from './script-error.js';

const looksLikeExperiment = (value: unknown): value is ExperimentDefinition => typeof value === 'object' && value !== null && 'model' in value && 'data' in value;

/** The default export; of a script that was loaded by require it is one level further in. */
function defaultOf(loaded: { readonly default?: unknown }): unknown {
  const { default: outer } = loaded;
  return typeof outer === 'object' && outer !== null && '__esModule' in outer && 'default' in outer ? outer.default : outer;
}

/**
 * Runs a script and gives the experiment that it exports as its default, as a value or as a function that gives one.
 * Undefined when it exports none.
 * @throws TrainscopeError with the places of the script
 */
export async function exportedExperiment(path: string): Promise<ExperimentDefinition | undefined> {
  try {
    const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    const value = defaultOf(loaded);
    const given: unknown = typeof value === 'function' ? await (value as () => unknown)() : value;
    return looksLikeExperiment(given) ? given : undefined;
  } catch (error) {
    throw scriptError(error, path);
  }
}

/** A script that awaits what never comes has nothing more to do: the event loop runs empty. */
export const scriptEnd = (): Promise<undefined> => new Promise((resolve) => process.once('beforeExit', () => resolve(undefined)));

/**
 * Loads a script and gives the training that it is about: its default export, or the first that it would fit, with a
 * Trainer or with fit() of tfjs-layers, at once or later. The fit itself never begins. Undefined when the script has come
 * to its end without one.
 */
export async function findExperiment(path: string): Promise<ExperimentDefinition | undefined> {
  let restoreLayers = (): void => undefined;
  const begun = new Promise<ExperimentDefinition>((resolve) => {
    const take = (experiment: Experiment): Promise<never> => {
      resolve(experiment);
      return new Promise<never>(() => undefined);
    };
    onFit((experiment) => take(experiment as Experiment));
    restoreLayers = takeOverLayersFit(take);
  });
  const exported = exportedExperiment(path).then((experiment) => experiment ?? new Promise<never>(() => undefined));
  try {
    return await Promise.race([begun, exported, scriptEnd()]);
  } finally {
    // A check may train with a trainer itself.
    onFit(undefined);
    restoreLayers();
  }
}
