import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { augmentation, seed } from 'trainscope/plugins';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.flatten({ inputShape: [8, 8, 1] }), layers.dense({ units: 1, activation: 'sigmoid' })] }),
  loss: 'binaryCrossentropy',
  plugins: [
    seed({ seed: 1 }),
    augmentation({ transforms: [{ kind: 'flip' }, { kind: 'crop', padding: 1 }, { kind: 'rotation', degrees: 15 }, { kind: 'cutout', size: 3 }], range: [0, 1] }),
  ],
});
trainer.on('augmentation', ({ data }) => console.log(data.samples, data.transforms));
const images = Array.from({ length: 32 }, (_, i) => Array.from({ length: 8 }, (_row, y) => Array.from({ length: 8 }, (_column, x) => [(i + x + y) % 2])));
await trainer.fit({ inputs: images, labels: images.map((_, i) => [i % 2]) }, { epochs: 2 });
await trainer.dispose();

export {};
