import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model as join, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Trainer, type TrainerOptions } from 'trainscope';
import { modelSummary } from 'trainscope/plugins';
import { tensorsLeftBy } from 'trainscope/testing';
import { summarize } from '../../plugins/model-summary/summarize.js';
import type { Summary } from '../../plugins/model-summary/contract.js';
import { printSummary } from '../../plugins/model-summary/print.js';
import { buildSequential, LayersFace } from '../../src/trainer/layers-face.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeEach(() => useBackend('cpu'));

/** What is told of a model as it stands, without a training. */
function summaryOf(model: LayersModel, optimizer: Record<string, unknown> = { name: 'adam' }): Summary {
  buildSequential(model);
  const weights = new LayersFace(model).weights();
  try {
    return summarize(model, weights.map(({ info }) => info), new Map(weights.map(({ info, variable }) => [info.name, variable.dtype])), optimizer);
  } finally {
    model.dispose();
  }
}
const multiplyAdds = (...list: Parameters<typeof sequential>[0] extends infer C ? (C extends { layers?: (infer L)[] } ? L[] : never) : never): (number | null)[] =>
  summaryOf(sequential({ layers: list })).layers.map((each) => each.multiplyAdds);

async function heard(options: Partial<TrainerOptions> = {}, print: boolean | 'auto' = false): Promise<Summary> {
  const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', progress: false, ...options, plugins: [modelSummary({ print })] });
  const told: Summary[] = [];
  trainer.on('model-summary', ({ data }) => told.push(structuredClone(data) as Summary));
  await trainer.fit(clouds(16), { epochs: 1 });
  await trainer.dispose();
  expect(told).toHaveLength(1);
  return told[0]!;
}

describe('the event', () => {
  test('a 4-8-2 network under Adam: 58 parameters, 232 bytes, twice that in slots, 48 multiply-adds', async () => {
    const { layers: of, weights, ...totals } = await heard();
    // 4 x 8 + 8 = 40, 8 x 2 + 2 = 18; float32 has 4 bytes; Adam keeps two moments.
    expect(totals).toEqual({ parameters: 58, trainable: 58, weightBytes: 232, gradientBytes: 232, slotBytes: 464, multiplyAdds: 48 });
    expect(of.map(({ className, outputShape, parameters, trainable, bytes, multiplyAdds: macs }) => [className, outputShape, parameters, trainable, bytes, macs])).toEqual([
      ['Dense', [null, 8], 40, 40, 160, 32],
      ['Dense', [null, 2], 18, 18, 72, 16],
    ]);
    expect(weights.map(({ shape, dtype }) => [shape, dtype])).toEqual([[[4, 8], 'float32'], [[8], 'float32'], [[8, 2], 'float32'], [[2], 'float32']]);
  });

  test('is told at the start of each fit, before any epoch', async () => {
    const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', progress: false, plugins: [modelSummary({ print: false })] });
    const events: string[] = [];
    trainer.onAny(({ event }) => events.push(event));
    await trainer.fit(clouds(16), { epochs: 1 });
    await trainer.fit(clouds(16), { epochs: 1 });
    await trainer.dispose();
    expect(events.slice(0, 3)).toEqual(['run-start', 'model-summary', 'epoch-start']);
    expect(events.filter((event) => event === 'model-summary')).toHaveLength(2);
  });

  test.each([
    [{ name: 'sgd', learningRate: 0.1 }, 0],
    [{ name: 'sgd', learningRate: 0.1, momentum: 0.9 }, 1],
    [{ name: 'adagrad', learningRate: 0.1 }, 1],
    [{ name: 'rmsprop', learningRate: 0.1 }, 2],
    [{ name: 'adamax', learningRate: 0.1 }, 2],
    [{ name: 'adadelta', learningRate: 0.1 }, 2],
    [{ name: 'adamw', learningRate: 0.1 }, 2],
  ] as const)('slots under %j: %i copies of the weights, as the optimizer then holds', async (optimizer, copies) => {
    expect((await heard({ optimizer })).slotBytes).toBe(copies * 232);
    // What the optimizer of TensorFlow.js itself holds after a step.
    const before = tf.memory().numBytes;
    const model = smallClassifier();
    const weights = tf.memory().numBytes - before;
    const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', optimizer, progress: false });
    await trainer.fit(clouds(16), { epochs: 1 });
    const slots = tf.memory().numBytes - before - weights;
    await trainer.dispose();
    model.dispose();
    // Beside the slots an optimizer keeps scalars: powers of its betas, the rate.
    expect(slots - copies * 232).toBeGreaterThanOrEqual(0);
    expect(slots - copies * 232).toBeLessThanOrEqual(32);
  });

  test('a centred RMSProp keeps three, told by the instance that is handed in', async () => {
    const optimizer = tf.train.rmsprop(0.1, 0.9, 0, 1e-7, true);
    expect((await heard({ optimizer })).slotBytes).toBe(3 * 232);
    optimizer.dispose();
  });

  test('an optimizer that is not known: null', () => {
    expect(summaryOf(smallClassifier(), { name: 'lion' }).slotBytes).toBeNull();
  });

  test('frozen weights are no part of what is trained, of gradients and of slots', () => {
    const model = smallClassifier();
    model.layers[0]!.trainable = false;
    const { parameters, trainable, gradientBytes, slotBytes, layers: of } = summaryOf(model);
    expect([parameters, trainable, gradientBytes, slotBytes, of[0]?.trainable]).toEqual([58, 18, 72, 144, 0]);
  });

  test('a model written by hand has its weights and no layers', async () => {
    const w = tf.variable(tf.zeros([4, 2]));
    const { layers: of, weights, parameters, slotBytes, multiplyAdds: macs } = await heard({ model: { forward: (x: tf.Tensor) => tf.softmax(tf.matMul(x as tf.Tensor2D, w as unknown as tf.Tensor2D)), trainableWeights: { w } } as never });
    expect([of, weights, parameters, slotBytes, macs]).toEqual([[], [{ name: 'w', layer: null, shape: [4, 2], parameters: 8, trainable: true, dtype: 'float32', bytes: 32 }], 8, 64, null]);
    w.dispose();
  });
});

