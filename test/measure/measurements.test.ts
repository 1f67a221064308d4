import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { Trainer } from '../../src/index.js';
import { clippedGradientNorms, definePlugin, gradientNorms, gradientStatistics, probePredictions, updateNorms, weightNorms, type Measurement, type Measurements, type SourceName, type ValuesOf } from '../../src/plugin/index.js';
import { testBackends, useBackend } from '../support/backends.js';
import { countReads } from '../support/counting-reads.js';
import { clouds, smallClassifier } from '../support/small-run.js';

/** Keeps all that is measured. */
const keeper = <M extends Measurements>(name: string, of: M, every: number | 'epoch' = 1) => {
  const kept: ValuesOf<M>[] = [];
  const plugin = definePlugin({ name, summary: 's', role: 'observe', needs: () => ({ every, of }), hooks: () => ({ measured: (values) => void kept.push(values) }) })();
  return { plugin, kept };
};
/** Of its tensors alone, as a third party's measurement is and as on every backend but cpu and wasm. */
const byTensors = <Value, Sources extends SourceName>({ key, sources, reduce, read }: Measurement<Value, Sources>): Measurement<Value, Sources> => ({ key, sources, reduce, read });
const norm = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0));

for (const backend of testBackends) {
  describe(`measured on ${backend}`, () => {
    it('norms of gradients, updates and weights of a line by hand: gradient [-4, -4], clipped to norm 1', async () => {
      await useBackend(backend);
      // y = w x, x = [1, 1], labels 2, w = 0: the loss is (0 - 2)^2 = 4, and each weight's gradient is 2 (0 - 2) 1 = -4.
      const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [2], useBias: false, kernelInitializer: 'zeros' })] });
      const name = model.weights[0]?.name ?? '';
      const { plugin, kept } = keeper('k', { raw: gradientNorms(), clipped: clippedGradientNorms(), statistics: gradientStatistics(), weights: weightNorms(), updates: updateNorms() });
      const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.5 }, clip: { globalNorm: 1 }, plugins: [plugin] });
      await trainer.fit({ inputs: [[1, 1]], labels: [[2]] });
      const [values] = kept;
      expect(values?.raw.byWeight.get(name)).toBeCloseTo(Math.sqrt(32), 5);
      expect(values?.raw.global).toBeCloseTo(Math.sqrt(32), 5);
      expect(values?.clipped.global).toBeCloseTo(1, 5);
      expect(values?.statistics.get(name)).toEqual({ norm: expect.closeTo(Math.sqrt(32), 5) as number, maxAbs: 4, zeros: 0, nonFinite: 0 });
      // w moves by 0.5 times the clipped gradient, [0.5, 0.5] / sqrt(2): norm 0.5.
      expect(values?.updates.global).toBeCloseTo(0.5, 5);
      expect(values?.weights.global).toBeCloseTo(0.5, 5);
      expect(norm(model.getWeights()[0]?.dataSync() ?? [])).toBeCloseTo(0.5, 5);
    });

    it('a gradient with NaN and zeros is counted as such: 2 of 4 zero, 1 of 4 not finite', async () => {
      await useBackend(backend);
      const w = tf.variable(tf.ones([4]));
      const { plugin, kept } = keeper('k', { statistics: gradientStatistics() });
      const weighing = tf.tensor1d([0, 0, 3, Number.NaN]);
      // d/dw of sum(w * c) is c.
      const trainer = new Trainer({ model: { forward: (x: tf.Tensor) => tf.add(tf.mul(tf.zerosLike(x), 0), tf.sum(tf.mul(w, weighing))), trainableWeights: { w } }, loss: (_, predictions) => tf.mean(predictions), plugins: [plugin] });
      await trainer.fit({ inputs: [[1]], labels: [[1]] });
      expect(kept[0]?.statistics.get('w')).toMatchObject({ zeros: 0.5, nonFinite: 0.25, norm: Number.NaN, maxAbs: Number.NaN });
      await trainer.dispose();
      tf.dispose([w, weighing]);
    });

    it('activations are what each layer gave in the step, the output layer and one asked for twice included', async () => {
      await useBackend(backend);
      // 2 -> relu(1 * x + 0) -> sum of both: by hand relu([1, -3]) = [1, 0], output 1.
      const model = sequential({
        layers: [
          layers.dense({ units: 2, inputShape: [2], activation: 'relu', kernelInitializer: 'identity', name: 'hidden' }),
          layers.dense({ units: 1, kernelInitializer: 'ones', name: 'out' }),
        ],
      });
      const layerOutput = (key: string, name?: string): Measurement<number[], 'activations'> => ({
        key,
        sources: ['activations'],
        ...(name === undefined ? {} : { layers: [name] }),
        reduce: ({ activations }) => tf.concat1d([...activations.values()].map((each) => tf.reshape<tf.Rank.R1>(each, [each.size]))),
        read: (values) => [...values],
      });
      const { plugin, kept } = keeper('k', { all: layerOutput('all'), hidden: layerOutput('hidden', 'hidden') });
      const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0 + 1e-9 }, plugins: [plugin] });
      await trainer.fit({ inputs: [[1, -3]], labels: [[1]] });
      expect(kept[0]?.all).toEqual([1, 0, 1]);
      model.dispose();
    });

    it('the probe answers for the first validation samples, after the update and in inference mode', async () => {
      await useBackend(backend);
      const model = smallClassifier();
      const { plugin, kept } = keeper('k', { probe: probePredictions({ samples: 3 }) }, 'epoch');
      const validation = clouds(8, 5);
      const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', plugins: [plugin] });
      await trainer.fit(clouds(12), { batchSize: 4, validation });
      const [predictions] = await trainer.predict({ inputs: { values: validation.inputs.values.slice(0, 12), shape: [3, 4] } });
      expect(kept).toHaveLength(1);
      expect(kept[0]?.probe[0]?.shape).toEqual([3, 2]);
      predictions?.dataSync().forEach((value, i) => expect(kept[0]?.probe[0]?.values[i]).toBeCloseTo(value, 5));
      predictions?.dispose();
    });
  });
}

