import { layers, sequential } from '@tensorflow/tfjs-layers';
import { formatSummary, Trainer } from 'trainscope';
import { earlyStopping, gradientNorm, seed } from 'trainscope/plugins';

// Points in a square; the class says on which side of the diagonal a point lies.
const inputs = Array.from({ length: 400 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]);
const labels = inputs.map(([x = 0, y = 0]) => (x > y ? 1 : 0));

const trainer = new Trainer({
  model: () =>
    sequential({
      layers: [
        layers.dense({ units: 16, activation: 'relu', kernelInitializer: 'heNormal', inputShape: [2] }),
        layers.dense({ units: 2, activation: 'softmax' }),
      ],
    }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
  optimizer: { name: 'adam', learningRate: 0.01 },
  plugins: [seed({ seed: 1 }), gradientNorm(), earlyStopping({ patience: 3, restoreBestWeights: true })],
});

const result = await trainer.fit(
  { inputs: inputs.slice(0, 320), labels: labels.slice(0, 320) },
  { epochs: 20, validation: { inputs: inputs.slice(320), labels: labels.slice(320) } },
);
console.log(formatSummary(result));

const [predictions] = await trainer.predict({ inputs: [[0.9, -0.9]] });
predictions?.print();
predictions?.dispose();
await trainer.dispose();

export {};
