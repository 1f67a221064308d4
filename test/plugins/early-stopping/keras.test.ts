import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PluginHarness } from '../../../src/testing/index.js';
import { earlyStopping } from '../../../plugins/early-stopping.js';

interface KerasOptions {
  readonly mode: 'min' | 'max';
  readonly patience: number;
  readonly minDelta: number;
  readonly baseline: number | undefined;
  readonly startFromEpoch: number;
  readonly restoreBestWeights: boolean;
}

/**
 * What Keras' EarlyStopping does (keras/src/callbacks/early_stopping.py of Keras 3), told in our own words: the state
 * after each epoch until it stops, and the epoch whose weights the model has in the end (null: those of the last).
 */
function keras({ mode, patience, minDelta, baseline, startFromEpoch, restoreBestWeights }: KerasOptions, logs: readonly (number | undefined)[]) {
  const sign = mode === 'min' ? -1 : 1;
  const beats = (value: number, reference: number): boolean => (mode === 'min' ? value - sign * minDelta < reference : value - sign * minDelta > reference);
  let best = mode === 'min' ? Infinity : -Infinity;
  let wait = 0;
  let weightsOf: number | null = null;
  const trace: { best: number; wait: number }[] = [];
  for (const [epoch, current] of logs.entries()) {
    if (current === undefined || epoch < startFromEpoch) continue;
    if (restoreBestWeights && weightsOf === null) weightsOf = epoch;
    wait += 1;
    if (beats(current, best)) {
      best = current;
      if (restoreBestWeights) weightsOf = epoch;
      if (baseline === undefined || beats(current, baseline)) wait = 0;
      trace.push({ best, wait });
      continue;
    }
    trace.push({ best, wait });
    if (wait >= patience && epoch > 0) return { trace, stoppedAt: epoch, weightsOf };
  }
  return { trace, stoppedAt: null, weightsOf };
}

async function ours(options: KerasOptions, logs: readonly (number | undefined)[]) {
  const { baseline, ...rest } = options;
  const harness = new PluginHarness(earlyStopping({ ...rest, ...(baseline === undefined ? {} : { baseline }), monitor: 'val_x', checkFinite: false }));
  await harness.call('fitStart', { fit: 1, resumed: false, epochs: logs.length, stepsPerEpoch: 1, hasValidation: true, weights: [] });
  let stoppedAt: number | null = null;
  for (const [epoch, x] of logs.entries()) {
    harness.fields.epoch = epoch;
    await harness.call('epochEnd', { metrics: { loss: 0 }, validation: x === undefined ? null : { loss: 0, x }, steps: 1, samples: 1, milliseconds: 1 });
    if (harness.stops.length > 0) {
      stoppedAt = epoch;
      break;
    }
  }
  await harness.call('fitEnd', { reason: stoppedAt === null ? 'completed' : 'stopped', by: null, message: '', metrics: { loss: 0 } });
  const worst = options.mode === 'min' ? Infinity : -Infinity;
  const trace = harness.dataOf('early-stopping').map(({ best, wait }) => ({ best: best ?? worst, wait }));
  const restored = harness.dataOf('early-stopping-restored')[0];
  return { trace, stoppedAt, weightsOf: restored?.restored === true ? restored.epoch : null };
}

describe("earlyStopping against Keras' EarlyStopping", () => {
  // A few round numbers make ties and values exactly minDelta apart; NaN and infinities are what Keras meets unchecked.
  const value = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, -1) },
    { weight: 3, arbitrary: fc.double({ min: -3, max: 3, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
  const options = fc.record({
    mode: fc.constantFrom('min' as const, 'max' as const),
    patience: fc.integer({ min: 0, max: 5 }),
    minDelta: fc.constantFrom(0, 0.25, 0.1),
    baseline: fc.constantFrom(undefined, 0, 0.5, 1, -2),
    startFromEpoch: fc.integer({ min: 0, max: 4 }),
    restoreBestWeights: fc.boolean(),
  });

  test('best, wait, the epoch of the stop and the restored epoch are the same for random metrics and options', async () => {
    await fc.assert(
      fc.asyncProperty(options, fc.array(value, { maxLength: 25 }), async (given, logs) => {
        expect(await ours(given, logs)).toEqual(keras(given, logs));
      }),
      { numRuns: 3000, seed: 20 },
    );
  });

  const base: KerasOptions = { mode: 'min', patience: 5, minDelta: 0, baseline: 0.5, startFromEpoch: 0, restoreBestWeights: true };

  test('an unmet baseline of 0.5 ends after 5 epochs with the weights of epoch 2, the best of them', async () => {
    expect(await ours(base, [0.9, 0.8, 0.7, 0.71, 0.72, 0.73])).toMatchObject({ stoppedAt: 4, weightsOf: 2 });
  });

  test('below the baseline patience begins anew: 0.4 in epoch 4 gives five epochs more', async () => {
    expect(await ours(base, [0.9, 0.8, 0.8, 0.8, 0.4, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5])).toMatchObject({ stoppedAt: 9, weightsOf: 4 });
  });

  test('an epoch that improves does not stop, though the baseline has been out of reach for longer than the patience', async () => {
    expect(await ours({ ...base, patience: 2 }, [0.9, 0.8, 0.7, 0.6, 0.65])).toMatchObject({ stoppedAt: 4, weightsOf: 3 });
  });

  test('the first epoch never stops for lack of patience, the second does', async () => {
    expect(await ours({ ...base, patience: 0, baseline: undefined }, [NaN, NaN, 1])).toMatchObject({ stoppedAt: 1, weightsOf: 0 });
  });

  test('without a stop the best weights are restored as well', async () => {
    expect(await ours({ ...base, baseline: undefined }, [0.5, 0.3, 0.4])).toMatchObject({ stoppedAt: null, weightsOf: 1 });
  });
});