describe('reading', () => {
  const run = async (plugins: readonly ReturnType<typeof keeper>['plugin'][], steps: number, logEvery = 1_000_000): Promise<{ reads: number[]; kernels: number[] }> => {
    await useBackend('cpu');
    const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], optimizer: { name: 'sgd', learningRate: 0.01 }, plugins, logEvery });
    const reads: number[] = [];
    const kernels: number[] = [];
    let counter: ReturnType<typeof countReads> | undefined;
    trainer.hook('batch', () => {
      counter = countReads();
    });
    trainer.hook('stepEnd', () => {
      reads.push(counter?.reads() ?? Number.NaN);
      kernels.push(counter?.kernels() ?? Number.NaN);
      counter?.stop();
    });
    await trainer.fit(clouds(4 * steps), { batchSize: 4, checkFinite: false });
    await trainer.dispose();
    return { reads, kernels };
  };

  it('happens once for each measurement in a due step, however many ask, and not at all in others', async () => {
    const seven = [
      keeper('a', { g: byTensors(gradientNorms()) }, 5),
      keeper('b', { g: byTensors(gradientStatistics()) }, 5),
      keeper('c', { w: byTensors(weightNorms()), u: byTensors(updateNorms()) }, 5),
      keeper('d', { g: byTensors(gradientNorms()), c: byTensors(clippedGradientNorms()) }, 5),
      keeper('e', { w: byTensors(weightNorms()) }, 5),
      keeper('f', { u: byTensors(updateNorms()) }, 5),
      keeper('g', { g: byTensors(gradientNorms()) }, 5),
    ];
    // On cpu the host reads what lies in its memory. In each step: labels, predictions and what they are weighed with for the
    // crossentropy, the loss and the metric. In due ones (5 and 10) five measurements besides, however many ask for them.
    expect((await run(seven.map(({ plugin }) => plugin), 11)).reads).toEqual([5, 5, 5, 5, 5 + 5, 5, 5, 5, 5, 5 + 5, 5]);
    expect(seven.map(({ kept }) => kept.length)).toEqual([2, 2, 2, 2, 2, 2, 2]);
  });

  it('costs the same kernels for three askers of one measurement as for one', async () => {
    const largest = (): Measurement<number, 'gradients'> => ({ key: 'largest', sources: ['gradients'], reduce: ({ gradients }) => tf.max(tf.stack([...gradients.values()].map((each) => tf.max(each)))), read: ([value = NaN]) => value });
    const one = await run([keeper('a', { g: largest() }).plugin], 3);
    const three = await run([keeper('a', { g: largest() }).plugin, keeper('b', { other: largest() }).plugin, keeper('c', { g: largest() }).plugin], 3);
    expect(three).toEqual(one);
    const none = await run([], 3);
    expect(none.kernels[1]).toBeLessThan(one.kernels[1] ?? 0);
  });

  it('costs no kernel and no read where tensors lie in memory of the host', async () => {
    const none = await run([], 3);
    const looking = await run([keeper('a', { raw: gradientNorms(), statistics: gradientStatistics(), clipped: clippedGradientNorms(), weights: weightNorms() }).plugin], 3);
    expect(looking).toEqual(none);
  });
});
