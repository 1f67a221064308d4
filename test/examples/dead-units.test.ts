import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { deadUnits, silentShares } from '../../examples/custom-plugin/dead-units.js';
import { PluginHarness, tensorsLeftBy } from '../../src/testing/index.js';
import { useBackend } from '../support/backends.js';

beforeAll(() => useBackend('cpu'));

const facts = { step: 1, epoch: 1, batchSize: 2, weights: [], gradientNames: [], clippedGradientNames: [], activationNames: ['a', 'b'], probeShapes: [] };

describe('the measurement', () => {
  it('counts units that are 0 for every sample: 1 of 4 in a dense layer, 1 of 2 in a convolution', async () => {
    const measurement = silentShares(['a', 'b']);
    const shares: number[] = [];
    const left = await tensorsLeftBy(() => {
      // Unit 0 fires for the second sample alone, unit 1 is negative, unit 2 is silent, unit 3 fires for both.
      const a = tf.tensor2d([0, -1, 0, 2, 3, 0, 0, 4], [2, 4]);
      // [batch 1, height 2, width 1, units 2]: the second unit is silent at both places.
      const b = tf.tensor4d([0, 0, 5, 0], [1, 2, 1, 2]);
      const result = tf.tidy(() => measurement.reduce({ activations: new Map<string, tf.Tensor>([['a', a], ['b', b]]) }, { memo: (_, make) => make() }, facts));
      shares.push(...measurement.read(result.dataSync<'float32'>(), facts).values());
      tf.dispose([a, b, result]);
    });
    expect(shares).toEqual([0.25, 0.5]);
    expect(left).toBe(0);
  });

  it('is shared by those who ask for the same layers, and by no others', () => {
    expect(silentShares(['a', 'b']).key).toBe(silentShares(['a', 'b']).key);
    expect(silentShares(['a', 'b']).key).not.toBe(silentShares(['a,b']).key);
  });
});

describe('the plugin', () => {
  const measure = (harness: PluginHarness, share: number): Promise<unknown> => harness.call('measured', { shares: new Map([['a', 0.1], ['b', share]]) });

  it('tells the shares, and which layer is the worst', async () => {
    const harness = new PluginHarness(deadUnits({ layers: ['a', 'b'] }));
    await measure(harness, 0.2);
    await measure(harness, 0.05);
    expect(harness.dataOf('dead-units')).toEqual([
      { layers: { a: 0.1, b: 0.2 }, worst: 'b' },
      { layers: { a: 0.1, b: 0.05 }, worst: 'a' },
    ]);
  });

  it('finds a layer dead at the 3rd measurement in a row with half of its units silent, once, and again after it has recovered', async () => {
    const harness = new PluginHarness(deadUnits({ layers: ['a', 'b'] }));
    const found: number[] = [];
    for (const share of [0.6, 0.6, 0.4, 0.5, 0.9, 0.9, 0.9, 0.9, 0.4, 0.6, 0.6, 0.6]) {
      await measure(harness, share);
      found.push(harness.findings.length);
    }
    expect(found).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2]);
    expect(harness.findings[0]).toMatchObject({ rule: 'dead-units', severity: 'warning', where: { layer: 'b' }, evidence: { share: 0.9, threshold: 0.5 } });
  });

  it('goes on counting from a saved state', async () => {
    const [first, second] = [new PluginHarness(deadUnits({ layers: ['a', 'b'] })), new PluginHarness(deadUnits({ layers: ['a', 'b'] }))];
    await measure(first, 0.7);
    await measure(first, 0.7);
    second.context.state = JSON.parse(JSON.stringify(first.context.state)) as unknown;
    await measure(second, 0.7);
    expect(first.findings).toHaveLength(0);
    expect(second.findings).toHaveLength(1);
  });

  it('refuses no layers, a patience of 0 and a threshold of 0', () => {
    expect(() => deadUnits({ layers: [] })).toThrow(/layers/);
    expect(() => deadUnits({ layers: ['a'], patience: 0, threshold: 0 })).toThrow(/threshold.*patience/s);
  });
});
