import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { learningRateRange, readSweep } from '../../../../src/diagnosis/preflight/training/range-test.js';
import { learningRate } from '../../../../src/diagnosis/preflight/training/rates.js';
import { lrScheduler } from '../../../../plugins/lr-scheduler.js';
import { useBackend } from '../../../support/backends.js';
import { alarms, digitsSetup, irisSetup, look, regressionSetup, sequenceSetup } from './setups.js';

beforeAll(() => useBackend('wasm'));

describe('learning-rate', () => {
  const sound = [
    ['digits, Adam at 0.001', () => digitsSetup()],
    ['digits, SGD at 0.1', () => digitsSetup({ name: 'sgd', learningRate: 0.1 })],
    ['digits, SGD at 0.01', () => digitsSetup({ name: 'sgd', learningRate: 0.01 })],
    ['digits, Adam at 0.0001', () => digitsSetup({ name: 'adam', learningRate: 1e-4 })],
    ['irises, Adam at 0.01', () => irisSetup()],
    ['numbers, SGD at 0.01', () => regressionSetup()],
    ['sequences, Adam at 0.001', () => sequenceSetup()],
  ] as const;
  it.each(sound)('says nothing about %s', async (_, make) => {
    expect(alarms(await look(make(), [learningRate]))).toEqual([]);
  });

  const high = [
    ['Adam at 1, a thousand times its default', () => digitsSetup({ name: 'adam', learningRate: 1 })],
    ['SGD at 10, a hundred times what learns', () => digitsSetup({ name: 'sgd', learningRate: 10 })],
    ['SGD at 5, where the loss becomes NaN', () => regressionSetup({ name: 'sgd', learningRate: 5 })],
  ] as const;
  it.each(high)('finds %s, too high, and a smaller rate that learns', async (_, make) => {
    const experiment = make();
    const { findings } = await look(experiment, [learningRate]);
    expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([['learning-rate-too-high', 'error']]);
    const { suggestion, rate } = findings[0]?.evidence as { suggestion: number; rate: number };
    expect(suggestion).toBeLessThan(rate);
    const optimizer = { ...(experiment.optimizer as { name: 'sgd'; learningRate: number }), learningRate: suggestion };
    expect(alarms(await look({ ...experiment, optimizer }, [learningRate]))).toEqual([]);
  });

  const low = [
    ['Adam at 1e-7', () => digitsSetup({ name: 'adam', learningRate: 1e-7 })],
    ['SGD at 1e-6', () => regressionSetup({ name: 'sgd', learningRate: 1e-6 })],
    ['a rate of 0', () => digitsSetup({ name: 'sgd', learningRate: 0 })],
  ] as const;
  it.each(low)('finds %s too low for all of the planned steps', async (_, make) => {
    const { findings } = await look(make(), [learningRate]);
    expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([['learning-rate-too-low', 'error']]);
  });

  it('does not call 1e-5 too low where 3,000,000 steps are planned', async () => {
    const experiment = regressionSetup({ name: 'sgd', learningRate: 1e-5 });
    expect(alarms(await look({ ...experiment, fit: { epochs: 230_000 } }, [learningRate]))).toEqual([]);
  });

  it('leaves a rate that a plugin sets with an info at most', async () => {
    const experiment = regressionSetup({ name: 'sgd', learningRate: 0 });
    const seen = await look({ ...experiment, plugins: [lrScheduler({ schedule: { kind: 'constant', learningRate: 0.01 } })] }, [learningRate]);
    expect(alarms(seen)).toEqual([]);
  });
});

describe('learning-rate-range', () => {
  it('reads the range off a sweep: the fall from 2 to 1 begins at 1e-3, is steepest at 1e-2, and ends at 1e-1', () => {
    const rates = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1];
    expect(readSweep(rates, [2, 2, 1.9, 1.2, 1, 5])).toEqual({ min: 1e-3, max: 1e-1, suggestion: 1e-2 });
  });

  it('has no range where the loss stays within 10%', () => {
    expect(readSweep([1e-3, 1e-2, 1e-1], [2, 1.98, 2.01])).toEqual({ min: undefined, max: undefined, suggestion: undefined });
  });

  it('measures rates that grow from 1e-6 and leaves weights and tensors as they were', async () => {
    const before = tf.memory().numTensors;
    const { results, findings } = await look(regressionSetup(), [learningRateRange]);
    const measured = results[0]?.measured as { rates: number[]; losses: number[]; min: number; max: number };
    expect(measured.rates[0]).toBeCloseTo(1e-6, 12);
    expect(measured.rates).toEqual(measured.rates.toSorted((a, b) => a - b));
    expect(measured.losses).toHaveLength(measured.rates.length);
    expect(measured.min).toBeLessThan(measured.max);
    expect(findings).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('mentions a rate far outside of the range', async () => {
    const { findings } = await look(digitsSetup({ name: 'sgd', learningRate: 1000 }), [learningRateRange]);
    expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([['learning-rate-range', 'info']]);
  });
});
