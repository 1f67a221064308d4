import * as tf from '@tensorflow/tfjs-core';
import { mayHoldNan } from './keep-nan.js';
import { comesToSize, paddingAfter, pooledShape, windows2D } from './pool-shape.js';
import { maxima, means, type Windows } from './pool-windows.js';
import { filled, floats, input, type TrainingKernel } from './training-kernel.js';

/** XNNPACK refuses a window of one position, and the stock kernel then leaves its output as it found it. */
const isRight = ({ batch, channels, height, width }: Windows): boolean =>
  batch > 0 && channels > 0 && height.window * width.window > 1 && comesToSize(height) && comesToSize(width);

function guarded(name: string, loop: (values: Float32Array, out: Float32Array, windows: Windows) => void): TrainingKernel {
  return {
    name,
    make: (stock) => (call) => {
      const { backend } = call;
      const x = input(call, 'x');
      // TensorFlow.js refuses a mean of other types, the stock kernel a maximum.
      if (x.dtype !== 'float32') return stock(call);
      const windows = windows2D(x, call);
      const shape = pooledShape(windows);
      if (shape.includes(0)) return backend.makeOutput(shape, 'float32');
      const { height, width } = windows;
      if (isRight(windows) && !mayHoldNan(backend, x)) {
        const pad = [[0, 0], [height.padding, paddingAfter(height)], [width.padding, paddingAfter(width)], [0, 0]];
        return stock({ ...call, attrs: { filterSize: [height.window, width.window], strides: [height.stride, width.stride], pad } });
      }
      return filled(backend, shape, (out) => { loop(floats(backend, x), floats(backend, out), windows); });
    },
  };
}

/**
 * Pooling in two dimensions: through XNNPACK where it comes to the right size, else by a plain loop, some ten times as
 * slow. The stock kernels write outside of their output where a padding is given as a number or sizes are rounded up,
 * and lose a NaN: a maximum of it is -Infinity, and 0 behind a relu. No temporaries.
 * Shapes: [batch, height, width, channels], result [batch, out height, out width, channels]; float32.
 */
export const pools: readonly TrainingKernel[] = [guarded(tf.MaxPool, maxima), guarded(tf.AvgPool, means)];
