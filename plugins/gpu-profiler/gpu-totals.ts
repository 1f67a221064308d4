import { z } from 'zod';
import { addPercentage, addToExtent, emptyExtent, emptyPercentages, extent, percentages, summarizeExtent, summarizePercentages } from './readings.js';
import type { GpuSample } from './sample-line.js';

/** What one GPU did in a span of the training. */
export const gpuTotals = z.strictObject({
  index: z.int(),
  name: z.string(),
  mig: z.boolean(),
  memoryTotal: z.number().nullable(),
  unreadable: z.string().nullable(),
  utilization: percentages,
  memoryUtilization: percentages,
  memoryUsed: extent,
  power: extent,
  temperature: extent,
  smClock: extent,
});
export type GpuTotals = z.output<typeof gpuTotals>;

const startTotals = ({ index, name, mig, memoryTotal, unreadable }: GpuSample): GpuTotals => ({
  index,
  name,
  mig,
  memoryTotal,
  unreadable,
  utilization: emptyPercentages(),
  memoryUtilization: emptyPercentages(),
  memoryUsed: emptyExtent(),
  power: emptyExtent(),
  temperature: emptyExtent(),
  smClock: emptyExtent(),
});

/**
 * Adds a reading to its GPU. `training` is false for one that fell into a validation: memory, power and heat count
 * at all times, but how busy the training keeps the GPU does not show there.
 */
export function addSample(gpus: Record<string, GpuTotals>, sample: GpuSample, training: boolean): void {
  const totals = (gpus[sample.uuid] ??= startTotals(sample));
  totals.mig = sample.mig;
  totals.memoryTotal = sample.memoryTotal ?? totals.memoryTotal;
  totals.unreadable = sample.unreadable ?? totals.unreadable;
  if (training) {
    addPercentage(totals.utilization, sample.utilization);
    addPercentage(totals.memoryUtilization, sample.memoryUtilization);
  }
  addToExtent(totals.memoryUsed, sample.memoryUsed);
  addToExtent(totals.power, sample.power);
  addToExtent(totals.temperature, sample.temperature);
  addToExtent(totals.smClock, sample.smClock);
}

const percentSummary = z.strictObject({ mean: z.number(), p5: z.number(), p95: z.number(), max: z.number() }).nullable();
const extentSummary = z.strictObject({ mean: z.number(), max: z.number() }).nullable();

/** One GPU as the event tells it; null where nvidia-smi gave no value. */
export const gpuReport = z.strictObject({
  index: z.int().min(0).describe('as nvidia-smi counts: by PCI bus'),
  uuid: z.string(),
  name: z.string(),
  mig: z.boolean().describe('split into instances (MIG), for which the driver gives no utilization'),
  unreadable: z.string().nullable().describe('what nvidia-smi printed in place of a utilization'),
  utilization: percentSummary.describe('percent of the time in which a kernel ran; validation left out'),
  memoryUtilization: percentSummary.describe('percent of the time in which device memory was read or written; validation left out'),
  memoryUsed: extentSummary.describe('MiB, by all processes'),
  memoryTotal: z.number().nullable().describe('MiB'),
  power: extentSummary.describe('W'),
  temperature: extentSummary.describe('degrees Celsius'),
  smClock: extentSummary.describe('MHz'),
});
export type GpuReport = z.output<typeof gpuReport>;

/** In the order of their indices. */
export const reportGpus = (gpus: Readonly<Record<string, GpuTotals>>): GpuReport[] =>
  Object.entries(gpus)
    .map(([uuid, { index, name, mig, unreadable, memoryTotal, utilization, memoryUtilization, memoryUsed, power, temperature, smClock }]) => ({
      index,
      uuid,
      name,
      mig,
      unreadable,
      utilization: summarizePercentages(utilization),
      memoryUtilization: summarizePercentages(memoryUtilization),
      memoryUsed: summarizeExtent(memoryUsed),
      memoryTotal,
      power: summarizeExtent(power),
      temperature: summarizeExtent(temperature),
      smClock: summarizeExtent(smClock),
    }))
    .sort((a, b) => a.index - b.index);
