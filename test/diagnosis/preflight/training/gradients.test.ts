import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { finiteAtStart } from '../../../../src/diagnosis/preflight/training/finite.js';
import { gradientFlow } from '../../../../src/diagnosis/preflight/training/flow.js';
import { gradientCheck } from '../../../../src/diagnosis/preflight/training/gradient-check.js';
import { seesInputs } from '../../../../src/diagnosis/preflight/training/sees-inputs.js';
import { useBackend } from '../../../support/backends.js';
import { alarms, digitsSetup, irisSetup, lettersSetup, look, regressionSetup, sequenceSetup } from './setups.js';

beforeAll(() => useBackend('wasm'));

type Grad = (dy: tf.Tensor, x: tf.Tensor) => tf.Tensor;

/** tanh with a gradient of one's own. */
class OwnTanh extends layers.Layer {
  static readonly className = 'OwnTanh';
  constructor(private readonly gradient: Grad) {
    super({});
  }
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    const op = tf.customGrad((...args) => {
      const [a] = args as [tf.Tensor];
      return { value: tf.tanh(a), gradFunc: (dy: tf.Tensor) => this.gradient(dy, a) };
    });
    return op(x as tf.Tensor);
  }
  override computeOutputShape(shape: (number | null)[]): (number | null)[] {
    return shape;
  }
}

const through = (layer: layers.Layer) => (): Sequential =>
  sequential({ layers: [layers.dense({ units: 16, inputShape: [3], name: 'below', kernelInitializer: initializers.glorotUniform({ seed: 3 }) }), layer, layers.dense({ units: 1, name: 'above', kernelInitializer: initializers.glorotUniform({ seed: 4 }) })] });

const right: Grad = (dy, x) => tf.mul(dy, tf.sub(1, tf.square(tf.tanh(x))));

const deadDigits = () => ({
  ...digitsSetup(),
  model: () =>
    sequential({
      layers: [layers.dense({ units: 8, activation: 'relu', inputShape: [784], biasInitializer: initializers.constant({ value: -100 }) }), layers.dense({ units: 10, activation: 'softmax' })],
    }),
});

