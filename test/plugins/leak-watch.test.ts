import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Trainer, type LossSpec } from 'trainscope';
import { definePlugin, type AnyPlugin } from 'trainscope/plugin';
import { checkpoint, earlyStopping, leakWatch, lrScheduler } from 'trainscope/plugins';
import { testBackends, useBackend } from '../support/backends.js';

const here = fileURLToPath(import.meta.url);
const lines = readFileSync(here, 'utf8').split('\n');
/** `file:line` of the line of this file that has the mark. */
const lineOf = (mark: string): string => `test/plugins/leak-watch.test.ts:${String(lines.findIndex((line) => line.includes(`// leak: ${mark}`)) + 1)}`;
/** As a matcher: whatever the column. */
const at = (mark: string): unknown => expect.stringContaining(`${lineOf(mark)}:`);

interface Leak {
  readonly step: number;
  readonly tensors: number;
  readonly groups: readonly { readonly site: string; readonly function: string; readonly kernel: string; readonly shape: number[]; readonly count: number; readonly bytes: number; readonly plugin: string | null; readonly hook: string | null; readonly phase: string; readonly steps: number }[];
}

/** What a test leaks is ended after it. */
const leaked: tf.Tensor[] = [];
const kept = <T extends tf.Tensor>(tensor: T): T => {
  leaked.push(tensor);
  return tf.keep(tensor);
};

const net = () => sequential({ layers: [layers.dense({ units: 2, inputShape: [2] }), layers.dense({ units: 1 })] });
const data = { inputs: Array.from({ length: 24 }, (_, i) => [i / 24, 1]), labels: Array.from({ length: 24 }, (_, i) => [i / 24]) };

interface Setting {
  readonly model?: () => LayersModel;
  readonly loss?: LossSpec;
  readonly plugins?: readonly AnyPlugin[];
  readonly options?: Parameters<typeof leakWatch>[0];
  readonly source?: unknown;
  readonly epochs?: number;
}

/** 24 steps of one sample. */
async function train({ model = net, loss = 'meanSquaredError', plugins = [], options = {}, source = data, epochs = 1 }: Setting): Promise<{ leaks: Leak[]; findings: Record<string, unknown>[] }> {
  const leaks: Leak[] = [];
  const findings: Record<string, unknown>[] = [];
  const trainer = new Trainer({ model, loss, progress: false, plugins: [...plugins, leakWatch(options)] });
  trainer.onAny(({ event, step, plugin, data: facts }) => {
    if (event === 'leak') leaks.push({ step, ...(facts as unknown as Omit<Leak, 'step'>) });
    if (event === 'finding' && plugin === 'leakWatch') findings.push({ ...facts });
  });
  const batches = source === data ? { batchSize: 1 } : {};
  await trainer.fit(source as typeof data, { ...batches, epochs, validation: { inputs: data.inputs.slice(0, 4), labels: data.labels.slice(0, 4) } });
  await trainer.dispose();
  (trainer.model as LayersModel).dispose();
  return { leaks, findings };
}

afterEach(() => {
  for (const each of leaked.splice(0)) each.dispose();
});

/** Adds one to its input, and keeps what it added. */
class Keeper extends layers.Layer {
  static readonly className = 'Keeper';
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const input = Array.isArray(inputs) ? inputs[0] : inputs;
    if (input === undefined) throw new Error('no input');
    const sum = tf.add(input, 1);
    kept(tf.sum(sum)); // leak: layer
    return sum;
  }
}

