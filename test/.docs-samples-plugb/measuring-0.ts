import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { definePlugin, gradientNorms, weightNorms } from 'trainscope/plugin';

const norms = definePlugin({
  name: 'norms',
  summary: 'Prints two norms every third step.',
  role: 'observe',
  needs: () => ({ every: 3, of: { gradients: gradientNorms(), weights: weightNorms() } }),
  hooks: () => ({
    // The names are those of `needs`, and so are the types.
    measured({ gradients, weights }, { step }) {
      console.log(step, gradients.global, weights.global, [...weights.byWeight.keys()]);
    },
  }),
});

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }),
  loss: 'meanSquaredError',
  plugins: [norms()],
});
await trainer.fit({ inputs: [[1], [2]], labels: [[2], [4]] }, { epochs: 9 });
await trainer.dispose();

export {};
