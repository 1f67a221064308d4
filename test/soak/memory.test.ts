import { beforeAll, expect, it } from 'vitest';
import { useBackend } from '../support/backends.js';
import { countsOfTensors, growthOf, trainWatched } from './memory.js';

beforeAll(() => useBackend('cpu'));

it('over 2,000 steps with every plugin, a log and 17 checkpoints the number of tensors is the same at the end of each epoch', async () => {
  const course = await trainWatched({ steps: 2000, stepsPerEpoch: 250, samples: 20 });
  // 8 epochs, with a checkpoint after 125 and 250 steps of each, and one at the end of the fit.
  expect(course.steps).toBe(2000);
  expect(course.checkpoints).toBe(17);
  expect(course.tensors).toHaveLength(8);
  expect(countsOfTensors(course)).toBe(1);
});

it('growth is told by the medians of the last two quarters: one that jumps is not taken for one that grows', () => {
  expect(growthOf([9, 9, 5, 5, 1, 2, 300, 2, 2, 5, 5, 5])).toBe(5 - 2);
  expect(growthOf([0, 0, 0, 0, 10, 10, 900, 10, 10, 10, 1, 10])).toBe(0);
});
