import * as tf from '@tensorflow/tfjs-core';
import { floats, input, filled, type TrainingKernel } from './training-kernel.js';

type Pool = Parameters<typeof tf.backend_util.computePool2DInfo>;

/**
 * The gradient of max pooling: each output's gradient goes to the first maximum of its window, as on the cpu backend.
 * The stock kernel visits every window of every input pixel (6.5 ms for [64, 26, 26, 8] by 2x2); this visits each
 * window once. Shapes: input [batch, height, width, channels], dy the pooled shape.
 */
export const maxPoolGrad: TrainingKernel = {
  name: tf.MaxPoolGrad,
  make: () => (call) => {
    const { attrs, backend } = call;
    const x = input(call, 'input');
    const info = tf.backend_util.computePool2DInfo(
      x.shape as Pool[0], attrs['filterSize'] as Pool[1], attrs['strides'] as Pool[2], 1, attrs['pad'] as Pool[4], attrs['dimRoundingMode'] as Pool[5]);
    return filled(backend, x.shape, (out) => {
      const dx = floats(backend, out);
      const values = floats(backend, x);
      const gradients = floats(backend, input(call, 'dy'));
      const { inHeight, inWidth, inChannels, outHeight, outWidth } = info;

      for (let image = 0; image < info.batchSize; image++) {
        for (let y = 0; y < outHeight; y++) {
          const top = y * info.strideHeight - info.padInfo.top;
          const rowFrom = Math.max(0, top);
          const rowTo = Math.min(inHeight, top + info.effectiveFilterHeight);
          for (let column = 0; column < outWidth; column++) {
            const left = column * info.strideWidth - info.padInfo.left;
            const from = Math.max(0, left);
            const to = Math.min(inWidth, left + info.effectiveFilterWidth);
            const position = ((image * outHeight + y) * outWidth + column) * inChannels;
            for (let channel = 0; channel < inChannels; channel++) {
              let largest = -Infinity;
              let where = -1;
              for (let row = rowFrom; row < rowTo; row++) {
                const line = (image * inHeight + row) * inWidth;
                for (let at = (line + from) * inChannels + channel, end = (line + to) * inChannels; at < end; at += inChannels) {
                  const value = values[at] ?? 0;
                  if (value > largest) {
                    largest = value;
                    where = at;
                  }
                }
              }
              // A window of NaN alone has no maximum, and passes no gradient.
              if (where >= 0) dx[where] = (dx[where] ?? 0) + (gradients[position + channel] ?? 0);
            }
          }
        }
      }
    });
  },
};
