import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, test } from 'vitest';
import { Trainer } from 'trainscope';
import { histograms } from 'trainscope/plugins';
import { tensorsLeftBy } from 'trainscope/testing';
import { testBackends, useBackend } from '../support/backends.js';

type Options = Parameters<typeof histograms>[0];
type Found = { edges: number[]; counts: number[]; min: number; max: number; mean: number; std: number; nonFinite: number };
interface Heard {
  readonly step: number;
  readonly weights: Record<string, { weights?: Found; gradients?: Found; updates?: Found }>;
  readonly layers: Record<string, { activations: Found }>;
}

/** One weight of 4 x 1, all ones, without bias: the prediction is the sum of the inputs. */
const model = (): LayersModel => sequential({ layers: [layers.dense({ name: 'd', units: 1, inputShape: [4], useBias: false, kernelInitializer: 'ones' })] });

async function train(options: Options, inputs: readonly (readonly number[])[], epochs = 1): Promise<Heard[]> {
  const heard: Heard[] = [];
  const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.5 }, progress: false, seed: 1, plugins: [histograms(options, { onError: 'stop' })] });
  trainer.on('histogram', ({ step, data }) => heard.push({ step, ...data } as Heard));
  try {
    await trainer.fit({ inputs: inputs as number[][], labels: inputs.map(() => [0]) }, { epochs, batchSize: inputs.length, checkFinite: false });
  } finally {
    await trainer.dispose();
    (trainer.model as LayersModel).dispose();
  }
  return heard;
}

describe.each(testBackends)('on %s', (backend) => {
  beforeEach(() => useBackend(backend));

  test('a batch of one: gradients 2 x sum x input, updates -0.5 times it, weights 1 plus it, each in its bin', async () => {
    // The sum is 1: gradients 0, 1, 2 and -1 (2 x 1 x input), updates 0, -0.5, -1 and 0.5.
    const [found] = await train({ of: ['weights', 'gradients', 'updates', 'activations'], bins: 3 }, [[0, 0.5, 1, -0.5]]);
    const [of] = Object.values(found?.weights ?? {});
    expect(of?.gradients).toMatchObject({ edges: [-1, 0, 1, 2], counts: [1, 1, 2], min: -1, max: 2, mean: 0.5, nonFinite: 0 });
    expect(of?.gradients?.std).toBeCloseTo(Math.sqrt(1.25), 6);
    expect(of?.updates).toMatchObject({ edges: [-1, -0.5, 0, 0.5], counts: [1, 1, 2], mean: -0.25 });
    expect(of?.weights).toMatchObject({ edges: [0, 0.5, 1, 1.5], counts: [1, 1, 2], mean: 0.75 });
    expect(found?.layers).toEqual({ d: { activations: { edges: [1, 1], counts: [1], min: 1, max: 1, mean: 1, std: 0, nonFinite: 0 } } });
  });

  test('every 4 steps and the first: of 10 steps it looks at 1, 4 and 8', async () => {
    expect((await train({ every: 4 }, [[0, 0, 0, 0]], 10)).map(({ step }) => step)).toEqual([1, 4, 8]);
    expect((await train({ every: 4, first: false }, [[0, 0, 0, 0]], 10)).map(({ step }) => step)).toEqual([4, 8]);
  });

  test('a NaN among the inputs makes all gradients NaN: no bin, and all four are counted', async () => {
    const [found] = await train({ of: ['gradients'] }, [[NaN, 0, 0, 0]]);
    expect(Object.values(found?.weights ?? {})[0]).toEqual({ gradients: { edges: [], counts: [], min: NaN, max: NaN, mean: NaN, std: NaN, nonFinite: 4 } });
  });

  test('no tensor is left', async () => {
    expect(await tensorsLeftBy(() => train({ of: ['weights', 'gradients', 'updates', 'activations'], every: 1 }, [[1, 2, 3, 4]], 3))).toBe(0);
  });
});

test('layers that the model does not have are refused before the first step', async () => {
  await useBackend('cpu');
  await expect(train({ layers: ['e'] }, [[0, 0, 0, 0]])).rejects.toThrow('histograms names the layers e; layers with weights are d.');
  await expect(train({ of: ['activations'], layers: ['e'] }, [[0, 0, 0, 0]])).rejects.toThrow('e');
});
