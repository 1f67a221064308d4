export type Direction = 'min' | 'max';

// Whole words: `acc` is not found in `accent`, nor `kl` in `ankle`.
const words: readonly (readonly [Direction, RegExp])[] = [
  ['max', /\b(acc|accuracy|auc|auroc|auprc|precision|recall|sensitivity|specificity|f1|f2|f beta|fbeta|f score|fscore|r2|r squared|rsquared|iou|dice|bleu|rouge|ndcg|kappa|mcc|psnr|ssim)\b/g],
  ['min', /\b(loss|error|err|mse|mae|rmse|mape|msle|rmsle|cross ?entropy|bce|log ?cosh|nll|perplexity|hinge|divergence|kl|kld|deviation|distance|wer|cer)\b/g],
];

/**
 * Whether a metric of this name is to rise or to fall, or undefined when its name does not tell. Names are read as
 * words (`val_topKAccuracy`: val, top, k, accuracy), and the last telling word decides, since outputs are named first:
 * `accuracyHead_loss` falls. Keras asks the metric object for its direction; where only the name is known, it has to do.
 */
export function metricDirection(name: string): Direction | undefined {
  const text = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ');
  let last = -1;
  let direction: Direction | undefined;
  for (const [each, pattern] of words) {
    for (const { index } of text.matchAll(pattern)) {
      if (index > last) [last, direction] = [index, each];
    }
  }
  return direction;
}
