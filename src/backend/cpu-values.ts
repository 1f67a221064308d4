import type { TensorInfo } from '@tensorflow/tfjs-core';

/** Where the cpu backend keeps its numbers. */
export interface CpuData {
  readonly data: { get(dataId: object): { readonly values: unknown } };
}

/** The array that the cpu backend keeps for a float32 tensor, not a copy of it: to be looked at within the call, and never written to. */
export function cpuValues({ data }: CpuData, { dataId }: TensorInfo): Float32Array {
  const { values } = data.get(dataId);
  return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>);
}
