import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { beforeEach, expect, test } from 'vitest';
import { Trainer } from 'trainscope';
import { definePlugin, type ValidationMeasurement } from 'trainscope/plugin';
import { tensorsLeftBy } from 'trainscope/testing';
import { useBackend } from '../support/backends.js';

beforeEach(() => useBackend('cpu'));

const net = () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] });
/** Labels 0 to 9, in batches of 4, 4 and 2. */
const data = { inputs: Array.from({ length: 10 }, (_, i) => [i]), labels: Array.from({ length: 10 }, (_, i) => [i]) };

const labelSum: ValidationMeasurement<{ sum: number; squares: number; loss: string | undefined }> = {
  key: 'labelSum',
  reduce: ({ labels: [labels = tf.scalar(0)] }) => [tf.reshape(tf.sum(labels), [1]), tf.reshape(tf.sum(tf.cast(tf.square(labels), 'int32')), [1])],
  read: ([sum, squares], { outputs }) => ({ sum: sum?.[0] ?? Number.NaN, squares: squares?.[0] ?? Number.NaN, loss: outputs[0]?.loss }),
};

const order: unknown[] = [];
const summing = (measurement = labelSum, isDue?: (epoch: number) => boolean) =>
  definePlugin({
    name: 'summing',
    summary: 'Sums labels.',
    role: 'observe',
    hooks: () => ({
      fitStart(_info, context) {
        context.overValidation(measurement, (value) => order.push([context.epoch, value]), isDue === undefined ? undefined : () => isDue(context.epoch));
      },
      validationEnd(_info, { epoch }) {
        order.push([epoch, 'validationEnd']);
      },
    }),
  })();

async function train(plugin: ReturnType<typeof summing>, fits = 1): Promise<string[]> {
  order.length = 0;
  const errors: string[] = [];
  const trainer = new Trainer({ model: net, loss: 'meanSquaredError', progress: false, plugins: [plugin] });
  trainer.on('plugin-error', ({ data: { message } }) => errors.push(message));
  for (let i = 0; i < fits; i += 1) await trainer.fit(data, { epochs: 2, batchSize: 4, validation: data });
  await trainer.dispose();
  (trainer.model as LayersModel).dispose();
  return errors;
}

test('the sums are of all batches, 45 and 285, and come before validationEnd', async () => {
  await train(summing());
  const value = { sum: 45, squares: 285, loss: 'meanSquaredError' };
  expect(order).toEqual([[1, value], [1, 'validationEnd'], [2, value], [2, 'validationEnd']]);
});

test('a measurement that is not due is not made', async () => {
  await train(summing(labelSum, (epoch) => epoch === 2));
  expect(order.filter((each) => (each as unknown[])[1] !== 'validationEnd')).toHaveLength(1);
});

test('a second fit hears each value once', async () => {
  await train(summing(), 2);
  expect(order.filter((each) => (each as unknown[])[1] !== 'validationEnd')).toHaveLength(4);
});

test.each([
  ['reduce', { ...labelSum, reduce: () => { throw new Error('cannot reduce'); } }, 'cannot reduce'],
  ['read', { ...labelSum, read: () => { throw new Error('cannot read'); } }, 'cannot read'],
] as const)('what %s throws disables the plugin, and the training goes on', async (_name, measurement, message) => {
  const errors = await train(summing(measurement));
  expect(errors).toEqual([expect.stringContaining(message)]);
});

test('nothing is left on the device, whatever throws', async () => {
  await train(summing());
  expect(await tensorsLeftBy(() => train(summing()))).toBe(0);
  expect(await tensorsLeftBy(() => train(summing({ ...labelSum, read: () => { throw new Error('no'); } })))).toBe(0);
});
