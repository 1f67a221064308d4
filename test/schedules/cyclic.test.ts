import { expect, test } from 'vitest';
import { cyclic } from '../../src/schedules/index.js';
import { expectTorch, expectValues, type Update } from './torch.js';

/** CyclicLR's get_lr with cycles counted from 1. */
const cyclicLR =
  (base: number, max: number, up: number, down: number, scale: (cycle: number, t: number) => number): Update =>
  (t) => {
    const size = up + down;
    const cycle = Math.floor(1 + t / size);
    const x = 1 + t / size - cycle;
    const peak = up / size;
    return base + (max - base) * (x <= peak ? x / peak : (x - 1) / (peak - 1)) * scale(cycle, t);
  };

test('four steps up, and as many down as nothing else is said: 0.1, 0.2, 0.3, 0.4, 0.5, 0.4, 0.3, 0.2, 0.1, 0.2', () => {
  expectValues(cyclic({ baseLr: 0.1, maxLr: 0.5, stepSizeUp: 4 }), [0.1, 0.2, 0.3, 0.4, 0.5, 0.4, 0.3, 0.2, 0.1, 0.2]);
});

test('one step up and three down: 0, 0.3, 0.2, 0.1, 0, 0.3', () => {
  expectValues(cyclic({ baseLr: 0, maxLr: 0.3, stepSizeUp: 1, stepSizeDown: 3 }), [0, 0.3, 0.2, 0.1, 0, 0.3]);
});

test('triangular2 halves the height each cycle: tops of 1, 0.5 and 0.25', () => {
  expectValues(cyclic({ baseLr: 0, maxLr: 1, stepSizeUp: 1, mode: 'triangular2' }), [0, 1, 0, 0.5, 0, 0.25, 0]);
});

test('exp_range multiplies the height by gamma at each step: tops of 0.5 at 1, 0.125 at 3, 0.03125 at 5', () => {
  expectValues(cyclic({ baseLr: 0, maxLr: 1, stepSizeUp: 1, mode: 'exp_range', gamma: 0.5 }), [0, 0.5, 0, 0.125, 0, 0.03125]);
});

test('1000 steps are those of CyclicLR in its three modes', () => {
  const sizes = { baseLr: 0.01, maxLr: 0.1, stepSizeUp: 30, stepSizeDown: 47 };
  expectTorch(cyclic(sizes), cyclicLR(0.01, 0.1, 30, 47, () => 1), 0.1, 1000);
  expectTorch(cyclic({ ...sizes, mode: 'triangular2' }), cyclicLR(0.01, 0.1, 30, 47, (cycle) => 1 / 2 ** (cycle - 1)), 0.1, 1000);
  expectTorch(cyclic({ ...sizes, mode: 'exp_range', gamma: 0.999 }), cyclicLR(0.01, 0.1, 30, 47, (_, t) => 0.999 ** t), 0.1, 1000);
});

test('a baseLr above maxLr is refused', () => {
  expect(() => cyclic({ baseLr: 0.2, maxLr: 0.1, stepSizeUp: 4 })).toThrow('baseLr 0.2 is above maxLr 0.1');
});
