import { describe, expect, test } from 'vitest';
import { levelNumbers, type TrainscopeEvent } from '../../src/events/index.js';
import { snake, type Reading } from '../../src/sinks/reading.js';
import { RunReadings } from '../../src/sinks/run-readings.js';

const event = (name: string, data: object, about: Partial<TrainscopeEvent> = {}): TrainscopeEvent => ({
  v: 1,
  runId: 'a-run',
  seq: 1,
  time: 0,
  event: name,
  plugin: null,
  epoch: 1,
  step: 0,
  level: Object.keys(levelNumbers)[2] as 'info',
  data: data as Readonly<Record<string, unknown>>,
  ...about,
});
const step = (at: number, samples: number, time: number, loss = 0.5): TrainscopeEvent => event('step', { loss, metrics: { 'F1 score': 0.25 }, learningRate: 0.1, batchSize: 4, samples, updated: true }, { step: at, time });
const start = event('run-start', { versions: {}, backend: { name: 'cpu' }, model: { parameters: 58 } });
const resume = (at: number): TrainscopeEvent => event('resume', { checkpoint: 'c', versions: {} }, { step: at });
const epochEnd = (at: number, samples: number): TrainscopeEvent => event('epoch-end', { epochs: 2, metrics: { loss: 1 }, validation: null, learningRate: 0.1, steps: 3, samples, ms: 2500 }, { step: at });

/** Sums of counters by name. */
const totals = (readings: readonly Reading[]): Record<string, number> =>
  readings.filter(({ kind, name }) => kind === 'counter' && name !== 'events').reduce<Record<string, number>>((all, { name, value }) => ({ ...all, [name]: (all[name] ?? 0) + value }), {});
const readAll = (events: readonly TrainscopeEvent[]): Reading[] => {
  const readings = new RunReadings();
  return events.flatMap((each) => readings.read(each));
};
const find = (readings: readonly Reading[], name: string): Reading | undefined => readings.findLast((each) => each.name === name);

describe('counters', () => {
  test('count the steps that are told of in tens, and those after the last that is told', () => {
    // Of 25 steps of 4 examples, steps 10 and 20 are told; the end of the epoch brings the other 5.
    expect(totals(readAll([start, step(10, 40, 1), step(20, 80, 2), epochEnd(25, 100)]))).toEqual({ steps: 25, samples: 100, epochs: 1 });
  });

  test('count what this process did when the run goes on from step 100', () => {
    // 110 - 100 steps of 4 examples; the 440 examples of the whole run are not this process's.
    expect(totals(readAll([resume(100), step(110, 440, 1)]))).toEqual({ steps: 10, samples: 40, epochs: 0 });
  });

  test('go on in a second fit of the same trainer', () => {
    const second = { ...start, step: 10 };
    expect(totals(readAll([start, step(10, 40, 1), epochEnd(10, 40), second, step(15, 60, 2)]))).toEqual({ steps: 15, samples: 60, epochs: 1 });
  });

  test('tell findings by rule and severity', () => {
    const finding = event('finding', { rule: 'dead-units', severity: 'warning' });
    expect(find(readAll([finding]), 'findings')).toMatchObject({ kind: 'counter', value: 1, labels: { rule: 'dead-units', severity: 'warning' } });
  });
});

describe('the time of a step', () => {
  test('is the mean between two step events, in seconds, as often as there were steps', () => {
    const epochStart = event('epoch-start', { epochs: 1, learningRate: 0.1 }, { time: 1000 });
    const readings = readAll([epochStart, step(10, 40, 1500), step(20, 80, 2500)]).filter(({ kind }) => kind === 'histogram');
    expect(readings.map(({ value, times }) => [value, times])).toEqual([[0.05, 10], [0.1, 10]]);
  });

  test('leaves out the step after a validation, whose time it would hold', () => {
    const validation = event('validation', { metrics: { loss: 1 }, samples: 4, ms: 900 }, { time: 2400, step: 1 });
    expect(readAll([step(1, 4, 1000), validation, step(2, 8, 2500)]).filter(({ kind }) => kind === 'histogram')).toEqual([]);
  });
});

describe('gauges', () => {
  test('give a loss that is NaN as NaN, and a metric under its name in snake_case', () => {
    const readings = readAll([step(1, 4, 0, NaN)]);
    expect(find(readings, 'loss')).toMatchObject({ value: NaN, labels: { phase: 'train' } });
    expect(find(readings, 'metric_f1_score')?.value).toBe(0.25);
  });

  test("name a plugin's numbers after the event, and its parts by what they are", () => {
    const readings = readAll([event('gradient-norm', { norm: 2, maxAbs: 'Infinity', weights: { 'a/kernel': { norm: 1, maxAbs: 0.5 } } })]);
    expect(readings.slice(1).map(({ name, labels, value }) => [name, labels, value])).toEqual([
      ['gradient_norm', {}, 2],
      ['gradient_norm_max_abs', {}, Infinity],
      ['gradient_norm_by_weight', { weight: 'a/kernel' }, 1],
      ['gradient_norm_max_abs_by_weight', { weight: 'a/kernel' }, 0.5],
    ]);
  });

  test('are in seconds and bytes', () => {
    const readings = readAll([event('checkpoint', { bytes: 2048, ms: 250 })]);
    expect(readings.slice(1).map(({ name, unit, value }) => [name, unit, value])).toEqual([
      ['checkpoint_size', 'By', 2048],
      ['checkpoint_duration', 's', 0.25],
    ]);
  });

  test('never take the name of one of the core', () => {
    const [, reading] = readAll([event('loss', { loss: 3 })]);
    expect(reading?.name).toBe('event_loss');
  });

  test('of a GPU have the names of the semantic conventions', () => {
    const gpu = { index: 0, uuid: 'GPU-1', name: 'T4', utilization: { mean: 50 }, memoryUsed: { mean: 1 }, memoryTotal: 2, power: null, temperature: { mean: 40 } };
    const readings = readAll([event('gpu-profile', { gpus: [gpu] })]).filter(({ convention }) => convention);
    expect(readings.map(({ name, unit, value }) => [name, unit, value])).toEqual([
      ['hw.gpu.utilization', '1', 0.5],
      ['hw.gpu.memory.usage', 'By', 1048576],
      ['hw.gpu.memory.limit', 'By', 2097152],
      ['hw.gpu.temperature', 'Cel', 40],
    ]);
  });
});

test.each([['maxAbs', 'max_abs'], ['gradient-norm', 'gradient_norm'], ['F1 score', 'f1_score'], ['a.b', 'a_b'], ['loss', 'loss']])('snake_case of %s is %s', (name, expected) => {
  expect(snake(name)).toBe(expected);
});
