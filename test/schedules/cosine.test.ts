import { expect, test } from 'vitest';
import { constant, cosine, sequential } from '../../src/schedules/index.js';
import { cosineAnnealingLR, expectTorch, expectValues, torchRates } from './torch.js';

test('0.1 in six steps: 1, (2 + √3)/4, 3/4, 1/2, 1/4, (2 - √3)/4 and 0 of it', () => {
  const near = (2 + Math.sqrt(3)) / 40;
  const far = (2 - Math.sqrt(3)) / 40;
  expectValues(cosine({ learningRate: 0.1, tMax: 6 }), [0.1, near, 0.075, 0.05, 0.025, far, 0]);
});

test('with an etaMin of 0.02 the middle is halfway, 0.06, and the end 0.02', () => {
  const schedule = cosine({ learningRate: 0.1, tMax: 100, etaMin: 0.02 });
  expect(schedule(50)).toBeCloseTo(0.06, 15);
  expect(schedule(100)).toBe(0.02);
});

test('500 steps are those of CosineAnnealingLR, which climbs again after tMax', () => {
  expectTorch(cosine({ learningRate: 0.1, tMax: 100 }), cosineAnnealingLR(100, 0), 0.1, 500);
  expectTorch(cosine({ learningRate: 0.1, tMax: 37, etaMin: 0.01 }), cosineAnnealingLR(37, 0.01), 0.1, 500);
  expectTorch(cosine({ learningRate: 0.1, tMax: 1 }), cosineAnnealingLR(1, 0), 0.1, 500);
});

test('beyond tMax = 100, PyTorch and this are back at 0.05 at 150, at 0.1 at 200 and at 0 at 300', () => {
  const schedule = cosine({ learningRate: 0.1, tMax: 100 });
  const torch = torchRates(cosineAnnealingLR(100, 0), 0.1, 301);
  for (const rates of [[150, 200, 300].map(schedule), [150, 200, 300].map((t) => torch[t]!)]) {
    expect(rates[0]).toBeCloseTo(0.05, 12);
    expect(rates[1]).toBeCloseTo(0.1, 12);
    expect(rates[2]).toBeCloseTo(0, 12);
  }
});

test('followed by a constant it stays at the bottom: 0.02 at 100, 101 and 200', () => {
  const schedule = sequential([cosine({ learningRate: 0.1, tMax: 100, etaMin: 0.02 }), constant({ learningRate: 0.02 })], [100]);
  expect([100, 101, 200].map(schedule)).toEqual([0.02, 0.02, 0.02]);
});

test('an etaMin above the learning rate is refused', () => {
  expect(() => cosine({ learningRate: 0.1, tMax: 10, etaMin: 0.2 })).toThrow('etaMin 0.2 is above the learningRate 0.1');
});
