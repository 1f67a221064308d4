import { test } from 'vitest';
import { linear } from '../../src/schedules/index.js';
import { expectTorch, expectValues, linearLR } from './torch.js';

test('from all to none in four steps: 0.4, 0.3, 0.2, 0.1, 0, 0', () => {
  expectValues(linear({ learningRate: 0.4, startFactor: 1, endFactor: 0, totalIters: 4 }), [0.4, 0.3, 0.2, 0.1, 0, 0]);
});

test('from a third to the whole in four steps, as is the default: 0.3, 0.45, 0.6, 0.75, 0.9, 0.9', () => {
  expectValues(linear({ learningRate: 0.9, totalIters: 4 }), [0.3, 0.45, 0.6, 0.75, 0.9, 0.9]);
});

test('400 steps are those of LinearLR, up and down', () => {
  expectTorch(linear({ learningRate: 0.05, startFactor: 0.01, totalIters: 250 }), linearLR(0.01, 1, 250), 0.05, 400);
  expectTorch(linear({ learningRate: 0.05, startFactor: 1, endFactor: 0, totalIters: 250 }), linearLR(1, 0, 250), 0.05, 400);
  expectTorch(linear({ learningRate: 0.05, startFactor: 0.5, endFactor: 0.25, totalIters: 1 }), linearLR(0.5, 0.25, 1), 0.05, 400);
});
