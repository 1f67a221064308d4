import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';

/** 784-256-128-10, ReLU with He initialisation: 235,146 parameters. */
const mlp = (): Sequential =>
  sequential({
    layers: [
      layers.dense({ units: 256, activation: 'relu', kernelInitializer: 'heNormal', inputShape: [784], name: 'hidden1' }),
      layers.dense({ units: 128, activation: 'relu', kernelInitializer: 'heNormal', name: 'hidden2' }),
      layers.dense({ units: 10, activation: 'softmax', name: 'digit' }),
    ],
  });

/** Two convolutions of 3x3 with pooling after each: 12,810 parameters. */
const cnn = (): Sequential =>
  sequential({
    layers: [
      layers.conv2d({ filters: 16, kernelSize: 3, activation: 'relu', kernelInitializer: 'heNormal', inputShape: [28, 28, 1], name: 'conv1' }),
      layers.maxPooling2d({ poolSize: 2, name: 'pool1' }),
      layers.conv2d({ filters: 32, kernelSize: 3, activation: 'relu', kernelInitializer: 'heNormal', name: 'conv2' }),
      layers.maxPooling2d({ poolSize: 2, name: 'pool2' }),
      layers.flatten({ name: 'flat' }),
      layers.dropout({ rate: 0.1, name: 'drop' }),
      layers.dense({ units: 10, activation: 'softmax', name: 'digit' }),
    ],
  });

export const models = {
  mlp: { build: mlp, imageShape: [784], epochs: 3, learningRate: 0.001 },
  // The small network bears, and in a few epochs needs, the larger rate.
  cnn: { build: cnn, imageShape: [28, 28, 1], epochs: 4, learningRate: 0.003 },
} as const;
