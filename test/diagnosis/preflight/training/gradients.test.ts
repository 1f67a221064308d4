import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
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
