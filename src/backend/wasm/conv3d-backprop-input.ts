import * as tf from '@tensorflow/tfjs-core';
import { addPlanes, planes, type Conv3D } from './planes.js';
import { compose, filled, floats, input, type TrainingKernel } from './training-kernel.js';

/**
 * The gradient of a three-dimensional convolution's input, which is also what a transposed one computes forward: for
 * each plane of the filter a two-dimensional gradient, added to the planes of the input that it meets. The stock kernel
 * divides whole numbers where the positions of a stride need rounding: zeros, or some of the gradient, at every stride
 * above 1 and at 'same' padding of an even filter. Temporaries: for one plane of the filter, the planes of dy and of the
 * result that it meets, and what Conv2DBackpropInput takes.
 * Shapes: dy [batch, depth, height, width, out], filter [depth, rows, columns, in, out], result as dy with in.
 */
export const conv3DBackpropInput: TrainingKernel = {
  name: tf.Conv3DBackpropInputV2,
  make: () => (call) => {
    const { attrs, backend } = call;
    const dy = input(call, 'dy');
    const filter = input(call, 'filter');
    const shape = attrs['inputShape'] as Conv3D[0];
    const info = tf.backend_util.computeConv3DInfo(shape, filter.shape as Conv3D[1], attrs['strides'] as Conv3D[2], 1, attrs['pad'] as Conv3D[4]);
    const { padInfo, strideDepth } = info;
    return filled(backend, shape, (out) => {
      if (dy.shape.includes(0) || shape.includes(0)) return;
      for (let tap = 0; tap < info.filterDepth; tap++) {
        const offset = tap - padInfo.front;
        const first = Math.max(0, Math.ceil(-offset / strideDepth));
        const last = Math.min(info.outDepth - 1, Math.floor((info.inDepth - 1 - offset) / strideDepth));
        if (last < first) continue;
        const count = last - first + 1;
        const part = compose(backend, (run) => {
          const plane = run(tf.Slice, { x: filter }, { begin: [tap, 0, 0, 0, 0], size: [1, ...filter.shape.slice(1)] });
          return run(tf.Conv2DBackpropInput, {
            dy: run(() => planes(backend, dy, first, count, 1), {}),
            filter: run(tf.Reshape, { x: plane }, { shape: filter.shape.slice(1) }),
          }, {
            inputShape: [info.batchSize * count, ...shape.slice(2)],
            strides: [info.strideHeight, info.strideWidth],
            pad: [[0, 0], [padInfo.top, padInfo.bottom], [padInfo.left, padInfo.right], [0, 0]],
            dataFormat: 'NHWC',
          });
        });
        addPlanes(floats(backend, part), floats(backend, out), { batch: info.batchSize, count, depth: info.inDepth, first: offset + first * strideDepth, stride: strideDepth });
        backend.disposeData(part.dataId);
      }
    });
  },
};
