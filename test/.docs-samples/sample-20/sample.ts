import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { gpuProfiler } from 'trainscope/plugins';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 64, inputShape: [32] }), layers.dense({ units: 1 })] }),
  loss: 'meanSquaredError',
  plugins: [gpuProfiler()],
});
trainer.on('gpu-profile', ({ data }) => {
  console.log(data.final, data.samplesPerSecond, data.shares, data.verdict.kind, data.verdict.rule);
});
await trainer.fit({ inputs: { values: new Float32Array(32 * 1000), shape: [1000, 32] }, labels: { values: new Float32Array(1000), shape: [1000, 1] } }, { epochs: 2 });
await trainer.dispose();

export {};
