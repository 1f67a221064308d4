import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { seed } from 'trainscope/plugins';

const lossOf = async (): Promise<number | undefined> => {
  const trainer = new Trainer({
    // A function: so the seed covers the initial weights.
    model: () => sequential({ layers: [layers.dense({ units: 8, inputShape: [1] }), layers.dropout({ rate: 0.5 }), layers.dense({ units: 1 })] }),
    loss: 'meanSquaredError',
    plugins: [seed({ seed: 42, verify: true })],
  });
  const { metrics } = await trainer.fit({ inputs: [[1], [2], [3]], labels: [[2], [4], [6]] }, { epochs: 5, batchSize: 1 });
  await trainer.dispose();
  return metrics['loss'];
};
if ((await lossOf()) !== (await lossOf())) throw new Error('two runs differ');

export {};
