import type { DataSource, LoadedData } from '../../data/index.js';
import type { ModelSource } from '../../trainer/model.js';
import type { TrainerOptions } from '../../trainer/options.js';

/** Models of growing capacity, for the ladder from small to large. */
export interface Ladder {
  /** From the smallest: numbers of units, filters or layers, whatever `model` makes of them. */
  readonly sizes: readonly number[];
  readonly model: (size: number) => ModelSource | Promise<ModelSource>;
}

/**
 * A training as a value: the options of a trainer, and what its fit is given.
 *
 * @example
 * export default defineExperiment({
 *   model: () => buildModel(), loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'adam', learningRate: 1e-3 },
 *   data: { inputs, labels }, validation: { inputs: x, labels: y }, fit: { epochs: 5, batchSize: 32 },
 * });
 */
export interface Experiment extends TrainerOptions {
  readonly data: DataSource;
  readonly validation?: DataSource | undefined;
  readonly ladder?: Ladder | undefined;
  /** The output at each time step must not depend on later inputs. Found out by itself where labels are the inputs one step on. */
  readonly causal?: boolean | undefined;
  /** Names of the features of the first input, for messages. */
  readonly featureNames?: readonly string[] | undefined;
}

/** What a trainer hands over of a fit that is about to begin: a source that can be read once is looked at through what is open. */
export interface OpenedExperiment extends Experiment {
  readonly opened?: { readonly data: LoadedData; readonly validation: LoadedData | undefined };
}

/** An experiment whose loss a config file may give. */
export type ExperimentDefinition = Omit<Experiment, 'loss'> & Partial<Pick<Experiment, 'loss'>>;

/** Gives back what it is given: it is there for its types. The loss may be left to the config file that it is trained with. */
export function defineExperiment(experiment: Experiment): Experiment;
export function defineExperiment(experiment: ExperimentDefinition): ExperimentDefinition;
export function defineExperiment(experiment: ExperimentDefinition): ExperimentDefinition {
  return experiment;
}
