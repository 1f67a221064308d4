import { describe, expect, it } from 'vitest';
import { compileCadence } from '../../src/measure/cadence.js';
import { gradientNorms, probePredictions, weightNorms, type Cadence } from '../../src/measure/index.js';
import { MeasurementPlan } from '../../src/measure/plan.js';

const place = (step: number, lastOfEpoch = false, firstOfFit = step === 1) => ({ step, lastOfEpoch, firstOfFit });
const none: ReadonlySet<string> = new Set();

describe('a cadence', () => {
  const calls = (cadence: Cadence): number[] => {
    const isDue = compileCadence(cadence);
    return Array.from({ length: 30 }, (_, i) => i + 1).filter((step) => isDue(place(step, step % 15 === 0)));
  };
  it('of every 10 steps is due 3 times in 30', () => expect(calls({ every: 10 })).toEqual([10, 20, 30]));
  it('of every 10 steps and also 1, 2 and 10 is due 5 times in 30', () => expect(calls({ every: 10, also: [1, 2, 10] })).toEqual([1, 2, 10, 20, 30]));
  it('of every epoch is due at the last step of each', () => expect(calls({ every: 'epoch' })).toEqual([15, 30]));
  it('at named steps is due there', () => expect(calls({ at: [2, 3, 29] })).toEqual([2, 3, 29]));
  it('of once is due at the first step of a fit', () => expect(calls({ once: true })).toEqual([1]));
  for (const bad of [{ every: 0 }, { every: 2.5 }, { every: Number.NaN }, { at: [] }, { at: [0] }, { every: 10, also: [0] }] as Cadence[]) {
    it(`${JSON.stringify(bad)} is refused`, () => {
      expect(() => compileCadence(bad)).toThrow(expect.objectContaining({ code: 'MEASUREMENT_INVALID' }));
    });
  }
});

describe('a plan', () => {
  const plan = new MeasurementPlan([
    { owner: 'a', needs: { every: 2, of: { mine: gradientNorms() } } },
    { owner: 'b', needs: { every: 3, of: { grads: gradientNorms(), weights: weightNorms() } } },
    { owner: 'c', needs: { every: 6, of: { p4: probePredictions({ samples: 4 }), p8: probePredictions({ samples: 8 }) } } },
  ]);

  it('is null in a step in which nothing is due', () => {
    expect(plan.due(place(1), none)).toBeNull();
    expect(plan.due(place(5), none)).toBeNull();
  });

  it('makes a measurement once for two askers with equal options, and twice for unequal ones', () => {
    const due = plan.due(place(6), none);
    expect(due?.measurements.map(({ key }) => key)).toEqual(['gradientNorms', 'weightNorms', 'probePredictions:4', 'probePredictions:8']);
    expect(due?.askers.map(({ owner, names }) => [owner, Object.fromEntries(names)])).toEqual([
      ['a', { mine: 0 }],
      ['b', { grads: 0, weights: 1 }],
      ['c', { p4: 2, p8: 3 }],
    ]);
    expect([...(due?.sources ?? [])].toSorted()).toEqual(['gradients', 'probe', 'weights']);
    expect(due?.probeSamples).toBe(8);
  });

  it('leaves out who is disabled', () => {
    expect(plan.due(place(2), new Set(['a']))).toBeNull();
    expect(plan.due(place(6), new Set(['c']))?.askers.map(({ owner }) => owner)).toEqual(['a', 'b']);
  });
});