describe.each(testBackends)('on %s', (backend) => {
  beforeEach(() => useBackend(backend));

  test('a loss that keeps a tensor: the line, the function, the kernel, and as many tensors as steps are old enough', async () => {
    const leakyLoss = (labels: tf.Tensor, predictions: tf.Tensor): tf.Tensor => {
      const error = tf.sub(predictions, labels);
      kept(tf.square(error)); // leak: loss
      return tf.mean(tf.square(error));
    };
    const { leaks, findings } = await train({ loss: leakyLoss });
    // At step 10 those of steps 1 to 6 are 4 steps old.
    expect(leaks.map(({ step }) => step)).toEqual([10, 20, 24]);
    const group = leaks[0]?.groups.find(({ site }) => site.startsWith(`${lineOf('loss')}:`));
    expect(group).toMatchObject({ function: 'leakyLoss', kernel: 'Square', shape: [1, 1], plugin: null, hook: null, phase: 'forwardBackward', from: 1, to: 6, count: 6, bytes: 24, steps: 6 });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ rule: 'tensor-leak', severity: 'warning', evidence: { tensors: 6, bytes: 24, steps: 6 } });
    expect(findings[0]?.['message']).toMatch(/^6 tensors of shape \[1, 1\] stay, 24 bytes, made by leakyLoss \(test\/plugins\/leak-watch\.test\.ts:\d+:\d+\) with Square, in the phase forwardBackward$/);
  });

  test('a hook of a plugin, by its name', async () => {
    const hoarder = definePlugin({
      name: 'hoarder',
      summary: 'Keeps a tensor at every step.',
      role: 'observe',
      hooks: () => ({
        stepEnd() {
          leaked.push(tf.tensor1d([1, 2, 3])); // leak: hook
        },
      }),
    });
    const { leaks, findings } = await train({ plugins: [hoarder()] });
    expect(leaks[0]?.groups).toMatchObject([{ site: at('hook'), kernel: null, shape: [3], bytes: 72, count: 6, plugin: 'hoarder', hook: 'stepEnd', phase: 'plugins' }]);
    expect(findings).toMatchObject([{ where: { plugin: 'hoarder' } }]);
  });

  test('what a plugin does with its measurements', async () => {
    const measurer = definePlugin({
      name: 'measurer',
      summary: 'Keeps a tensor at every reading.',
      role: 'observe',
      needs: () => ({ every: 2, of: { one: { key: 'one', sources: [], reduce: () => tf.ones([1]), read: (values: Float32Array) => values[0] ?? 0 } } }),
      hooks: () => ({
        measured() {
          leaked.push(tf.zeros([4])); // leak: measured
        },
      }),
    });
    const { leaks } = await train({ plugins: [measurer()] });
    // At steps 2, 4 and 6 of those up to 6.
    expect(leaks[0]?.groups).toMatchObject([{ site: at('measured'), count: 3, plugin: 'measurer', hook: 'measured' }]);
  });

  test('a generator of batches, which makes them ahead of the loop', async () => {
    async function* batches() {
      for (let i = 0; i < 24; i += 1) {
        leaked.push(tf.scalar(i)); // leak: data
        await Promise.resolve();
        yield { inputs: tf.tensor2d([[i / 24, 1]]), labels: tf.tensor2d([[i / 24]]) };
      }
    }
    const { leaks, findings } = await train({ source: () => batches() });
    expect(findings).toMatchObject([{ evidence: { function: 'batches', site: at('data') } }]);
    // The batches themselves are ended, and are no part of it.
    expect(new Set(leaks.flatMap(({ groups }) => groups.map(({ shape }) => shape.length)))).toEqual(new Set([0]));
  });

  test('a layer of your own', async () => {
    const { findings } = await train({ model: () => sequential({ layers: [layers.dense({ units: 2, inputShape: [2] }), new Keeper({}), layers.dense({ units: 1 })] }) });
    expect(findings).toMatchObject([{ evidence: { function: 'Keeper.call', kernel: 'Sum', site: at('layer') } }]);
  });

  test('variables that are made and forgotten', async () => {
    const loss = (labels: tf.Tensor, predictions: tf.Tensor): tf.Tensor => {
      leaked.push(tf.variable(tf.tensor1d([1, 2]), false)); // leak: variable
      return tf.losses.meanSquaredError(labels, predictions);
    };
    const { findings } = await train({ loss });
    expect(findings.map(({ evidence }) => (evidence as { site: string }).site)).toContainEqual(at('variable'));
  });

  test('a training with schedules, checkpoints and the best weights has none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trainscope-leak-watch-'));
    try {
      const { leaks, findings } = await train({
        epochs: 3,
        options: { every: 1 },
        plugins: [
          lrScheduler({ schedule: { kind: 'exponential', learningRate: 0.01, gamma: 0.99 }, per: 'step' }),
          earlyStopping({ monitor: 'loss', unit: 'steps', patience: 100, restoreBestWeights: true }),
          checkpoint({ folder, every: { steps: 3 } }),
        ],
      });
      expect([leaks, findings]).toEqual([[], []]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('batches that are made ahead are none, with every look', async () => {
    async function* batches() {
      for (let i = 0; i < 24; i += 1) {
        await Promise.resolve();
        yield { inputs: tf.tensor2d([[i / 24, 1]]), labels: tf.tensor2d([[i / 24]]) };
      }
    }
    expect(await train({ source: () => batches(), options: { every: 1 }, epochs: 2 })).toEqual({ leaks: [], findings: [] });
  });
});

describe('the engine', () => {
  beforeEach(() => useBackend('cpu'));
  const methods = () => ['trackTensor', 'runKernelFunc'].filter((name) => Object.hasOwn(tf.engine(), name));

  test('is patched within the window alone, and is as it was after it; tensors made outside are not told', async () => {
    const seen: string[] = [];
    const probe = definePlugin({
      name: 'probe',
      summary: 'Looks at the engine.',
      role: 'observe',
      hooks: () => ({
        stepEnd(_info, { step }) {
          leaked.push(tf.scalar(1));
          if (methods().length === 2) seen.push(String(step));
        },
      }),
    });
    const limit = Error.stackTraceLimit;
    const { leaks } = await train({ plugins: [probe()], options: { steps: { from: 3, to: 8 }, every: 4 } });
    expect(seen).toEqual(['3', '4', '5', '6', '7', '8']);
    expect([methods(), Error.stackTraceLimit]).toEqual([[], limit]);
    // Looks at 8, 12 and so on; at 8 those of steps 3 and 4 are old enough, at 12 all six, and nothing new after that.
    expect(leaks).toMatchObject([{ step: 12, tensors: 6, groups: [{ from: 3, to: 8 }] }]);
  });

  test('is put back when the fit fails', async () => {
    const fails = (): tf.Tensor => {
      throw new Error('no loss today');
    };
    await expect(train({ loss: fails })).rejects.toThrow('no loss today');
    expect(methods()).toEqual([]);
  });

  test('serves two fits at a time, and is put back by the last of them', async () => {
    const one = train({ options: { every: 1 } });
    const two = train({ options: { every: 1 }, epochs: 2 });
    expect(await Promise.all([one, two])).toEqual([{ leaks: [], findings: [] }, { leaks: [], findings: [] }]);
    expect(methods()).toEqual([]);
  });
});

test('a window that ends before it begins is refused', () => {
  expect(() => leakWatch({ steps: { from: 5, to: 4 } })).toThrow(/the last step is before the first/);
});
