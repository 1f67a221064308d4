import type { Recipe } from '../recipe.js';
import type { Score } from './score.js';

/** A training that learns what it should. */
export interface Setup {
  readonly name: string;
  readonly recipe: (seed: number) => Recipe;
  /** Of the predictions for the samples that were held back. */
  readonly score: Score;
  /** What a healthy training comes to at least. */
  readonly reference: number;
}