describe('parameters are those that tfjs-layers counts', () => {
  test('of a convolutional network with normalisation, in the whole and layer by layer', () => {
    const build = (): LayersModel =>
      sequential({
        layers: [
          layers.conv2d({ filters: 8, kernelSize: 3, inputShape: [12, 12, 3] }),
          layers.batchNormalization(),
          layers.maxPooling2d({ poolSize: 2 }),
          layers.depthwiseConv2d({ kernelSize: 3 }),
          layers.separableConv2d({ filters: 4, kernelSize: 2 }),
          layers.flatten(),
          layers.dropout({ rate: 0.5 }),
          layers.dense({ units: 10 }),
        ],
      });
    const model = build();
    const expected = [model.countParams(), ...model.layers.map((layer) => layer.countParams())];
    model.dispose();
    const { parameters, trainable, layers: of } = summaryOf(build());
    expect([parameters, ...of.map((each) => each.parameters)]).toEqual(expected);
    // The moving mean and variance of 8 channels.
    expect(parameters - trainable).toBe(16);
  });

  test('a layer that is shared counts once, and its multiply-adds twice', () => {
    const shared = layers.dense({ units: 5, useBias: false });
    const [a, b] = [input({ shape: [3] }), input({ shape: [3] })];
    const made = join({ inputs: [a, b], outputs: layers.add().apply([shared.apply(a) as typeof a, shared.apply(b) as typeof b]) as typeof a });
    const { parameters, multiplyAdds: macs } = summaryOf(made);
    expect([parameters, macs]).toEqual([15, 30]);
  });

  test('calls in another model are not counted', () => {
    const shared = layers.dense({ units: 5, useBias: false });
    const a = input({ shape: [3] });
    const mine = join({ inputs: a, outputs: shared.apply(a) as typeof a });
    shared.apply(input({ shape: [3] }));
    expect(summaryOf(mine).multiplyAdds).toBe(15);
  });
});

