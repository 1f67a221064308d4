import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, regularizers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { consolidate } from '../../../../src/diagnosis/consolidate.js';
import { trainingCauses } from '../../../../src/diagnosis/preflight/training/causes.js';
import { startClock } from '../../../../src/diagnosis/preflight/training/clock.js';
import { inputIndependentBaseline } from '../../../../src/diagnosis/preflight/training/explains.js';
import { trainingChecks } from '../../../../src/diagnosis/preflight/training/index.js';
import { modelLadder } from '../../../../src/diagnosis/preflight/training/ladder.js';
import { overfitOneBatch } from '../../../../src/diagnosis/preflight/training/overfit.js';
import { learningRate } from '../../../../src/diagnosis/preflight/training/rates.js';
import { reproducible } from '../../../../src/diagnosis/preflight/training/reproducible.js';
import { stepsWithin } from '../../../../src/diagnosis/preflight/training/run.js';
import { optimizerSettings } from '../../../../src/diagnosis/preflight/training/settings.js';
import { Lab, labDefaults } from '../../../../src/diagnosis/preflight/lab.js';
import { useBackend } from '../../../support/backends.js';
import { numbers } from '../../../support/numbers.js';
import { alarms, digitsSetup, irisSetup, lettersSetup, look, regressionSetup, sequenceSetup } from './setups.js';

beforeAll(() => useBackend('wasm'));

const net = (units: number, bias = 0): Sequential =>
  sequential({
    layers: [
      layers.dense({ units, activation: 'relu', inputShape: [3], kernelInitializer: initializers.glorotUniform({ seed: 1 }), biasInitializer: initializers.constant({ value: bias }) }),
      layers.dense({ units: 1, useBias: false, kernelInitializer: initializers.glorotUniform({ seed: 2 }) }),
    ],
  });

