import * as tf from '@tensorflow/tfjs-core';
import type { KernelFunc } from '@tensorflow/tfjs-core';
import { BackendError } from '../../errors.js';
import { supplyConv3DTransposeGradient } from '../conv3d-transpose-gradient.js';
import { withIntegers } from './as-floats.js';
import { batchMatMul } from './batch-mat-mul.js';
import { cast } from './cast.js';
import { conv2DBackpropFilter } from './conv2d-backprop-filter.js';
import { conv2DBackpropInput } from './conv2d-backprop-input.js';
import { conv3DBackpropFilter } from './conv3d-backprop-filter.js';
import { conv3DBackpropInput } from './conv3d-backprop-input.js';
import { convolutions } from './convolution.js';
import { depthwiseBackpropFilter, depthwiseBackpropInput } from './depthwise-backprop.js';
import { einsum } from './einsum.js';
import { gather } from './gather.js';
import { identity } from './identity.js';
import { extremes } from './extremes.js';
import { fusedMatMul } from './fused-mat-mul.js';
import { keepNan } from './keep-nan.js';
import { maxPool3D } from './max-pool-3d.js';
import { maxPool3DGrad, maxPoolGrad } from './max-pool-grad.js';
import { pools } from './pool.js';
import { prelu } from './prelu.js';
import { reductions } from './reductions.js';
import { rowOperations } from './row-operations.js';
import { addTileGradient, tile } from './tile.js';
import { fromKernelFunc, toKernelFunc, type Kernel, type TrainingKernel } from './training-kernel.js';
import { unsortedSegmentSum } from './unsorted-segment-sum.js';
import { registerUpdates } from '../update.js';

const trainingKernels: readonly TrainingKernel[] = [
  batchMatMul,
  cast,
  conv2DBackpropFilter,
  conv2DBackpropInput,
  conv3DBackpropFilter,
  conv3DBackpropInput,
  ...convolutions,
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
  einsum,
  ...extremes,
  fusedMatMul,
  gather,
  identity,
  ...keepNan,
  maxPool3D,
  maxPool3DGrad,
  maxPoolGrad,
  ...pools,
  prelu,
  ...reductions,
  ...rowOperations,
  tile,
  unsortedSegmentSum,
  ...withIntegers,
];

/** Functions that are ours, so that a second call does not put them in front of themselves. */
const ours = new WeakSet<KernelFunc>();

const missing = (name: string): Kernel => () => {
  throw new BackendError('BACKEND_KERNEL', { found: `the wasm backend has no stock kernel ${name} to fall back on` });
};

/**
 * Registers what the wasm backend of TensorFlow.js 4.22 lacks for training, and puts corrected or faster kernels in
 * front of some that it has. Idempotent; takes effect for the whole process, whether or not the backend is set up
 * already. Throws BackendError BACKEND_KERNEL when @tensorflow/tfjs-backend-wasm has not been imported.
 */
export function registerTrainingKernels(): void {
  if (tf.getKernelsForBackend('wasm').length === 0) {
    throw new BackendError('BACKEND_KERNEL', {
      found: 'no wasm kernels are registered',
      expected: 'training kernels are composed of them',
      remedy: 'Import @tensorflow/tfjs-backend-wasm first, or use chooseBackend().',
    });
  }
  for (const { name, make } of trainingKernels) {
    const stock = tf.getKernel(name, 'wasm') as tf.KernelConfig | undefined;
    if (stock !== undefined && ours.has(stock.kernelFunc)) continue;
    const kernelFunc = toKernelFunc(make(stock === undefined ? missing(name) : fromKernelFunc(name, stock.kernelFunc)));
    ours.add(kernelFunc);
    // Unregistering first avoids a warning; setup and dispose stay with the name, for a backend that is set up later.
    if (stock !== undefined) tf.unregisterKernel(name, 'wasm');
    tf.registerKernel({
      kernelName: name,
      backendName: 'wasm',
      kernelFunc,
      ...(stock?.setupFunc === undefined ? {} : { setupFunc: stock.setupFunc }),
      ...(stock?.disposeFunc === undefined ? {} : { disposeFunc: stock.disposeFunc }),
    });
  }
  supplyConv3DTransposeGradient();
  registerUpdates();
  addTileGradient();
}
