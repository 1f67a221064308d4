import { initializers, layers, sequential } from '@tensorflow/tfjs-layers';

const share = 0.05; // Of the samples that are 1.
const out = layers.dense({
  units: 1,
  activation: 'sigmoid',
  inputShape: [4],
  biasInitializer: initializers.constant({ value: Math.log(share / (1 - share)) }),
});
const model = sequential({ layers: [out] });

export {};