describe('all checks of the training', () => {
  it.each([
    ['digits', () => digitsSetup()],
    ['irises', () => irisSetup()],
    ['numbers', () => regressionSetup()],
    ['sequences', () => sequenceSetup()],
    ['letters', () => lettersSetup()],
    ['numbers with RMSProp', () => regressionSetup({ name: 'rmsprop', learningRate: 1e-3 })],
  ])('raise no alarm over %s, and leave no tensor', async (_, make) => {
    const experiment = make();
    const before = tf.memory().numTensors;
    expect(alarms(await look(experiment, trainingChecks))).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('leave weights and optimizer as they were, to the bit', async () => {
    const lab = await Lab.open(digitsSetup({ name: 'adam', learningRate: 1 }), labDefaults);
    try {
      const bytes = async (): Promise<Uint8Array[]> => Promise.all(lab.model.weights().map(async ({ variable }) => new Uint8Array((await variable.data()).slice().buffer)));
      const slots = async (): Promise<unknown> => {
        const snapshot = lab.engine.optimizer.snapshot();
        const { iterations, learningRate: rate, order } = snapshot;
        const values = await Promise.all(snapshot.slots.map(async ({ tensor }) => [...(await tensor.data())]));
        snapshot.dispose();
        return { iterations, rate, order, values };
      };
      const [weightsBefore, slotsBefore] = [await bytes(), await slots()];
      const random = Math.random;
      for (const check of trainingChecks) await check.run(lab);
      expect(await bytes()).toEqual(weightsBefore);
      expect(await slots()).toEqual(slotsBefore);
      expect(Math.random).toBe(random);
    } finally {
      lab.close();
    }
  });

  it('say that they cannot tell anything from one sample', async () => {
    const seen = await look({ ...irisSetup(), data: { inputs: [[1, 2, 3, 4]], labels: [1] } }, trainingChecks);
    expect(alarms(seen)).toEqual([]);
  });
});

interface Named {
  readonly name: string;
  readonly tensor: tf.Tensor;
}
type Apply = tf.SGDOptimizer['applyGradients'];

/** Steps up the gradient. */
class Upwards extends tf.SGDOptimizer {
  override applyGradients(gradients: Parameters<Apply>[0]): void {
    tf.tidy(() => {
      super.applyGradients((gradients as Named[]).map(({ name, tensor }) => ({ name, tensor: tf.neg(tensor) })));
    });
  }
}
/** Updates nothing from its third variable on. */
class Forgetful extends tf.SGDOptimizer {
  override applyGradients(gradients: Parameters<Apply>[0]): void {
    super.applyGradients((gradients as Named[]).map((each, i) => (i < 2 ? each : { ...each, tensor: null as unknown as tf.Tensor })));
  }
}

describe('overfit-one-batch', () => {
  it('finds a loss with the wrong sign: it falls, and predictions turn away from the labels', async () => {
    const loss = (y: tf.Tensor, p: tf.Tensor): tf.Tensor => tf.neg(tf.mean(tf.square(tf.sub(y, p)), -1));
    expect(alarms(await look({ ...regressionSetup(), loss }, [overfitOneBatch]))).toEqual(['loss-improves-predictions-worsen']);
  });

  it('finds that of classes, too, where the right one comes to rank below the others', async () => {
    const loss = (y: tf.Tensor, p: tf.Tensor): tf.Tensor => tf.log(tf.add(tf.sum(tf.mul(tf.oneHot(tf.cast(tf.reshape(y, [-1]), 'int32'), 10), p), -1), 1e-7));
    expect(alarms(await look({ ...digitsSetup(), loss }, [overfitOneBatch]))).toEqual(['loss-improves-predictions-worsen']);
  });

  it('says nothing about the same loss with the right sign', async () => {
    const loss = (y: tf.Tensor, p: tf.Tensor): tf.Tensor => tf.mean(tf.square(tf.sub(y, p)), -1);
    expect(alarms(await look({ ...regressionSetup(), loss }, [overfitOneBatch]))).toEqual([]);
  });

  it('finds an optimizer that steps up the gradient', async () => {
    expect(alarms(await look(digitsSetup(new Upwards(0.1)), [overfitOneBatch]))).toEqual(['loss-rises']);
  });

  it('finds an optimizer that leaves the second kernel as it was', async () => {
    const { findings } = await look(digitsSetup(new Forgetful(0.1)), [overfitOneBatch]);
    expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([['optimizer-does-not-update', 'error']]);
    expect(findings[0]?.evidence['weights']).toHaveLength(1);
  });

  it('finds a model that makes nothing of its inputs, as all of its units are 0', async () => {
    const model = (): Sequential => sequential({ layers: [layers.dense({ units: 8, activation: 'relu', inputShape: [784], biasInitializer: initializers.constant({ value: -100 }) }), layers.dense({ units: 10, activation: 'softmax' })] });
    expect(alarms(await look({ ...digitsSetup(), model }, [overfitOneBatch]))).toEqual(['cannot-fit-one-batch']);
  });
});

describe('optimizer-settings', () => {
  it.each([
    ['a decay that takes a tenth off every weight in a step', 'weight-decay-too-strong', () => ({ ...digitsSetup(), weightDecay: 100 })],
    ['an l2 penalty 400 times the loss', 'weight-decay-too-strong', () => ({ ...digitsSetup(), model: () => sequential({ layers: [layers.dense({ units: 64, activation: 'relu', inputShape: [784], kernelRegularizer: regularizers.l2({ l2: 10 }) }), layers.dense({ units: 10, activation: 'softmax' })] }) })],
    ['clipping to a millionth of the gradients', 'clipping-too-tight', () => ({ ...digitsSetup({ name: 'sgd', learningRate: 0.1 }), clip: { globalNorm: 1e-6 } })],
    ['an epsilon of 1000', 'optimizer-settings', () => digitsSetup({ name: 'adam', learningRate: 1e-3, epsilon: 1000 })],
    ['a decay of 0.3 a step, which leaves the mean of the labels to be learned', 'weight-decay-too-strong', () => ({ ...regressionSetup({ name: 'adam', learningRate: 0.003 }), weightDecay: 100 })],
    ['a momentum whose 1000 steps are more than the 260 there are', 'optimizer-settings', () => regressionSetup({ name: 'momentum', learningRate: 1e-4, momentum: 0.999 })],
    ['a momentum of 0.9999', 'optimizer-settings', () => digitsSetup({ name: 'momentum', learningRate: 0.1, momentum: 0.9999 })],
  ])('finds %s, and names it as the cause', async (_, rule, make) => {
    const { findings } = await look(make(), [overfitOneBatch, learningRate, optimizerSettings]);
    const [first, ...others] = consolidate(findings, trainingCauses).filter(({ severity }) => severity !== 'info');
    expect(first?.rule).toBe(rule);
    expect(others).toEqual([]);
  });

  it.each([
    ['a decay of 0.01', () => digitsSetup({ name: 'adamw', learningRate: 1e-3 })],
    ['a decay of 0.1 with labels whose mean is all that is learned at first', () => ({ ...regressionSetup({ name: 'adam', learningRate: 0.003 }), weightDecay: 0.1 })],
    ['a momentum of 0.99 whose 100 steps are a part of 2600', () => ({ ...regressionSetup({ name: 'momentum', learningRate: 1e-3, momentum: 0.99 }), fit: { epochs: 200, batchSize: 32 } })],
    ['an epsilon of 0.1, with which Adam learns as well', () => digitsSetup({ name: 'adam', learningRate: 0.03, epsilon: 0.1 })],
    ['clipping to 1', () => ({ ...digitsSetup({ name: 'sgd', learningRate: 0.1 }), clip: { globalNorm: 1 } })],
    ['an l2 penalty of 0.001', () => ({ ...digitsSetup(), model: () => sequential({ layers: [layers.dense({ units: 64, activation: 'relu', inputShape: [784], kernelRegularizer: regularizers.l2({ l2: 1e-3 }) }), layers.dense({ units: 10, activation: 'softmax' })] }) })],
  ])('says nothing about %s', async (_, make) => {
    expect(alarms(await look(make(), [optimizerSettings]))).toEqual([]);
  });

  it('finds a batch normalisation over one sample', async () => {
    const model = (): Sequential => sequential({ layers: [layers.dense({ units: 8, inputShape: [4] }), layers.batchNormalization({ name: 'norm' }), layers.dense({ units: 3, activation: 'softmax' })] });
    const { findings } = await look({ ...irisSetup(), model, fit: { batchSize: 1 } }, [optimizerSettings]);
    expect(findings.map(({ rule, where }) => [rule, where.layer])).toEqual([['batch-too-small-for-batchnorm', 'norm']]);
    expect(alarms(await look({ ...irisSetup(), model, fit: { batchSize: 16 } }, [optimizerSettings]))).toEqual([]);
  });

  it('mentions batches of 512 out of 120 samples, and gradients of 40 batches where there are 8', async () => {
    const large = await look({ ...irisSetup(), fit: { batchSize: 512 } }, [optimizerSettings]);
    expect(large.findings.map(({ rule, severity }) => [rule, severity])).toEqual([['batch-larger-than-data', 'info']]);
    const many = async (epochs: number) => (await look({ ...irisSetup(), accumulateSteps: 40, fit: { batchSize: 16, epochs } }, [optimizerSettings])).findings.map(({ rule, severity }) => [rule, severity]);
    expect(await many(100)).toEqual([['accumulates-over-epochs', 'info']]);
    // Ten updates in all, one at the end of each epoch.
    expect(await many(10)).toEqual([['accumulates-over-epochs', 'warning']]);
  });
  it('makes the fewest steps, 30, once the stage has taken more than 12 s, and all 300 that 60 s allow before', async () => {
    const lab = await Lab.open(irisSetup(), labDefaults);
    let shift = 0;
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + shift);
    try {
      startClock(lab);
      const before = await stepsWithin(lab, 60_000, { most: 300 });
      shift = 12_001;
      expect([before, await stepsWithin(lab, 60_000, { most: 300 })]).toEqual([300, 30]);
    } finally {
      clock.mockRestore();
      lab.close();
    }
  });
  it('finds class weights that make 50 irises of 75 count 4 times as much; their inverse, and 1.5 times, are none', async () => {
    const { inputs, labels } = irisSetup().data as { inputs: number[][]; labels: number[] };
    const chosen = labels.flatMap((label, i) => (label === 0 || (label === 1 && i % 2 === 0) ? [i] : []));
    const weighed = async (classWeights: Record<string, number>) => alarms(await look({ ...irisSetup(), data: { inputs: chosen.map((i) => inputs[i] ?? []), labels: chosen.map((i) => labels[i] ?? 0) }, fit: { batchSize: 16, epochs: 20, classWeights } }, [optimizerSettings]));
    expect(await weighed({ 0: 4, 1: 1 })).toEqual(['class-weights-inverted']);
    expect(await weighed({ 0: 1, 1: 2 })).toEqual([]);
    expect(await weighed({ 0: 1.5, 1: 1 })).toEqual([]);
  });
});

describe('input-independent-baseline', () => {
  it('finds labels in another order than their inputs', async () => {
    const experiment = regressionSetup();
    const { inputs, labels } = experiment.data as { inputs: number[][]; labels: number[][] };
    const random = numbers(9);
    const order = labels.map((_, i) => [random(), i] as const).toSorted(([a], [b]) => a - b);
    const seen = await look({ ...experiment, data: { inputs, labels: order.map(([, i]) => labels[i] ?? []) } }, [inputIndependentBaseline]);
    expect(alarms(seen)).toEqual(['inputs-do-not-explain-labels']);
  });

  it('finds that in 120 irises, too, as a warning, and says nothing about 120 irises as they are or 60 in another order', async () => {
    const experiment = irisSetup();
    const { inputs, labels } = experiment.data as { inputs: number[][]; labels: Int32Array };
    const random = numbers(9);
    const mixed = [...labels].map((_, i) => [random(), i] as const).toSorted(([a], [b]) => a - b).map(([, i]) => labels[i] ?? 0);
    const rows = [...inputs];
    const { findings } = await look({ ...experiment, data: { inputs: rows, labels: mixed } }, [inputIndependentBaseline]);
    expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([['inputs-do-not-explain-labels', 'warning']]);
    expect(alarms(await look(experiment, [inputIndependentBaseline]))).toEqual([]);
    expect(alarms(await look({ ...experiment, data: { inputs: rows.slice(0, 60), labels: mixed.slice(0, 60) } }, [inputIndependentBaseline]))).toEqual([]);
  }, 20_000);

  it('says nothing where the product of two inputs decides, or three', async () => {
    for (const factors of [2, 3]) {
      const random = numbers(10);
      const inputs = Array.from({ length: 1000 }, () => Array.from({ length: 3 }, () => random() - 0.5));
      const labels = inputs.map((row) => [row.slice(0, factors).reduce((product, each) => product * each, 1) > 0 ? 1 : 0]);
      const model = (): Sequential => sequential({ layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [3] }), layers.dense({ units: 1, activation: 'sigmoid' })] });
      expect(alarms(await look({ model, loss: 'binaryCrossentropy', data: { inputs, labels } }, [inputIndependentBaseline]))).toEqual([]);
    }
  });
});

