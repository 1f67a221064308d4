import { beforeAll, describe, expect, it } from 'vitest';
import { Lab, labDefaults } from '../../../../src/diagnosis/preflight/lab.js';
import { factsOf } from '../../../../src/diagnosis/preflight/model/facts.js';
import { applyPriorBias, lossWithPriorBias, priorBiasOf } from '../../../../src/diagnosis/preflight/model/prior-bias.js';
import type { Experiment } from '../../../../src/diagnosis/preflight/experiment.js';
import { useBackend } from '../../../support/backends.js';
import { classifier, look, perceptron, regression, table } from './setups.js';

beforeAll(() => useBackend('wasm'));

async function biasOf<T>(experiment: Experiment, expects: Parameters<typeof priorBiasOf>[2], body: (lab: Lab, bias: NonNullable<ReturnType<typeof priorBiasOf>>) => Promise<T>): Promise<T> {
  const lab = await Lab.open(experiment, labDefaults);
  try {
    const { outputs } = await factsOf(lab);
    const bias = priorBiasOf(lab, outputs[0]!, expects);
    if (bias === undefined) throw new Error('no bias');
    return await body(lab, bias);
  } finally {
    lab.close();
  }
}

const x = table(404, 4);

describe('the bias from the prior', () => {
  it('is ln(1 / 100) = -4.605 for 4 of 404 by sigmoid, and takes the loss from about ln 2 to near the entropy 0.0555', async () => {
    const rare = classifier({ model: () => perceptron(4, 1, 'sigmoid'), loss: 'binaryCrossentropy', data: { inputs: x.map((row) => row.map((each) => each / 100)), labels: x.map((_, i) => [Number(i % 101 === 0)]) } });
    await biasOf(rare, 'probabilities', async (lab, bias) => {
      expect(bias.values[0]).toBeCloseTo(Math.log(1 / 100), 3);
      const before = lab.model.weights().find(({ info }) => info.name === bias.weight.info.name);
      // -(1 / 101) ln(1 / 101) - (100 / 101) ln(100 / 101) = 0.0555, on a draw of 256 of them.
      const facts = { ...(await factsOf(lab)), indices: Int32Array.from({ length: 404 }, (_, i) => i) };
      expect(await lossWithPriorBias(lab, facts, bias)).toBeCloseTo(0.0555, 2);
      expect(Array.from(await before!.variable.data())).toEqual([0]);
      applyPriorBias(bias);
      expect((await before!.variable.data())[0]).toBeCloseTo(-4.605, 3);
    });
    expect((await look(rare, ['initial-loss'])).findings.map(({ rule, severity }) => `${rule} ${severity}`)).toEqual(['prior-bias info']);
  });

  it('is log p for classes of 1/4 and 3/4, and the mean 22 for measured values of 20 and 24', async () => {
    const labels = x.map((_, i) => (i % 4 === 0 ? 0 : 1));
    await biasOf(classifier({ model: () => perceptron(4, 2, 'softmax'), data: { inputs: x, labels } }), 'distribution', async (_lab, { values }) => {
      expect(values[0]).toBeCloseTo(Math.log(1 / 4), 3);
      expect(values[1]).toBeCloseTo(Math.log(3 / 4), 3);
    });
    await biasOf(regression({ data: { inputs: x, labels: x.map((_, i) => [i % 2 === 0 ? 20 : 24]) } }), 'numbers', async (_lab, { values }) => {
      expect(values[0]).toBeCloseTo(22, 3);
    });
  });

  it('is nothing to speak of for balanced classes', async () => {
    expect((await look(classifier(), ['initial-loss'])).rules).toEqual([]);
  });
});
