import type { RandomStream } from '../../../src/random/index.js';
import type { Architecture } from '../architecture.js';
import type { Part, Recipe, Rows } from '../recipe.js';
import type { SetupName } from '../setups/index.js';

export const categories = ['data', 'labels', 'loss', 'model', 'init', 'optimizer', 'training', 'regularisation', 'pipeline'] as const;
export type Category = (typeof categories)[number];

/** A way in which a training goes wrong. */
export interface Fault {
  readonly kind: string;
  readonly category: Category;
  /** Rules that name the true cause: each is what a knowledgeable person would call it. */
  readonly causes: readonly string[];
  readonly setups: readonly SetupName[];
  readonly apply: (recipe: Recipe, random: RandomStream) => Recipe;
}

/** Short forms for what faults change. */
export const withArchitecture = (recipe: Recipe, change: Partial<Architecture>): Recipe => ({ ...recipe, architecture: { ...recipe.architecture, ...change } });
export const withTrain = (recipe: Recipe, change: (part: Part) => Part): Recipe => ({ ...recipe, train: change(recipe.train) });
export const withHeld = (recipe: Recipe, change: (part: Part) => Part): Recipe => ({ ...recipe, held: change(recipe.held) });
export const withAll = (recipe: Recipe, change: (part: Part) => Part): Recipe => withTrain(withHeld(recipe, change), change);

/** Numbers changed one by one; `column`: place within a sample. They become float32 where asked for. */
export function mapRows(rows: Rows, change: (value: number, column: number, sample: number) => number, dtype: 'same' | 'float32' = 'same'): Rows {
  const width = rows.values.length / (rows.shape[0] ?? 1);
  const changed = Array.from(rows.values, (value, i) => change(value, i % width, Math.floor(i / width)));
  return { ...rows, values: rows.values instanceof Float32Array || dtype === 'float32' ? Float32Array.from(changed) : Int32Array.from(changed) };
}
export const mapInputs = (part: Part, change: (value: number, column: number, sample: number) => number): Part => ({ ...part, inputs: part.inputs.map((each) => mapRows(each, change)) });
export const mapLabels = (part: Part, change: (value: number, column: number, sample: number) => number): Part => ({ ...part, labels: mapRows(part.labels, change) });
