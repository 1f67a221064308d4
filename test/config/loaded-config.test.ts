import '@tensorflow/tfjs-backend-cpu';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load-config.js';
import { Trainer } from '../../src/trainer/trainer.js';
import { printer, registry, seed } from './small-registry.js';

const settings = {
  backend: 'cpu',
  accumulateSteps: 2,
  clip: { globalNorm: 1 },
  weightDecay: { rate: 0.1, mode: 'l2' },
  logEvery: 5,
  progress: false,
  optimizer: { name: 'sgd', learningRate: 0.1, momentum: 0.9 },
  loss: 'meanSquaredError',
  metrics: ['meanAbsoluteError', { name: 'binaryAccuracy', threshold: 0.4, as: 'hits' }],
  lossWeights: [1],
  fit: { epochs: 2, batchSize: 4, shuffle: false, validationEvery: { steps: 3 }, classWeights: { 0: 1, 1: 2 } },
};

describe('what is loaded', () => {
  test('are the settings as they stand in the file, and no other keys', async () => {
    expect(await parseConfig(JSON.stringify({ $schema: 'x', ...settings }), { registry, file: 'run.json' })).toEqual(settings);
    expect(await parseConfig('{}', { registry, file: 'run.json' })).toEqual({});
    expect(await parseConfig('loss: mse\n', { registry, file: 'run.YML' })).toEqual({ loss: 'mse' });
  });

  test.each([
    ['names', { loss: 'mean_squared_error', optimizer: 'Adam', metrics: 'acc' }],
    ['losses of several outputs by name', { loss: { digit: 'mse', size: { name: 'huber', delta: 2 } }, metrics: { digit: 'accuracy', size: ['mae', 'r2'] }, lossWeights: { digit: 2 } }],
    ['losses of several outputs in order', { loss: ['mse', { name: 'huber' }], metrics: [] }],
    ['adamw, whose decay the one beside it replaces', { optimizer: 'adamw', weightDecay: 0.05 }],
  ])('%s', async (_, given) => {
    expect(await parseConfig(JSON.stringify(given), { registry, file: 'run.json' })).toEqual(given);
  });

  test('are the plugins of all three forms, in their order', async () => {
    const text = `
plugins:
  - printer
  - counter:
  - use: counter
    options: { every: 2, rate: 0.5 }
    name: second
    enforce: pre
    onError: isolate
  - seed: { seed: 3 }
  - use: counter
    name: third
    options: { where: { layer: a } }
`;
    const { plugins } = await parseConfig(text, { registry });
    expect(plugins?.map(({ name, kind, options, enforce, onError }) => ({ name, kind, options, enforce, onError }))).toEqual([
      { name: 'printer', kind: 'printer', options: {}, enforce: undefined, onError: 'stop' },
      { name: 'counter', kind: 'counter', options: { every: 1 }, enforce: undefined, onError: 'disable' },
      { name: 'second', kind: 'counter', options: { every: 2, rate: 0.5 }, enforce: 'pre', onError: 'isolate' },
      { name: 'seed', kind: 'seed', options: { seed: 3, verify: false }, enforce: undefined, onError: 'stop' },
      { name: 'third', kind: 'counter', options: { every: 1, where: { layer: 'a' } }, enforce: undefined, onError: 'disable' },
    ]);
  });
});

describe('a seed', () => {
  const kinds = async (text: string, of: Parameters<typeof parseConfig>[1]['registry'] = registry): Promise<unknown> => {
    const { seed: own, plugins } = await parseConfig(text, { registry: of });
    return [own, plugins?.map(({ kind, options }) => [kind, options])];
  };

  test('adds the plugin of that name in front', async () => {
    expect(await kinds('seed: 42\n')).toEqual([42, [['seed', { seed: 42, verify: false }]]]);
    expect(await kinds('seed: 0\nplugins: [printer]\n')).toEqual([0, [['seed', { seed: 0, verify: false }], ['printer', {}]]]);
  });

  test('adds none where one is listed, under whatever name it runs', async () => {
    expect(await kinds('seed: 42\nplugins:\n  - seed: { seed: 42, verify: true }\n')).toEqual([42, [['seed', { seed: 42, verify: true }]]]);
    expect(await kinds('seed: 42\nplugins:\n  - { use: seed, name: dice, options: { seed: 42 } }\n')).toEqual([42, [['seed', { seed: 42, verify: false }]]]);
  });

  test('adds none where the registry has none', async () => {
    expect(await kinds('seed: 42\n', { printer })).toEqual([42, undefined]);
  });

  test('is taken from no prototype', async () => {
    expect(await kinds('seed: 42\n', Object.create({ seed }) as typeof registry)).toEqual([42, undefined]);
  });
});

test('a config can be spread into the options of a trainer, whose fit does what it says', async () => {
  const config = await parseConfig('loss: mse\nbackend: cpu\nprogress: false\noptimizer: { name: sgd, learningRate: 0.125 }\nfit: { epochs: 2, batchSize: 1 }\nplugins: [counter]\n', { registry });
  const model = sequential({ layers: [layers.dense({ units: 1, useBias: false, kernelInitializer: 'zeros', inputShape: [1] })] });
  const trainer = new Trainer({ model, ...config });
  const { steps, history } = await trainer.fit({ inputs: [[1]], labels: [[1]] });
  await trainer.dispose();
  // Two steps of w += 0.125 * 2 * (1 - w) from 0: the losses before them are 1 and 0.75 ** 2.
  expect([steps, ...history.map(({ metrics }) => metrics['loss'])]).toEqual([2, 1, 0.5625]);
  model.dispose();
});

test('a loss may be given behind the spread where the file has none', async () => {
  const config = await parseConfig('progress: false\n', { registry });
  const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] });
  expect(() => new Trainer({ model, ...config })).toThrow(/the loss is not valid: missing/);
  await new Trainer({ model, ...config, loss: 'meanSquaredError' }).dispose();
  model.dispose();
});
