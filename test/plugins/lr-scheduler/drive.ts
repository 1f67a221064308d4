import type { FitEndInfo, FitStartInfo } from '../../../src/plugin/hooks.js';
import type { PluginHarness } from '../../../src/testing/index.js';

export const fitStart = (hasValidation = true): FitStartInfo => ({ fit: 1, resumed: false, epochs: 10, stepsPerEpoch: 2, hasValidation, weights: [] });
export const fitEnd = (reason: FitEndInfo['reason'] = 'completed'): FitEndInfo => ({ reason, by: null, message: '', metrics: { loss: 1 } });

/** One step as the loop makes it. Gives the learning rate that its update used. */
export async function step(harness: PluginHarness): Promise<number> {
  harness.fields.step += 1;
  const { learningRate, stepInEpoch } = harness.fields;
  harness.fields.stepInEpoch += 1;
  await harness.call('stepEnd', { batchSize: 1, stepInEpoch, learningRate, updated: true });
  return learningRate;
}

/** Some steps of the loop, and the learning rates of their updates. */
export async function steps(harness: PluginHarness, count: number): Promise<number[]> {
  const rates: number[] = [];
  for (let i = 0; i < count; i += 1) rates.push(await step(harness));
  return rates;
}

export async function startEpoch(harness: PluginHarness): Promise<void> {
  harness.fields.epoch += 1;
  harness.fields.stepInEpoch = 0;
  await harness.call('epochStart', { epochs: 10 });
}

/** One epoch of two steps, with the metrics that it and its validation come to. Gives the learning rates of its updates. */
export async function epoch(harness: PluginHarness, metrics: Record<string, number> = {}, validation: Record<string, number> | null = null): Promise<number[]> {
  await startEpoch(harness);
  const rates = await steps(harness, 2);
  await harness.call('epochEnd', { metrics: { loss: 1, ...metrics }, validation, steps: 2, samples: 2, milliseconds: 1 });
  return rates;
}

export async function epochs(harness: PluginHarness, count: number): Promise<number[][]> {
  const rates: number[][] = [];
  for (let i = 0; i < count; i += 1) rates.push(await epoch(harness));
  return rates;
}

/** As a checkpoint holds it: through JSON. */
export const saved = (harness: PluginHarness): unknown => JSON.parse(JSON.stringify(harness.context.state));
