import { describe, expect, test } from 'vitest';
import { scalarsOf } from '../../src/events/index.js';

const named = (event: string, data: Record<string, unknown>): Record<string, number> => Object.fromEntries(scalarsOf({ event, data }).map(({ field, of, value }) => [of === null ? field : `${field} of ${of}`, value]));

describe('the numbers of an event', () => {
  test('of a step: its loss, and its metrics by their names', () => {
    expect(named('step', { loss: 0.5, metrics: { accuracy: 0.9 }, learningRate: 0.01, batchSize: 32, samples: 64, updated: true })).toEqual({ loss: 0.5, accuracy: 0.9, learningRate: 0.01, batchSize: 32, samples: 64 });
  });

  test('of an epoch: validation has val_ in front', () => {
    expect(named('epoch-end', { epochs: 3, metrics: { loss: 1 }, validation: { loss: 2, accuracy: 0.5 }, ms: 10 })).toEqual({ epochs: 3, loss: 1, val_loss: 2, val_accuracy: 0.5, ms: 10 });
    expect(named('validation', { metrics: { loss: 2 }, samples: 10, ms: 3 })).toEqual({ val_loss: 2, samples: 10, ms: 3 });
    expect(named('epoch-end', { metrics: { loss: 1 }, validation: null })).toEqual({ loss: 1 });
  });

  test('of weights and layers: the name is what it is of, whatever stands in it', () => {
    expect(named('weight-norm', { norm: 3, weights: { 'a.b/kernel': { norm: 1, growth: null }, norm: { norm: 2 } } })).toEqual({ norm: 3, 'norm of a.b/kernel': 1, 'norm of norm': 2 });
    expect(named('training-statistics', { layers: { d: { deadUnits: 0.5, activation: 'relu', isOutput: false } } })).toEqual({ 'deadUnits of d': 0.5 });
  });

  test('nested fields have dots between them; lists have no names and are left out', () => {
    expect(named('gpu-profile', { cpu: { cores: 1.5 }, gpus: [{ index: 1 }] })).toEqual({ 'cpu.cores': 1.5 });
  });

  test('NaN and infinities are numbers, in memory and by their names on the wire', () => {
    expect(named('x', { a: NaN, b: 'NaN', c: '-Infinity', d: 'text' })).toEqual({ a: NaN, b: NaN, c: -Infinity });
  });

  test('an event of a plugin that is not known here has its numbers too', () => {
    expect(scalarsOf({ event: 'of-nobody', data: { score: 2 } })).toEqual([{ field: 'score', of: null, value: 2 }]);
  });
});
