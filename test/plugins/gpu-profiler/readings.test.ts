import { describe, expect, it } from 'vitest';
import { addSample, reportGpus, type GpuTotals } from '../../../plugins/gpu-profiler/gpu-totals.js';
import { addPercentage, addToExtent, emptyExtent, emptyPercentages, summarizeExtent, summarizePercentages } from '../../../plugins/gpu-profiler/readings.js';
import { Ring } from '../../../plugins/gpu-profiler/ring.js';
import { parseLine } from '../../../plugins/gpu-profiler/sample-line.js';
import { smiLine } from './stand-in.js';

describe('percentages', () => {
  it('1 to 100 have mean 50.5, p5 5 and p95 95 by nearest rank', () => {
    const of = emptyPercentages();
    for (let value = 100; value >= 1; value -= 1) addPercentage(of, value);
    expect(summarizePercentages(of)).toEqual({ mean: 50.5, p5: 5, p95: 95, max: 100 });
  });

  it('19 times 0 and once 100 have p95 0 and max 100; a second 100 makes p95 100', () => {
    const of = emptyPercentages();
    for (let i = 0; i < 19; i += 1) addPercentage(of, 0);
    addPercentage(of, 100);
    expect(summarizePercentages(of)).toEqual({ mean: 5, p5: 0, p95: 0, max: 100 });
    addPercentage(of, 100);
    expect(summarizePercentages(of)).toMatchObject({ p95: 100, max: 100 });
  });

  it('without a reading have no summary, and null is no reading', () => {
    const of = emptyPercentages();
    addPercentage(of, null);
    expect(summarizePercentages(of)).toBeNull();
  });
});

it('3, null and 6 have mean 4.5 and max 6', () => {
  const of = emptyExtent();
  for (const value of [3, null, 6]) addToExtent(of, value);
  expect(summarizeExtent(of)).toEqual({ mean: 4.5, max: 6 });
  expect(summarizeExtent(emptyExtent())).toBeNull();
});

it('a ring of 3 that got 5 values gives the last 3 in order and says that 2 are forgotten', () => {
  const ring = new Ring<number>(3);
  for (const value of [1, 2, 3, 4, 5]) ring.push(value);
  expect(ring.size).toBe(3);
  expect(ring.drain()).toEqual({ values: [3, 4, 5], forgotten: 2 });
  expect(ring.drain()).toEqual({ values: [], forgotten: 0 });
});

it('readings add up by GPU; those of a validation count for memory, power and heat alone', () => {
  const gpus: Record<string, GpuTotals> = {};
  const add = (line: string, training: boolean): void => {
    const parsed = parseLine(line);
    if (parsed.kind === 'sample') addSample(gpus, parsed.sample, training);
  };
  add(smiLine({ index: 1, utilization: 10, used: 100, power: 50 }), true);
  add(smiLine({ index: 0, utilization: 90, used: 500, power: 200 }), true);
  add(smiLine({ index: 0, utilization: 70, used: 700, power: '[N/A]' }), true);
  add(smiLine({ index: 0, utilization: 0, used: 900, power: 100 }), false);
  const [first, second] = reportGpus(gpus);
  expect(first).toMatchObject({ index: 0, uuid: 'GPU-0', utilization: { mean: 80, p5: 70, p95: 90, max: 90 }, memoryUsed: { mean: 700, max: 900 }, power: { mean: 150, max: 200 } });
  expect(second).toMatchObject({ index: 1, uuid: 'GPU-1', utilization: { mean: 10, p5: 10, p95: 10, max: 10 }, memoryUsed: { mean: 100, max: 100 } });
});
