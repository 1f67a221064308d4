import * as tf from '@tensorflow/tfjs-core';
import { activate, fusesSafely } from './activation.js';
import { convolutionShape, explicitPadding } from './convolution-shape.js';
import { compose, input, zeros, type TrainingKernel } from './training-kernel.js';

/**
 * The forward convolutions, through XNNPACK as before, with its traps closed: sizes that it would write past are
 * refused, 'same' padding is spelt out (a [5, 1] filter with stride 3 on [8, 5] gave zeros), an empty batch gives an
 * empty output, and the fused relu keeps NaN. Temporaries: none of ours, but under a fused relu the result before it.
 */
function guarded(name: string, depthwise: boolean): TrainingKernel {
  return {
    name,
    make: (stock) => (call) => {
      const { inputs, attrs, backend } = call;
      const x = input(call, 'x');
      const filter = input(call, 'filter');
      const info = convolutionShape({ kernel: name, input: x.shape, filter: filter.shape, attrs, depthwise });
      if (info.outShape.includes(0) || info.inChannels === 0 || (x.shape.includes(0) && inputs['bias'] === undefined)) return zeros(backend, info.outShape);
      const activation = attrs['activation'];
      const plain = activation === undefined || fusesSafely(activation);
      return compose(backend, (run) => {
        const bounded = { ...attrs, pad: info.padInfo.type === 'SAME' ? explicitPadding(info) : (attrs['pad'] ?? 'valid') };
        if (plain) return run(stock, inputs, bounded);
        const linear = run(stock, inputs, { ...bounded, activation: 'linear' });
        return activate(run, linear, attrs, inputs['preluActivationWeights']);
      });
    },
  };
}

export const convolutions: readonly TrainingKernel[] = [
  guarded(tf.Conv2D, false),
  guarded(tf.FusedConv2D, false),
  guarded(tf.DepthwiseConv2dNative, true),
  guarded(tf.FusedDepthwiseConv2D, true),
];
