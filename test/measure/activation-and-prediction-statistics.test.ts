import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { activationStatistics, predictionStatistics, type StepFacts, type StepMemo } from '../../src/measure/index.js';
import { testBackends, useBackend } from '../support/backends.js';

const facts = (more: Partial<StepFacts>): StepFacts => ({ step: 1, epoch: 1, batchSize: 4, weights: [], gradientNames: [], clippedGradientNames: [], activationNames: [], probeShapes: [], ...more });
const memo: StepMemo = { memo: (_, make) => make() };

/** The statistics of one prediction beside its labels, and the tensors left behind: none. */
async function predict(prediction: tf.Tensor, label: tf.Tensor) {
  const before = tf.memory().numTensors;
  const { reduce, read } = predictionStatistics();
  const reduced = tf.tidy(() => reduce({ predictions: [prediction], labels: [label] }, memo, facts({})));
  const [values] = read((await reduced.data()) as Float32Array, facts({ batchSize: prediction.shape[0] }));
  reduced.dispose();
  expect(tf.memory().numTensors).toBe(before);
  tf.dispose([prediction, label]);
  return values;
}

for (const backend of testBackends) {
  describe(`statistics on ${backend}`, () => {
    it('of activations [4, 3] with one silent unit: a third dead, 7 of 12 entries 0, and 2 beyond 0.995', async () => {
      await useBackend(backend);
      const a = tf.tensor2d([[0, 0, 1], [0, 2, 0], [0, 0, 0.5], [0, 0.9, -0.25]]);
      const { reduce, read } = activationStatistics();
      const reduced = tf.tidy(() => reduce({ activations: new Map([['a', a]]) }, memo, facts({})));
      const values = read((await reduced.data()) as Float32Array, facts({ activationNames: ['a'] })).get('a');
      tf.dispose([reduced, a]);
      expect(values).toMatchObject({ rows: 4, maxAbs: 2, min: -0.25 });
      expect(values?.deadUnits).toBeCloseTo(1 / 3, 6);
      expect(values?.zeros).toBeCloseTo(7 / 12, 6);
      expect(values?.beyondTanh).toBeCloseTo(2 / 12, 6);
      // (1 + 4 + 0.25 + 0.81 + 0.0625) / 12
      expect(values?.rms).toBeCloseTo(Math.sqrt(6.1225 / 12), 5);
    });

    it('of two classes as probabilities: 3 of 4 right, chance 1/2, and r worked out by hand', async () => {
      await useBackend(backend);
      const values = await predict(tf.tensor2d([[0.9], [0.8], [0.6], [0.1]]), tf.tensor2d([[1], [1], [0], [0]]));
      // Means 0.6 and 0.5; covariance (0.3 + 0.2 - 0 + 0.5) / 8 = 0.125; variances (0.09 + 0.04 + 0 + 0.25) / 4 = 0.095 and 0.25.
      expect(values?.correlation).toBeCloseTo(0.125 / Math.sqrt(0.095 * 0.25), 5);
      expect(values?.classes).toMatchObject({ count: 2, topPredicted: 0.75, topLabel: 0.5, agreement: 0.75, chance: 0.5 });
      expect(values?.classes?.labelEntropy).toBeCloseTo(Math.log(2), 5);
    });

    it('of three classes by number, one predicted for all: agreement 1/4 is what chance gives', async () => {
      await useBackend(backend);
      const values = await predict(tf.tensor2d([[5, 0, 0], [5, 0, 0], [5, 0, 0], [5, 0, 0]]), tf.tensor1d([0, 1, 2, 2], 'int32'));
      expect(values).toMatchObject({ spread: 0, correlation: null, nonFinite: 0, maxAbs: 5 });
      expect(values?.classes).toMatchObject({ count: 3, topPredicted: 1, topLabel: 0.5, agreement: 0.25, chance: 0.25 });
    });

    it('of numbers: no classes, and an r of -1 for the negated labels', async () => {
      await useBackend(backend);
      const values = await predict(tf.tensor2d([[1.5], [-2], [0.25]]), tf.tensor2d([[-3], [4], [-0.5]]));
      expect(values?.classes).toBeNull();
      expect(values?.correlation).toBeCloseTo(-1, 5);
    });

    it('of labels that are of another shape: nothing but the predictions', async () => {
      await useBackend(backend);
      expect(await predict(tf.tensor2d([[1, NaN], [2, 3]]), tf.tensor2d([[1, 2, 3], [4, 5, 6]]))).toMatchObject({ nonFinite: 0.25, labelSpread: null, correlation: null, classes: null });
    });
  });
}
