import type { DataSource } from '../../data/index.js';
import type { Experiment } from './experiment.js';
import { Lab, labDefaults } from './lab.js';
import type { Column, Sample } from './sample.js';

/** Means and standard deviations of the features of one input, over training samples; a feature that does not vary keeps 1. */
interface Scale {
  readonly means: Float64Array;
  readonly deviations: Float64Array;
}

/** Images share one mean and one deviation, as their pixels have one unit; a table has one a feature. */
function scaleOf({ values, width, shape }: Column): Scale {
  const groups = shape.length >= 3 ? 1 : width;
  const sums = new Float64Array(groups);
  const squares = new Float64Array(groups);
  values.forEach((value, i) => {
    sums[i % groups] = (sums[i % groups] ?? 0) + value;
  });
  const each = values.length / groups;
  const means = sums.map((sum) => sum / each);
  values.forEach((value, i) => {
    squares[i % groups] = (squares[i % groups] ?? 0) + (value - (means[i % groups] ?? 0)) ** 2;
  });
  return { means, deviations: squares.map((sum) => Math.sqrt(sum / each) || 1) };
}

const applied = ({ values }: Column, { means, deviations }: Scale): Float32Array => Float32Array.from(values, (value, i) => (value - (means[i % means.length] ?? 0)) / (deviations[i % deviations.length] ?? 1));

function sourceOf(sample: Sample, scales: readonly (Scale | undefined)[]): DataSource {
  const shaped = (column: Column, values: Column['values']): { values: Column['values']; shape: readonly number[] } => ({ values, shape: column.shape });
  const inputs = sample.inputs.map((column, i) => {
    const scale = scales[i];
    return shaped(column, scale === undefined ? column.values : applied(column, scale));
  });
  return { inputs: inputs.length === 1 && inputs[0] !== undefined ? inputs[0] : inputs, labels: sample.labels.length === 1 && sample.labels[0] !== undefined ? shaped(sample.labels[0], sample.labels[0].values) : sample.labels.map((column) => shaped(column, column.values)) };
}

const hasWeights = (source: DataSource): boolean => (Array.isArray(source) ? source.length === 3 : typeof source === 'object' && 'sampleWeights' in source);

/**
 * The same experiment with inputs of mean 0 and standard deviation 1, by the numbers of the training samples, in training
 * and validation alike. Copies of both are made on the host. Undefined where the data is not all in memory, has sample
 * weights, or holds whole numbers alone, which may be names of categories.
 */
export async function standardised(experiment: Experiment): Promise<Experiment | undefined> {
  const { data, validation } = experiment;
  if (hasWeights(data) || (validation !== undefined && hasWeights(validation))) return undefined;
  const lab = await Lab.open(experiment, { ...labDefaults, samples: Infinity, numbers: Infinity });
  try {
    const { training, validation: held } = lab;
    if (!training.complete || (held !== undefined && !held.complete)) return undefined;
    const scales = training.inputs.map((column) => (column.dtype === 'float32' ? scaleOf(column) : undefined));
    if (scales.every((scale) => scale === undefined)) return undefined;
    return { ...experiment, data: sourceOf(training, scales), ...(held === undefined ? {} : { validation: sourceOf(held, scales) }) };
  } finally {
    lab.close();
  }
}
