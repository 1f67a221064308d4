import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { openData } from '../../src/data/index.js';

const open = (labels: never) => openData({ inputs: [[1], [2], [3]], labels }, { labelClasses: [3] }, { shuffle: false });

describe('class labels', () => {
  for (const [what, labels, message] of [
    ['3 of 0 to 2', [0, 3, 1], 'labels is 3 in sample 1'],
    ['below 0', [0, 1, -1], 'labels is -1 in sample 2'],
    ['a fraction', [0.5, 1, 2], 'labels is 0.5 in sample 0'],
  ] as const) {
    it(`that are ${what} are refused before the first batch`, async () => {
      const run = async (given: unknown): Promise<void> => open(given as never).ready();
      await expect(run(labels)).rejects.toMatchObject({ code: 'LABEL_OUT_OF_RANGE' });
      await expect(run(Float32Array.from(labels))).rejects.toMatchObject({ found: expect.stringContaining(message.slice(7)) as string });
      const tensor = tf.tensor1d([...labels]);
      const before = tf.memory().numTensors;
      await expect(run(tensor)).rejects.toMatchObject({ code: 'LABEL_OUT_OF_RANGE' });
      expect(tf.memory().numTensors).toBe(before);
      expect([...tensor.dataSync()]).toEqual([...Float32Array.from(labels)]);
      tensor.dispose();
    });
  }

  it('from 0 to 2 pass, and labels that are no classes are not looked at', async () => {
    await open([0, 2, 1] as never).ready();
    await openData({ inputs: [[1]], labels: [[7.5]] }, { labelClasses: [undefined] }).ready();
  });

  it('of a stream are refused in the batch that has them', async () => {
    const data = openData([{ inputs: [[1]], labels: [0] }, { inputs: [[1]], labels: [9] }], { labelClasses: [3] });
    const cursor = data.epoch(0);
    const read = async (): Promise<void> => {
      for (let batch = await cursor.next(); batch !== undefined; batch = await cursor.next()) tf.dispose([batch.inputs, batch.labels] as never);
    };
    await expect(read()).rejects.toMatchObject({ code: 'LABEL_OUT_OF_RANGE' });
    await cursor.close();
  });
});
