import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { TrainscopeEvent } from 'trainscope';
import { examples } from '../../events/examples.js';

let made: layers.LayersModel | undefined;

/** One dense layer, 2 numbers to 1, whose output is called `out`. The same for all runs of a process. */
export const smallModel = (): layers.LayersModel => (made ??= smallModelAnew());

export function smallModelAnew(): layers.LayersModel {
  const input = layers.input({ shape: [2] });
  return layers.model({ inputs: input, outputs: layers.layers.dense({ units: 1, name: 'out', kernelInitializer: 'ones' }).apply(input) as layers.SymbolicTensor });
}

/** Four samples, as plain arrays: what a fit takes. */
export const smallData = { inputs: [[0, 1], [1, 0], [1, 1], [0, 0]], labels: [[1], [0], [1], [0]] };

export const stepEvent: TrainscopeEvent = { v: 1, runId: 'fuzz', seq: 1, time: 1_704_067_200_000, event: 'step', plugin: null, epoch: 1, step: 1, level: 'debug', data: examples.step };

/** Every target is told the backend, once a process. */
export async function useCpu(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
}