describe('ladder', () => {
  it('finds the sizes that do not learn, and says nothing where all do', async () => {
    const broken = await look({ ...regressionSetup(), ladder: { sizes: [4, 16, 64], model: (units) => net(units, units > 10 ? -100 : 0) } }, [modelLadder]);
    expect(broken.findings.map(({ rule, severity }) => [rule, severity])).toEqual([['ladder-does-not-improve', 'warning']]);
    expect(broken.findings[0]?.message).toContain('16, 64');
    const before = tf.memory().numTensors;
    const sound = await look({ ...regressionSetup(), ladder: { sizes: [4, 16, 64], model: (units) => net(units) } }, [modelLadder]);
    expect(sound.findings).toEqual([]);
    // 3 x units and units weights, and units biases.
    expect((sound.results[0]?.measured as { rungs: { parameters: number }[] }).rungs.map(({ parameters }) => parameters)).toEqual([20, 80, 320]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('reproducible', () => {
  it('finds a loss that counts its calls, and warns where a seed is set', async () => {
    let calls = 0;
    const loss = (y: tf.Tensor, p: tf.Tensor): tf.Tensor => {
      calls += 1;
      return tf.mul(tf.mean(tf.square(tf.sub(y, p)), -1), 1 + 0.1 * (calls % 7));
    };
    const without = await look({ ...regressionSetup(), loss }, [reproducible]);
    expect(without.findings.map(({ rule, severity }) => [rule, severity])).toEqual([['not-reproducible', 'info']]);
    expect(alarms(await look({ ...regressionSetup(), loss, seed: 1 }, [reproducible]))).toEqual(['not-reproducible']);
  });

  it('says nothing about dropout, which draws the same numbers both times', async () => {
    const model = (): Sequential => sequential({ layers: [layers.dense({ units: 16, inputShape: [3] }), layers.dropout({ rate: 0.5 }), layers.dense({ units: 1 })] });
    expect((await look({ ...regressionSetup(), model, seed: 1 }, [reproducible])).findings).toEqual([]);
  });
});
