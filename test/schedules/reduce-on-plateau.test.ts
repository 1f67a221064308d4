import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import type { reduceOnPlateauOptions} from '../../src/schedules/index.js';
import { plateauState, reduceOnPlateau, type PlateauState, type ReduceOnPlateauOptions } from '../../src/schedules/index.js';

/** The learning rate after each metric. */
function rates(options: ReduceOnPlateauOptions, metrics: readonly number[]): number[] {
  const { initial, reduce } = reduceOnPlateau(options);
  let state = initial;
  return metrics.map((metric) => {
    const next = reduce(state, metric);
    state = next.state;
    expect(next.learningRate).toBe(state.learningRate);
    return next.learningRate;
  });
}

/** ReduceLROnPlateau as PyTorch keeps it: fields that each step changes, and a best that starts at plus or minus infinity. */
class TorchPlateau {
  lr: number;
  best: number;
  numBadEpochs = 0;
  cooldownCounter = 0;
  constructor(readonly options: z.output<typeof reduceOnPlateauOptions>) {
    this.lr = options.learningRate;
    this.best = options.mode === 'min' ? Infinity : -Infinity;
  }
  step(metric: number): number {
    const { mode, threshold, thresholdMode, patience, cooldown, factor, minLr, eps } = this.options;
    const sign = mode === 'min' ? -1 : 1;
    const bound = thresholdMode === 'rel' ? this.best * (1 + sign * threshold) : this.best + sign * threshold;
    if (mode === 'min' ? metric < bound : metric > bound) {
      this.best = metric;
      this.numBadEpochs = 0;
    } else {
      this.numBadEpochs += 1;
    }
    if (this.cooldownCounter > 0) {
      this.cooldownCounter -= 1;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > patience) {
      const lower = Math.max(this.lr * factor, minLr);
      if (this.lr - lower > eps) this.lr = lower;
      this.cooldownCounter = cooldown;
      this.numBadEpochs = 0;
    }
    return this.lr;
  }
}

