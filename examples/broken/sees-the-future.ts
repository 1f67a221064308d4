/** A model that is to predict the next value of a series, by a recurrent layer that reads it from both ends. */
import { input, layers, model as makeModel } from '@tensorflow/tfjs-layers';
import { defineExperiment } from 'trainscope/diagnosis';

const length = 16;
const series = Array.from({ length: 600 }, (_, s) => Array.from({ length: length + 1 }, (_, t) => Math.sin(0.4 * t + s) * Math.cos(0.05 * s * t)));

export default defineExperiment({
  model: () => {
    const values = input({ shape: [length, 1] });
    // The bug: the backward half has seen the value that is asked for.
    const read = layers.bidirectional({ layer: layers.gru({ units: 8, returnSequences: true }), mergeMode: 'concat' }).apply(values);
    return makeModel({ inputs: values, outputs: layers.dense({ units: 1 }).apply(read) as never });
  },
  loss: 'meanSquaredError',
  optimizer: { name: 'adam', learningRate: 0.005 },
  data: { inputs: series.map((each) => each.slice(0, -1).map((x) => [x])), labels: series.map((each) => each.slice(1).map((x) => [x])) },
  fit: { epochs: 10, batchSize: 32 },
});
