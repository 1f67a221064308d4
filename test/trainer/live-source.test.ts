import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, it } from 'vitest';
import { Trainer } from '../../src/index.js';
import type { Samples } from '../../src/data/index.js';
import { useBackend } from '../support/backends.js';

beforeAll(() => useBackend('cpu'));

const batch: Samples = { inputs: [[1]], labels: [[1]] };
const trainer = (accumulateSteps = 1): Trainer =>
  new Trainer({ model: sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }), loss: 'meanSquaredError', backend: 'keep', progress: false, accumulateSteps });

it.each([[1, 4], [2, 8]])('with stepsPerEpoch 4 of %i batches a live source is asked for %i batches and no more', async (accumulateSteps, batches) => {
  let asked = 0;
  const live = async function* (): AsyncGenerator<Samples> {
    for (; asked < batches; asked += 1) yield batch;
    await new Promise(() => undefined);
  };
  const { history } = await trainer(accumulateSteps).fit(live(), { epochs: 1, stepsPerEpoch: 4, prefetch: 3 });
  expect(history.map(({ steps }) => steps)).toEqual([4]);
});

it('a stream that ends with an epoch begins anew in the next one, and no epoch is short', async () => {
  const { history } = await trainer().fit([batch, batch, batch, batch], { epochs: 3, stepsPerEpoch: 2 });
  expect(history.map(({ steps }) => steps)).toEqual([2, 2, 2]);
});
