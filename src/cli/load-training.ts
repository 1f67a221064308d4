import { LayersModel } from '@tensorflow/tfjs-layers';
import type { ExperimentDefinition } from '../diagnosis/preflight/experiment.js';
import { ConfigError } from '../errors.js';
import { onFit } from '../trainer/take-over.js';
import { exportedExperiment, scriptEnd } from './find-experiment.js';
import { takeOverLayersFit } from './layers-fit.js';

/** What a script turned out to be: an experiment to train, or one that trains by itself, or neither. */
export type Loaded = { readonly kind: 'experiment'; readonly experiment: ExperimentDefinition } | { readonly kind: 'trains-itself' } | { readonly kind: 'neither' };

const refusal = (script: string, options: readonly string[]): ConfigError =>
  new ConfigError('OPTIONS_INVALID', {
    found: `${script} trains by itself, and ${options.join(', ')} ${options.length === 1 ? 'is' : 'are'} given`,
    expected: 'these go with a script that exports an experiment: a trainer that a script has made is not changed from outside',
    remedy: 'Write `export default defineExperiment({ model, loss, data })`, with defineExperiment from trainscope/diagnosis, in place of the trainer; or run it without them.',
  });

/**
 * Runs a script to its end. With options for the training, a fit of the script's own is refused before it begins; without,
 * it just trains.
 * @throws TrainscopeError of the script; ConfigError OPTIONS_INVALID for a script that trains by itself, with options
 */
export async function loadTraining(script: string, path: string, options: readonly string[]): Promise<Loaded> {
  const fits: string[] = [];
  let restoreLayers = (): void => undefined;
  const refused = new Promise<never>((_, reject) => {
    const refuse = (): Promise<never> => {
      reject(refusal(script, options));
      return new Promise<never>(() => undefined);
    };
    const note = (): Promise<void> => {
      fits.push(path);
      return Promise.resolve();
    };
    onFit(options.length === 0 ? note : refuse);
    restoreLayers = options.length === 0 ? noteLayersFit(() => fits.push(path)) : takeOverLayersFit(refuse);
  });
  const ended = scriptEnd();
  const experiment = await Promise.race([refused, exportedExperiment(path)]);
  if (experiment === undefined) {
    // It may train later: after a timer, or where nobody awaits it.
    await Promise.race([refused, ended]);
    return { kind: fits.length > 0 ? 'trains-itself' : 'neither' };
  }
  onFit(undefined);
  restoreLayers();
  return { kind: 'experiment', experiment };
}

/** Hears of fits of tfjs-layers, which go on as they are. */
function noteLayersFit(hear: () => void): () => void {
  const own = LayersModel.prototype as unknown as Record<'fit' | 'fitDataset', (...args: unknown[]) => unknown>;
  const { fit, fitDataset } = own;
  own.fit = function noted(this: unknown, ...args) {
    hear();
    return fit.apply(this, args);
  };
  own.fitDataset = function noted(this: unknown, ...args) {
    hear();
    return fitDataset.apply(this, args);
  };
  return () => Object.assign(own, { fit, fitDataset });
}