describe('by hand', () => {
  test('a patience of 2 bears two bad losses and reduces at the third, and again three later', () => {
    expect(rates({ learningRate: 1, factor: 0.5, patience: 2 }, [1, 1, 1, 1, 1, 1, 1])).toEqual([1, 1, 1, 0.5, 0.5, 0.5, 0.25]);
  });

  test('a better loss starts the count again', () => {
    expect(rates({ learningRate: 1, factor: 0.5, patience: 1 }, [3, 3, 2, 2, 1, 1, 1])).toEqual([1, 1, 1, 1, 1, 1, 0.5]);
  });

  test('an accuracy that rises is better with mode max, and one that falls is not', () => {
    expect(rates({ learningRate: 1, factor: 0.5, patience: 0, mode: 'max' }, [0.5, 0.6, 0.7, 0.6])).toEqual([1, 1, 1, 0.5]);
  });

  test('a fall from 1 to 0.95 is no improvement with a threshold of 0.1, and one to 0.89 is', () => {
    expect(rates({ learningRate: 1, factor: 0.5, patience: 0, threshold: 0.1 }, [1, 0.95])).toEqual([1, 0.5]);
    expect(rates({ learningRate: 1, factor: 0.5, patience: 0, threshold: 0.1 }, [1, 0.89])).toEqual([1, 1]);
  });

  test('an absolute threshold of 0.5 asks for a fall from 10 below 9.5, a relative one below 5', () => {
    expect(rates({ learningRate: 1, factor: 0.5, patience: 0, threshold: 0.5, thresholdMode: 'abs' }, [10, 9])).toEqual([1, 1]);
    expect(rates({ learningRate: 1, factor: 0.5, patience: 0, threshold: 0.5, thresholdMode: 'rel' }, [10, 9])).toEqual([1, 0.5]);
  });

  test('a cooldown of 2 lets two bad losses pass after a reduction', () => {
    expect(rates({ learningRate: 1, factor: 0.5, patience: 0, cooldown: 2 }, [1, 1, 1, 1, 1, 1, 1])).toEqual([1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
  });

  test('the rate ends at minLr', () => {
    expect(rates({ learningRate: 1, factor: 0.5, patience: 0, minLr: 0.3 }, [1, 1, 1, 1])).toEqual([1, 0.5, 0.3, 0.3]);
  });

  test('a reduction by no more than eps is not made: of 0.3 and then 0.15 with an eps of 0.2, the first alone', () => {
    expect(rates({ learningRate: 0.6, factor: 0.5, patience: 0, eps: 0.2 }, [1, 1, 1])).toEqual([0.6, 0.3, 0.3]);
    expect(rates({ learningRate: 1, factor: 0.5, patience: 0, eps: 0.5 }, [1, 1])).toEqual([1, 1]);
  });

  test('the defaults are those of PyTorch: after the first of twelve equal losses, eleven bad ones, and a tenth of the rate', () => {
    const twelve = rates({ learningRate: 1 }, new Array<number>(12).fill(1));
    expect(twelve.slice(0, 11)).toEqual(new Array<number>(11).fill(1));
    expect(twelve[11]).toBe(0.1);
  });
});

test('a NaN is a bad loss, also as the first; an infinite one too', () => {
  expect(rates({ learningRate: 1, factor: 0.5, patience: 1 }, [NaN, NaN, 5, 5, Infinity])).toEqual([1, 0.5, 0.5, 0.5, 0.25]);
  const { initial, reduce } = reduceOnPlateau({ learningRate: 1, patience: 1 });
  expect(reduce(initial, -Infinity).state).toEqual({ learningRate: 1, best: null, badCount: 1, cooldownLeft: 0 });
});

test('below zero a relative threshold takes a loss for better that is worse, as in PyTorch: -0.99995 after -1', () => {
  const { initial, reduce } = reduceOnPlateau({ learningRate: 1 });
  const worse = reduce(reduce(initial, -1).state, -0.99995);
  expect(worse.state.best).toBe(-0.99995);
  const absolute = reduceOnPlateau({ learningRate: 1, thresholdMode: 'abs' });
  expect(absolute.reduce(absolute.reduce(initial, -1).state, -0.99995).state.best).toBe(-1);
});

const options = fc.record({
  learningRate: fc.double({ min: 1e-3, max: 1, noNaN: true }),
  mode: fc.constantFrom('min' as const, 'max' as const),
  factor: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
  patience: fc.nat(4),
  threshold: fc.double({ min: 0, max: 0.5, noNaN: true }),
  thresholdMode: fc.constantFrom('rel' as const, 'abs' as const),
  cooldown: fc.nat(4),
  minLr: fc.double({ min: 0, max: 1e-3, noNaN: true }),
  eps: fc.double({ min: 0, max: 1e-2, noNaN: true }),
});
const metrics = fc.array(fc.oneof(fc.double({ min: -3, max: 3 }), fc.constantFrom(1, 0, NaN)), { maxLength: 200 });

test('up to 200 metrics with any options give the rates of ReduceLROnPlateau, all finite and at least minLr', () => {
  fc.assert(
    fc.property(options, metrics, (given, found) => {
      const torch = new TorchPlateau(given);
      const here = rates(given, found);
      expect(here).toEqual(found.map((metric) => torch.step(metric)));
      for (const rate of here) expect(Number.isFinite(rate) && rate >= given.minLr).toBe(true);
    }),
  );
});

test('-0 is kept as 0, which is all that JSON knows', () => {
  const { initial, reduce } = reduceOnPlateau({ learningRate: 1 });
  expect(reduce(initial, -0).state.best).toBe(0);
});

test('the state goes through JSON after every metric and changes nothing, and the old state is left as it was', () => {
  fc.assert(
    fc.property(options, metrics, (given, found) => {
      const { initial, reduce } = reduceOnPlateau(given);
      let straight = initial;
      let saved: PlateauState = initial;
      for (const metric of found) {
        straight = reduce(Object.freeze(straight), metric).state;
        saved = reduce(plateauState.parse(JSON.parse(JSON.stringify(saved))), metric).state;
        expect(saved).toEqual(straight);
      }
    }),
  );
});

test('a minLr above the learning rate, a factor of 1 and a relative threshold of 1 are refused', () => {
  expect(() => reduceOnPlateau({ learningRate: 0.1, minLr: 0.2 })).toThrow('minLr 0.2 is above the learningRate 0.1');
  expect(() => reduceOnPlateau({ learningRate: 0.1, factor: 1 })).toThrow('factor: found 1, expected a number below 1');
  expect(() => reduceOnPlateau({ learningRate: 0.1, threshold: 1 })).toThrow('threshold 1 is relative');
});
