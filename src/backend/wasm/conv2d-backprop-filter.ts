import * as tf from '@tensorflow/tfjs-core';
import { imagesAtATime, patchesTransposed } from './columns.js';
import { convolutionShape } from './convolution-shape.js';
import { address, simdOf } from './simd.js';
import { compose, floats, input, filled, type TrainingKernel } from './training-kernel.js';

/**
 * The gradient of a convolution's filter: sum over output positions of patch x gradient, by the vectorised loops in
 * place (no temporaries). Without vector instructions: as one product of matrices [taps x channels, positions] x
 * [positions, out channels] for as many images as fit into the patch budget, so that temporaries stay below 16 MiB
 * and one image's patches.
 * Shapes: x [batch, height, width, in], dy [batch, out height, out width, out], result [rows, columns, in, out].
 */
export const conv2DBackpropFilter: TrainingKernel = {
  name: tf.Conv2DBackpropFilter,
  make: () => (call) => {
    const { attrs, backend } = call;
    const x = input(call, 'x');
    const dy = input(call, 'dy');
    const filterShape = attrs['filterShape'] as number[];
    const info = convolutionShape({ kernel: tf.Conv2DBackpropFilter, input: x.shape, filter: filterShape, attrs });
    return filled(backend, filterShape, (out) => {
      const simd = simdOf(backend);
      if (simd !== undefined) {
        simd.filterGradient(
          address(backend, x), address(backend, dy), address(backend, out), info.batchSize, info.inHeight, info.inWidth, info.inChannels,
          info.outHeight, info.outWidth, info.outChannels, info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth, info.padInfo.top, info.padInfo.left);
        return;
      }
      const images = imagesAtATime(info);
      const taps = info.filterHeight * info.filterWidth * info.inChannels;
      const padded = info.padInfo.top + info.padInfo.bottom + info.padInfo.left + info.padInfo.right > 0;

      for (let first = 0; first < info.batchSize; first += images) {
        const count = Math.min(images, info.batchSize - first);
        const positions = count * info.outHeight * info.outWidth;
        const part = compose(backend, (run) => {
          const columns = run(() => backend.makeOutput([taps, positions], 'float32'), {});
          const view = floats(backend, columns);
          if (padded) view.fill(0);
          patchesTransposed(floats(backend, x), view, info, first, count);
          const gradient = count === info.batchSize ? dy : run(tf.Slice, { x: dy }, { begin: [first, 0, 0, 0], size: [count, ...dy.shape.slice(1)] });
          const rows = run(tf.Reshape, { x: gradient }, { shape: [positions, info.outChannels] });
          return run(tf.BatchMatMul, { a: columns, b: rows }, { transposeA: false, transposeB: false });
        });
        const sum = floats(backend, out);
        const add = floats(backend, part);
        for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] as number) + (add[at] as number);
        backend.disposeData(part.dataId);
      }
    });
  },
};