describe('multiply-adds of one sample', () => {
  test('dense: inputs x units; on a sequence of 7, seven times', () => {
    expect(multiplyAdds(layers.dense({ units: 5, inputShape: [3] }))).toEqual([15]);
    expect(multiplyAdds(layers.dense({ units: 5, inputShape: [7, 3] }))).toEqual([105]);
  });

  test('conv2d of 3x3 over 8x8x3 to 16: 6x6 positions x 432, strided 3x3; same padding 8x8', () => {
    expect(multiplyAdds(layers.conv2d({ filters: 16, kernelSize: 3, inputShape: [8, 8, 3] }))).toEqual([36 * 432]);
    expect(multiplyAdds(layers.conv2d({ filters: 16, kernelSize: 3, strides: 2, inputShape: [8, 8, 3] }))).toEqual([9 * 432]);
    expect(multiplyAdds(layers.conv2d({ filters: 16, kernelSize: 3, padding: 'same', inputShape: [8, 8, 3] }))).toEqual([64 * 432]);
  });

  test('conv2d with channels first has the same', () => {
    expect(multiplyAdds(layers.conv2d({ filters: 16, kernelSize: 3, dataFormat: 'channelsFirst', inputShape: [3, 8, 8] }))).toEqual([36 * 432]);
  });

  test('conv1d of 5 over 20x4 to 6: 16 positions x 120; conv3d of 2x2x2 over 4x4x4x1 to 3: 27 x 24', () => {
    expect(multiplyAdds(layers.conv1d({ filters: 6, kernelSize: 5, inputShape: [20, 4] }))).toEqual([16 * 120]);
    expect(multiplyAdds(layers.conv3d({ filters: 3, kernelSize: 2, inputShape: [4, 4, 4, 1] }))).toEqual([27 * 24]);
  });

  test('a transposed convolution works at each position of its input: 4x4 x 3x3x2x5', () => {
    expect(multiplyAdds(layers.conv2dTranspose({ filters: 5, kernelSize: 3, strides: 2, inputShape: [4, 4, 2] }))).toEqual([16 * 90]);
  });

  test('depthwise 3x3 of 4 channels, two each: 6x6 x 72; separable adds 1x1 from 8 to 10', () => {
    expect(multiplyAdds(layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, inputShape: [8, 8, 4] }))).toEqual([36 * 72]);
    expect(multiplyAdds(layers.separableConv2d({ filters: 10, kernelSize: 3, depthMultiplier: 2, inputShape: [8, 8, 4] }))).toEqual([36 * (72 + 80)]);
  });

  test('recurrent ones: both kernels once a step of the sequence, also where the last output alone is given', () => {
    const inputShape: [number, number] = [10, 3];
    expect(multiplyAdds(layers.simpleRNN({ units: 4, inputShape }))).toEqual([10 * (12 + 16)]);
    expect(multiplyAdds(layers.gru({ units: 4, inputShape }))).toEqual([10 * 3 * (12 + 16)]);
    expect(multiplyAdds(layers.lstm({ units: 4, returnSequences: true, inputShape }))).toEqual([10 * 4 * (12 + 16)]);
    expect(multiplyAdds(layers.bidirectional({ layer: layers.lstm({ units: 4 }), inputShape }))).toEqual([2 * 10 * 4 * (12 + 16)]);
    expect(multiplyAdds(layers.timeDistributed({ layer: layers.dense({ units: 2 }), inputShape }))).toEqual([10 * 6]);
  });

  test('convLstm2d over 5 images of 4x4x1 with 2 filters of 2x2: 5 x 9 positions x 4 x (8 + 16)', () => {
    // The image of 4 x 4 becomes 3 x 3; the kernel has 2x2x1x8 entries, the recurrent one 2x2x2x8.
    expect(multiplyAdds(layers.convLstm2d({ filters: 2, kernelSize: 2, inputShape: [5, 4, 4, 1] }) as never)).toEqual([5 * 9 * (32 + 64)]);
  });

  test('what looks up, moves or works entry by entry costs none, and a free dimension is not known', () => {
    expect(multiplyAdds(layers.embedding({ inputDim: 9, outputDim: 2, inputLength: 4 }), layers.flatten(), layers.dropout({ rate: 0.1 }), layers.batchNormalization(), layers.activation({ activation: 'relu' }))).toEqual([0, 0, 0, 0, 0]);
    expect(multiplyAdds(layers.gru({ units: 4, inputShape: [null, 3] }))).toEqual([null]);
  });

  test('a layer that is not known makes the whole unknown', () => {
    class Mine extends layers.Layer {
      static className = 'Mine';
      override call(given: tf.Tensor | tf.Tensor[]): tf.Tensor {
        return tf.relu(Array.isArray(given) ? given[0]! : given);
      }
    }
    const { multiplyAdds: macs, layers: of } = summaryOf(sequential({ layers: [layers.dense({ units: 2, inputShape: [2] }), new Mine({})] }));
    expect([macs, of.map((each) => each.multiplyAdds)]).toEqual([null, [4, null]]);
  });

  test('a model within the model is that of its layers', () => {
    const inner = sequential({ layers: [layers.dense({ units: 6, inputShape: [3] }), layers.dense({ units: 2 })] });
    const { layers: of, parameters } = summaryOf(sequential({ layers: [layers.dense({ units: 3, inputShape: [5] }), inner] }));
    expect([of.map((each) => each.multiplyAdds), parameters]).toEqual([[15, 30], 18 + 24 + 14]);
  });

  test('all these agree with counting each product of a straightforward convolution', () => {
    // Counted by loops over output, kernel and channels, of conv2d with stride 2 and valid padding.
    let products = 0;
    for (let y = 0; y + 3 <= 9; y += 2) for (let x = 0; x + 3 <= 7; x += 2) for (let k = 0; k < 9; k += 1) for (let from = 0; from < 2; from += 1) for (let to = 0; to < 5; to += 1) products += 1;
    expect(multiplyAdds(layers.conv2d({ filters: 5, kernelSize: 3, strides: 2, inputShape: [9, 7, 2] }))).toEqual([products]);
  });
});

