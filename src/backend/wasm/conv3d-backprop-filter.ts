import * as tf from '@tensorflow/tfjs-core';
import { planes, type Conv3D } from './planes.js';
import { compose, filled, floats, input, type TrainingKernel } from './training-kernel.js';

/**
 * The gradient of a three-dimensional filter: for each of its planes a two-dimensional one, over the planes of the
 * input that it meets. The stock kernel divides whole numbers where the last position of a stride needs rounding up,
 * and leaves positions out: wrong by 5 % at stride 2 with 'same' padding. Temporaries: the planes that one tap meets,
 * of x and of dy: at most as large as both.
 * Shapes: x [batch, depth, height, width, in], dy likewise with out, result [depth, rows, columns, in, out].
 */
export const conv3DBackpropFilter: TrainingKernel = {
  name: tf.Conv3DBackpropFilterV2,
  make: () => (call) => {
    const { attrs, backend } = call;
    const x = input(call, 'x');
    const dy = input(call, 'dy');
    const filterShape = attrs['filterShape'] as [number, number, number, number, number];
    const info = tf.backend_util.computeConv3DInfo(x.shape as Conv3D[0], filterShape, attrs['strides'] as Conv3D[2], 1, attrs['pad'] as Conv3D[4]);
    const { padInfo, strideDepth } = info;
    const planeShape = filterShape.slice(1);
    const size = tf.util.sizeFromShape(planeShape);
    return filled(backend, filterShape, (out) => {
      if (dy.shape.includes(0)) return;
      for (let tap = 0; tap < info.filterDepth; tap++) {
        const offset = tap - padInfo.front;
        const first = Math.max(0, Math.ceil(-offset / strideDepth));
        const last = Math.min(info.outDepth - 1, Math.floor((info.inDepth - 1 - offset) / strideDepth));
        if (last < first) continue;
        const count = last - first + 1;
        const plane = compose(backend, (run) =>
          run(tf.Conv2DBackpropFilter, {
            x: run(() => planes(backend, x, offset + first * strideDepth, count, strideDepth), {}),
            dy: run(() => planes(backend, dy, first, count, 1), {}),
          }, {
            filterShape: planeShape,
            strides: [info.strideHeight, info.strideWidth],
            pad: [[0, 0], [padInfo.top, padInfo.bottom], [padInfo.left, padInfo.right], [0, 0]],
            dataFormat: 'NHWC',
          }));
        floats(backend, out).set(floats(backend, plane), tap * size);
        backend.disposeData(plane.dataId);
      }
    });
  },
};
