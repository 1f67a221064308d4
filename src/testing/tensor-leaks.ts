import * as tf from '@tensorflow/tfjs-core';

/**
 * How many tensors are alive after `run` beyond those before it; what it returns is not disposed of and counts.
 * @example expect(await tensorsLeftBy(() => trainer.fit(data, { epochs: 2 }))).toBe(0);
 */
export async function tensorsLeftBy(run: () => unknown): Promise<number> {
  const before = tf.memory().numTensors;
  await run();
  return tf.memory().numTensors - before;
}
