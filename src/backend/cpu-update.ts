import type { TensorInfo } from '@tensorflow/tfjs-core';
import { cpuValues, type CpuData } from './cpu-values.js';

/** The part of the cpu backend that a kernel uses. */
interface CpuBackend extends CpuData {
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): TensorInfo;
}

/** One pass over a weight, its gradient and its slots; `made` are the new weight and the new slots. All of one length. */
type Loop = (weight: Float32Array, gradient: Float32Array, slots: readonly Float32Array[], made: readonly Float32Array[], numbers: readonly number[]) => void;

const none = new Float32Array(0);

/** The same formulas as in wasm/optimizers.ts, each number in double precision until it is written. */
export const cpuLoops: Readonly<Record<'sgd' | 'momentum' | 'adam' | 'rmsProp', Loop>> = {
  sgd(weight, gradient, _slots, [newWeight = none], [rate = 0, kept = 1, penalty = 0]) {
    for (let i = 0; i < weight.length; i += 1) {
      const w = weight[i] ?? 0;
      newWeight[i] = w * kept - rate * ((gradient[i] ?? 0) + penalty * w);
    }
  },
  momentum(weight, gradient, [velocity = none], [newWeight = none, newVelocity = none], [rate = 0, momentum = 0, nesterov = 0, kept = 1, penalty = 0]) {
    for (let i = 0; i < weight.length; i += 1) {
      const w = weight[i] ?? 0;
      const g = (gradient[i] ?? 0) + penalty * w;
      const v = (velocity[i] ?? 0) * momentum + g;
      newVelocity[i] = v;
      newWeight[i] = w * kept - rate * (nesterov === 1 ? g + momentum * v : v);
    }
  },
  adam(weight, gradient, [first = none, second = none], [newWeight = none, newFirst = none, newSecond = none], [rate = 0, beta1 = 0, rest1 = 1, beta2 = 0, rest2 = 1, correction1 = 1, correction2 = 1, epsilon = 0, kept = 1, penalty = 0]) {
    for (let i = 0; i < weight.length; i += 1) {
      const w = weight[i] ?? 0;
      const g = (gradient[i] ?? 0) + penalty * w;
      const m = (first[i] ?? 0) * beta1 + g * rest1;
      const v = (second[i] ?? 0) * beta2 + g * g * rest2;
      newFirst[i] = m;
      newSecond[i] = v;
      newWeight[i] = w * kept - (rate * m * correction1) / (Math.sqrt(v * correction2) + epsilon);
    }
  },
  rmsProp(weight, gradient, [squares = none, moments = none], [newWeight = none, newSquares = none, newMoments = none], [rate = 0, decay = 0, rest = 1, momentum = 0, epsilon = 0, kept = 1, penalty = 0]) {
    for (let i = 0; i < weight.length; i += 1) {
      const w = weight[i] ?? 0;
      const g = (gradient[i] ?? 0) + penalty * w;
      const s = (squares[i] ?? 0) * decay + g * g * rest;
      const m = (moments[i] ?? 0) * momentum + (rate * g) / Math.sqrt(s + epsilon);
      newSquares[i] = s;
      newMoments[i] = m;
      newWeight[i] = w * kept - m;
    }
  },
};

/** One weight's update by a loop: results are new arrays, since clones of a weight share its own. */
export const cpuUpdate = (loop: Loop, backend: object, read: readonly TensorInfo[], numbers: readonly number[]): TensorInfo[] => {
  const cpu = backend as CpuBackend;
  const [weight = none, gradient = none, ...slots] = read.map((each) => cpuValues(cpu, each));
  const shape = read[0]?.shape ?? [];
  const made = Array.from({ length: 1 + slots.length }, () => new Float32Array(weight.length));
  loop(weight, gradient, slots, made, numbers);
  return made.map((values) => cpu.makeTensorInfo(shape, 'float32', values));
};
