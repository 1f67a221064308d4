import { test } from 'vitest';
import { polynomial } from '../../src/schedules/index.js';
import { expectTorch, expectValues, polynomialLR } from './torch.js';

test('the square of 1, 3/4, 1/2 and 1/4 of 0.16, then 0: 0.16, 0.09, 0.04, 0.01, 0, 0', () => {
  expectValues(polynomial({ learningRate: 0.16, totalIters: 4, power: 2 }), [0.16, 0.09, 0.04, 0.01, 0, 0]);
});

test('a power of 1 if none is given: 0.4, 0.3, 0.2, 0.1, 0, 0', () => {
  expectValues(polynomial({ learningRate: 0.4, totalIters: 4 }), [0.4, 0.3, 0.2, 0.1, 0, 0]);
});

test('400 steps are those of PolynomialLR, of which 300 fall', () => {
  expectTorch(polynomial({ learningRate: 0.05, totalIters: 300, power: 0.9 }), polynomialLR(300, 0.9), 0.05, 400);
  expectTorch(polynomial({ learningRate: 0.05, totalIters: 300, power: 3 }), polynomialLR(300, 3), 0.05, 400);
  expectTorch(polynomial({ learningRate: 0.05, totalIters: 1, power: 0.5 }), polynomialLR(1, 0.5), 0.05, 400);
});
