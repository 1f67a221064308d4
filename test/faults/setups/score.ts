import type { Part } from '../recipe.js';

/** How good predictions are, the higher the better. `width`: numbers a label's prediction. */
export type Score = (predictions: Float32Array | Int32Array, held: Part) => number;

/** Share of samples whose highest number is the labelled class. */
export const accuracy: Score = (predictions, { labels }) => {
  const { values } = labels;
  const width = predictions.length / values.length;
  let right = 0;
  for (let i = 0; i < values.length; i += 1) {
    let best = 0;
    for (let j = 1; j < width; j += 1) if (predictions[i * width + j]! > predictions[i * width + best]!) best = j;
    if (best === values[i]) right += 1;
  }
  return right / values.length;
};

/** 1 - sum of squared errors over that of the labels' mean. */
export const explained: Score = (predictions, { labels }) => {
  const { values } = labels;
  const mean = Array.from(values).reduce((sum, each) => sum + each, 0) / values.length;
  let errors = 0;
  let total = 0;
  for (let i = 0; i < values.length; i += 1) {
    errors += (values[i]! - predictions[i]!) ** 2;
    total += (values[i]! - mean) ** 2;
  }
  return 1 - errors / total;
};

/** Area under the ROC curve: the chance that a positive stands above a negative; ties count half. */
export const ranking: Score = (predictions, { labels }) => {
  const positives: number[] = [];
  const negatives: number[] = [];
  for (const [i, label] of Array.from(labels.values).entries()) (label === 1 ? positives : negatives).push(predictions[i]!);
  let wins = 0;
  for (const yes of positives) for (const no of negatives) wins += yes > no ? 1 : yes === no ? 0.5 : 0;
  return wins / (positives.length * negatives.length);
};
