import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { earlyStopping, gpuProfiler, gradientNorm } from '../../plugins/index.js';
import { memorySink, parseEventLine, Trainer } from '../../src/index.js';
import { isCoreEvent, toEventLine } from '../../src/events/index.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeAll(() => useBackend('cpu'));
afterEach(() => void vi.restoreAllMocks());

const day = 86_400_000;

/** Every duration in an event, at any depth: whatever is named ms, or ends so. */
function durationsIn(value: unknown, name = ''): readonly number[] {
  if (typeof value === 'number') return /^(ms|milliseconds)$/i.test(name) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => durationsIn(each, key));
}

describe('a clock that jumps', () => {
  it.each([
    ['back by a day', -day],
    ['forward by a day', day],
  ])('%s in the midst of a fit: 12 steps are done, no duration is negative or longer than the test, and every event is valid', async (_, jump) => {
    const now = Date.now.bind(Date);
    let offset = 0;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + offset);
    const began = performance.now();
    const sink = memorySink();
    const plugins = [gradientNorm({ every: 1 }), earlyStopping({ monitor: 'loss', patience: 50 }), gpuProfiler({ gpu: false, warmUp: 0, every: 2 })];
    const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', logEvery: 1, progress: false, plugins, sinks: [sink] });
    trainer.hook('stepEnd', (_info, { step }) => {
      if (step === 5) offset = jump;
    });
    const { reason, steps, milliseconds } = await trainer.fit(clouds(24), { batchSize: 4, epochs: 2, validation: clouds(4, 2) });
    await trainer.dispose();
    const took = performance.now() - began;
    expect([reason, steps]).toEqual(['completed', 12]);
    const durations = [milliseconds, ...sink.events.flatMap(({ data }) => durationsIn(data))];
    // Two epochs, two validations, the end of the run and the fit itself have one each, at the least.
    expect(durations.length).toBeGreaterThanOrEqual(6);
    expect(Math.min(...durations)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...durations)).toBeLessThanOrEqual(took);
    expect(sink.events.map(({ seq }) => seq)).toEqual(sink.events.map((_event, i) => i + 1));
    for (const event of sink.events) if (isCoreEvent(event)) expect(parseEventLine(toEventLine(event))).toEqual(event);
    const steady = sink.events.filter(({ event }) => event === 'step').map(({ time }) => time);
    // The time of an event is the clock's, and so it shows the jump once.
    expect(steady.filter((time, i) => i > 0 && Math.abs(time - (steady[i - 1] ?? time)) > day / 2)).toHaveLength(1);
  });
});
