import { layers, sequential } from '@tensorflow/tfjs-layers';
import { chooseBackend, ConfigError, Trainer } from 'trainscope';

await chooseBackend('cpu');
const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] });
try {
  new Trainer({ model, loss: 'meanSquareError' });
  throw new Error('that should not have worked');
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.log(error.code, error.problems); // LOSS_UNKNOWN, with the suggestion meanSquaredError
}

export {};
