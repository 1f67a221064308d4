import { describe, expect, test } from 'vitest';
import { metricDirection } from '../../../plugins/early-stopping/metric-direction.js';

describe('metricDirection', () => {
  test.each(['acc', 'val_accuracy', 'sparseCategoricalAccuracy', 'topKCategoricalAccuracy', 'AUC', 'val_auc', 'precision', 'recall', 'f1', 'F1Score', 'r2', 'rSquared', 'meanIoU_iou', 'head_f1'])(
    '%s is to rise',
    (name) => expect(metricDirection(name)).toBe('max'),
  );

  test.each(['loss', 'val_loss', 'mse', 'meanSquaredError', 'MAE', 'categoricalCrossentropy', 'crossEntropy', 'perplexity', 'kullbackLeiblerDivergence', 'hinge'])(
    '%s is to fall',
    (name) => expect(metricDirection(name)).toBe('min'),
  );

  test('the last telling word decides, since outputs are named before metrics', () => {
    expect(metricDirection('accuracyHead_loss')).toBe('min');
    expect(metricDirection('val_lossHead_accuracy')).toBe('max');
  });

  test.each(['score', 'accent', 'ankle', 'reward', 'val_', 'cosineProximity'])('the name %s does not tell', (name) => expect(metricDirection(name)).toBeUndefined());
});