describe('gradient-check', () => {
  it.each([
    ['digits', () => digitsSetup()],
    ['irises', () => irisSetup()],
    ['numbers', () => regressionSetup()],
    ['absolute errors', () => ({ ...regressionSetup(), loss: 'meanAbsoluteError' as const })],
    ['sequences', () => sequenceSetup()],
    ['letters', () => lettersSetup()],
    ['a right custom gradient', () => ({ ...regressionSetup(), model: through(new OwnTanh(right)) })],
  ])('agrees with TensorFlow.js on %s, and leaves no tensor', async (_, make) => {
    const experiment = make();
    const before = tf.memory().numTensors;
    const { findings, results } = await look(experiment, [gradientCheck]);
    expect(findings).toEqual([]);
    const { compared } = results[0]?.measured as { compared: { certain: boolean }[] };
    expect(compared.some(({ certain }) => certain)).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('finds a gradient with the wrong sign, in the layer below it alone', async () => {
    const { findings } = await look({ ...regressionSetup(), model: through(new OwnTanh((dy, x) => tf.neg(right(dy, x)))) }, [gradientCheck]);
    expect(findings.map(({ rule, severity, where }) => [rule, severity, where.layer])).toEqual([['wrong-gradient', 'error', 'below']]);
    const [wrong] = (findings[0]?.evidence as { wrong: { analytic: number; numeric: number }[] }).wrong;
    expect(wrong?.numeric).toBeCloseTo(-(wrong?.analytic ?? NaN), 2);
  });

  it('finds a gradient of half its size: an error of 0.5', async () => {
    const { findings } = await look({ ...regressionSetup(), model: through(new OwnTanh((dy, x) => tf.mul(0.5, right(dy, x)))) }, [gradientCheck]);
    const [wrong] = (findings[0]?.evidence as { wrong: { error: number }[] }).wrong;
    expect(findings[0]?.rule).toBe('wrong-gradient');
    expect(wrong?.error).toBeCloseTo(0.5, 2);
  });

  it('finds a gradient that was lost on the way down', async () => {
    const { findings } = await look({ ...regressionSetup(), model: through(new OwnTanh((dy) => tf.zerosLike(dy))) }, [gradientCheck]);
    expect(findings.map(({ rule, severity, where }) => [rule, severity, where.layer])).toEqual([['gradient-lost', 'error', 'below']]);
  });

  const ties = (hidden: () => layers.Layer[]) => (): Sequential => sequential({ layers: [layers.dense({ units: 8, inputShape: [3], kernelInitializer: 'zeros', name: 'below' }), ...hidden(), layers.dense({ units: 1, kernelInitializer: initializers.glorotUniform({ seed: 4 }) })] });
  it.each([
    ['kernels of 0 below a leaky ReLU, where its derivative is 0.3 or 1', ties(() => [layers.leakyReLU()])],
    ['kernels of 0 below a ReLU, where its derivative is 0 or 1', ties(() => [layers.reLU()])],
    ['equal units of which the largest is taken', ties(() => [layers.reshape({ targetShape: [4, 2] }), layers.maxPooling1d({ poolSize: 4 }), layers.flatten()])],
  ])('leaves ties alone: %s', async (_, model) => {
    for (const samples of [100, 130, 160, 200]) expect((await look({ ...regressionSetup(undefined, samples), model }, [gradientCheck])).findings).toEqual([]);
  });

  it('says of a reversed gradient that it may be meant', async () => {
    const reversed = new OwnTanh((dy, x) => tf.mul(-0.5, right(dy, x)));
    const { findings } = await look({ ...regressionSetup(), model: through(reversed) }, [gradientCheck]);
    expect(findings[0]).toMatchObject({ rule: 'wrong-gradient', severity: 'error' });
    expect(findings[0]?.remedy).toMatch(/by the same factor for all of these weights.*A gradient reversal layer/);
  });

  it('cannot tell where the loss is another one each time', async () => {
    const loss = (y: tf.Tensor, p: tf.Tensor): tf.Tensor => tf.mul(tf.mean(tf.square(tf.sub(y, p)), -1), Math.random());
    const { findings, results } = await look({ ...regressionSetup(), loss }, [gradientCheck]);
    expect(findings).toEqual([]);
    expect(results[0]?.cannotTell).toContain('another one each time');
  });
});

describe('gradient-flow', () => {
  it('finds units that are 0 for all inputs: neither kernel has a gradient', async () => {
    const { findings } = await look(deadDigits(), [gradientFlow]);
    expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([['no-gradient', 'error']]);
    expect(findings[0]?.evidence['weights']).toHaveLength(2);
  });

  it('finds a softmax over one unit, whose output is 1 whatever comes in', async () => {
    const model = (): Sequential => sequential({ layers: [layers.flatten({ inputShape: [12, 1] }), layers.dense({ units: 4 }), layers.dense({ units: 1, activation: 'softmax' })] });
    const seen = await look({ ...sequenceSetup(), model }, [gradientFlow, seesInputs]);
    expect(alarms(seen)).toEqual(['no-gradient', 'inputs-ignored']);
  });

  it('leaves a branch alone that begins with a kernel of 0 and so has no gradient in the first step', async () => {
    const model = (): Sequential =>
      sequential({ layers: [layers.dense({ units: 8, activation: 'tanh', inputShape: [3] }), layers.dense({ units: 1, kernelInitializer: 'zeros' })] });
    expect(alarms(await look({ ...regressionSetup(), model }, [gradientFlow, seesInputs]))).toEqual([]);
  });

  it.each([['digits', () => digitsSetup()], ['letters', () => lettersSetup()], ['sequences', () => sequenceSetup()]])('says nothing about %s', async (_, make) => {
    expect(alarms(await look(make(), [gradientFlow, seesInputs]))).toEqual([]);
  });
});

describe('finite-at-start', () => {
  const logLoss = (least: number) => (y: tf.Tensor, p: tf.Tensor): tf.Tensor => tf.neg(tf.mean(tf.mul(y, tf.log(tf.add(tf.relu(p), least))), -1));

  it('finds the logarithm of 0 in the loss: minus infinity where relu gives 0, and nothing with 1e-7 added', async () => {
    const before = tf.memory().numTensors;
    const { findings } = await look({ ...regressionSetup(), loss: logLoss(0) }, [finiteAtStart]);
    expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([['non-finite-at-start', 'error']]);
    expect(findings[0]?.message).toMatch(/first in the loss, while all layers give finite values, in 4 of 4 batches of 32/);
    expect((await look({ ...regressionSetup(), loss: logLoss(1e-7) }, [finiteAtStart])).findings).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('names the layer: the root of numbers of which some are below 0', async () => {
    class Root extends OwnTanh {
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        return tf.sqrt(Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs);
      }
    }
    const root = new Root(right);
    const { findings } = await look({ ...regressionSetup(), model: through(root) }, [finiteAtStart]);
    expect(findings.map(({ rule, where }) => [rule, where.layer])).toEqual([['non-finite-at-start', root.name]]);
  });

  it('names the gradient of a root at 0 while the loss is finite', async () => {
    const model = (): Sequential => sequential({ layers: [layers.dense({ units: 1, inputShape: [3], kernelInitializer: 'zeros', name: 'only' })] });
    const loss = (_: tf.Tensor, p: tf.Tensor): tf.Tensor => tf.mean(tf.sqrt(tf.abs(p)), -1);
    const { findings } = await look({ ...regressionSetup(), model, loss }, [finiteAtStart]);
    expect(findings[0]?.message).toMatch(/in the gradient of "only\/\w+", while the loss is finite/);
  });

  it.each([['digits', () => digitsSetup()], ['letters', () => lettersSetup()], ['sequences', () => sequenceSetup()], ['irises', () => irisSetup()]])('says nothing about %s', async (_, make) => {
    expect((await look(make(), [finiteAtStart])).findings).toEqual([]);
  });
});
