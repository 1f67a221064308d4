import os from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

/** Where the process's clocks stood. */
export interface HostMark {
  /** ms. */
  readonly wall: number;
  /** ms of all threads, user and system. */
  readonly cpu: number;
}

export function markHost(): HostMark {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now(), cpu: (user + system) / 1000 };
}

/** A value that is looked at anew when it is older than so many ms: what asks more often gets the last one. */
function seldom<T>(ms: number, look: () => T): () => T {
  let [value, at]: [T | undefined, number] = [undefined, -Infinity];
  return () => {
    const now = performance.now();
    if (value === undefined || now - at >= ms) [value, at] = [look(), now];
    return value;
  };
}

/** Cores that this process may use (a container's limit or an affinity mask included). */
export const availableCores = seldom(1000, (): number => os.availableParallelism());

/**
 * Runnable tasks of the whole machine a core, over the last minute: above 1 they wait for each other. Null on Windows, which has
 * none. Linux computes it every 5 s.
 */
export const loadPerCore = seldom(1000, (): number | null => (process.platform === 'win32' ? null : (os.loadavg()[0] ?? 0) / availableCores()));

/** It costs some 20 us. Ten times a second is as often as a curve shows. */
const memoryUsage = seldom(100, () => process.memoryUsage());

/** Memory at one moment, with the highest that was seen; all in bytes. */
export const memoryReport = z.strictObject({
  rss: z.number().min(0).describe('bytes of the process in RAM'),
  peakRss: z.number().min(0).describe('bytes, highest seen (looked at once a second)'),
  heapUsed: z.number().min(0).describe("bytes of JavaScript objects; TensorFlow.js' data is not among them"),
  heapTotal: z.number().min(0).describe('bytes'),
  external: z.number().min(0).describe('bytes outside the heap that objects hold: array buffers, and so tensors of the cpu backend'),
  tensorBytes: z.number().min(0).describe('bytes of all live tensors'),
  peakTensorBytes: z.number().min(0).describe('bytes, highest at the end of a step'),
  tensors: z.int().min(0).describe('live tensors'),
});
export type MemoryReport = z.output<typeof memoryReport>;

export function readMemory(peak: { readonly rss: number; readonly tensorBytes: number }): MemoryReport {
  const { rss, heapUsed, heapTotal, external } = memoryUsage();
  const { numBytes, numTensors } = tf.memory();
  return {
    rss,
    peakRss: Math.max(peak.rss, rss),
    heapUsed,
    heapTotal,
    external,
    tensorBytes: numBytes,
    peakTensorBytes: Math.max(peak.tensorBytes, numBytes),
    tensors: numTensors,
  };
}
