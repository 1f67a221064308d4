import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, NamedTensorMap } from '@tensorflow/tfjs-core';

type Conv3D = Parameters<typeof tf.conv3d>;

/**
 * The gradient of a transposed convolution in three dimensions, which TensorFlow.js 4.22 has on no backend: the layer
 * conv3dTranspose computes and cannot be trained. y = A(filter) dy is linear in both, and A the transpose of conv3d: the
 * gradient of dy is a convolution of y's, that of the filter the filter's gradient with the two exchanged.
 */
const config: GradConfig = {
  kernelName: tf.Conv3DBackpropInputV2,
  inputsToSave: ['dy', 'filter'],
  gradFunc: (gradient, saved, attrs) => {
    const [dy, filter] = saved as [tf.Tensor5D, tf.Tensor5D];
    const g = gradient as tf.Tensor5D;
    const { strides, pad } = attrs as { strides: Conv3D[2]; pad: Conv3D[3] };
    return {
      dy: () => tf.conv3d(g, filter, strides, pad),
      filter: () => {
        const inputs: NamedTensorMap = { x: g, dy };
        return tf.engine().runKernel(tf.Conv3DBackpropFilterV2, inputs, { strides, pad, filterShape: filter.shape }) as unknown as tf.Tensor;
      },
    };
  },
};

/** Registers it where there is none. */
export function supplyConv3DTransposeGradient(): void {
  if ((tf.getGradient(tf.Conv3DBackpropInputV2) as GradConfig | undefined) === undefined) tf.registerGradient(config);
}