describe('the table', () => {
  const printed = async (print: boolean | 'auto'): Promise<string> => {
    const write = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
    try {
      await heard({}, print);
      return write.mock.calls.map(([text]) => String(text)).join('');
    } finally {
      write.mockRestore();
    }
  };

  test('goes to stderr when it is asked for, and by itself in a terminal alone', async () => {
    expect(await printed(true)).toMatch(/layer +class +output +parameters +trainable +multiply-adds/);
    expect(await printed(false)).toBe('');
    const { isTTY } = process.stderr;
    try {
      process.stderr.isTTY = false;
      expect(await printed('auto')).toBe('');
      process.stderr.isTTY = true;
      expect(await printed('auto')).toMatch(/58 of them trainable/);
    } finally {
      process.stderr.isTTY = isTTY;
    }
  });

  test('reads as it is meant to', () => {
    const model = sequential({ layers: [layers.dense({ units: 1000, inputShape: [1000], name: 'wide' }), layers.dense({ units: 10, name: 'out' })] });
    // 1,001,000 + 10,010 parameters of 4 bytes: 3.86 MiB.
    expect(printSummary(summaryOf(model)).split('\n').map((line) => line.trimEnd())).toEqual([
      'layer  class  output        parameters  trainable  multiply-adds',
      'wide   Dense  [null, 1000]   1,001,000  1,001,000      1,000,000',
      'out    Dense  [null, 10]        10,010     10,010         10,000',
      '',
      'parameters     1,011,010, 1,011,010 of them trainable',
      'memory         weights 3.86 MiB, gradients 3.86 MiB, optimizer 7.71 MiB',
      'forward pass   1,010,000 multiply-adds a sample',
      '',
    ]);
  });

  test('of a model written by hand lists its weights', () => {
    const info = { name: 'w', shape: [3, 4], size: 12, role: 'other', layer: undefined, trainable: false } as const;
    expect(printSummary(summarize({ forward: () => null }, [info], new Map([['w', 'float32']]), { name: 'sgd' }))).toMatch(/^w +\[3, 4\] +float32 +12 +no *$/m);
  });
});

test('no tensor is left', async () => {
  const model = smallClassifier();
  const fit = async (): Promise<void> => {
    const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', progress: false, plugins: [modelSummary({ print: false })] });
    await trainer.fit(clouds(16), { epochs: 1 });
    await trainer.dispose();
  };
  expect(await tensorsLeftBy(fit)).toBe(0);
  model.dispose();
});
