import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { toEventLine } from '../../src/events/index.js';

/** Single steps that stand out, for what is drawn to be held against: the one highest loss, and the one highest norm. */
export const spikes = { loss: { step: 123_457, value: 987.654 }, norm: { step: 234_560, value: 54_321.5 } } as const;

const layers = ['conv1', 'conv2', 'conv3', 'dense1', 'dense2', 'logits'] as const;

/** A number that looks random and is the same in every run (a linear congruential generator, Numerical Recipes' constants). */
function noise(): () => number {
  let state = 42;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

type Data = Readonly<Record<string, unknown>>;

/**
 * Writes a log as a training with seven plugins and the diagnosis writes it: every step told, norms of gradients and
 * weights at every third, statistics of layers at every 50th, predictions of eight samples and a profile each epoch.
 *
 * @returns bytes
 */
export async function writeLongLog(path: string, events: number): Promise<number> {
  const random = noise();
  const stream = createWriteStream(path, { highWaterMark: 1 << 20 });
  let seq = 0;
  let step = 0;
  let epoch = 0;
  let chunk = '';
  let bytes = 0;
  const began = 1_750_000_000_000;
  const emit = (event: string, plugin: string | null, data: Data): void => {
    if (seq >= events - 1 && event !== 'run-end') return;
    seq += 1;
    chunk += `${toEventLine({ v: 1, runId: '00000000-0000-4000-8000-000000000001', seq, time: began + step * 7, event, plugin, epoch, step, level: 'debug', data })}\n`;
  };
  const byKernel = (figures: () => Data): Data => Object.fromEntries(layers.map((layer) => [`${layer}/kernel`, figures()]));
  emit('run-start', null, {
    versions: { trainscope: '0.1.0', tfjs: '4.22.0', node: '20.0.0' },
    platform: 'linux-x64',
    backend: { name: 'wasm', refusals: [], notes: [] },
    model: { kind: 'layers', parameters: 1_200_000, trainableParameters: 1_200_000, weights: 12, layers: layers.map((name) => ({ name, className: 'Dense', outputShape: [null, 64], parameters: 200_000 })) },
    optimizer: { name: 'adam', learningRate: 0.001 },
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    configuration: { fit: { epochs: 500, batchSize: 64 } },
    configurationHash: '0'.repeat(64),
    seed: 1,
    plugins: ['seed', 'gradientNorm', 'weightNorm', 'predictionDynamics', 'earlyStopping', 'lrScheduler', 'gpuProfiler', 'diagnosis'].map((name) => ({ name, role: 'observe', options: {} })),
    fit: 1,
    epochs: 500,
  });
  const stepsAnEpoch = 1000;
  while (seq < events - 1) {
    if (step % stepsAnEpoch === 0) {
      epoch += 1;
      emit('epoch-start', null, { epochs: 500, learningRate: 0.001 });
    }
    step += 1;
    const fall = Math.exp(-step / 60_000);
    const rate = 0.001 * fall;
    const loss = step === spikes.loss.step ? spikes.loss.value : 2.3 * fall + 0.05 + 0.1 * random();
    emit('step', null, { loss, metrics: { accuracy: 1 - 0.9 * fall - 0.02 * random() }, learningRate: rate, batchSize: 64, samples: 64 * step, updated: true });
    if (step % 3 === 0) emit('learning-rate', 'lrScheduler', { learningRate: rate, previous: rate, count: step, per: 'step', reason: 'schedule' });
    if (step % 3 === 0 || step === spikes.norm.step) {
      const norm = (): number => 3 * fall + 0.2 * random();
      emit('gradient-norm', 'gradientNorm', { norm: step === spikes.norm.step ? spikes.norm.value : norm(), maxAbs: random(), zeros: random(), nonFinite: 0, score: random(), firstToLast: 1 + random(), weights: byKernel(() => ({ norm: norm(), maxAbs: random(), zeros: random(), nonFinite: 0 })) });
      emit('weight-norm', 'weightNorm', { norm: 20 + step / 50_000, updateNorm: rate * random(), updateRatio: rate * random(), growth: null, weights: byKernel(() => ({ norm: 8 + random(), updateNorm: rate * random(), updateRatio: rate * (0.5 + random()), growth: null })) });
    }
    if (step % 50 === 0) {
      emit('training-statistics', 'diagnosis', {
        loss,
        learningRate: rate,
        gradientNorm: 3 * fall,
        layers: Object.fromEntries(layers.map((layer) => [layer, { className: 'Dense', activation: 'relu', isOutput: layer === 'logits', rows: 64, deadUnits: 0.3 * random(), zeros: random(), rms: 1 + random(), maxAbs: 4 + random(), min: 0, beyondTanh: 0, beyondSigmoid: 0 }])),
        weights: byKernel(() => ({ layer: 'dense', isKernel: true, trainable: true, norm: 8, updateNorm: rate, gradientNorm: fall })),
        outputs: [{ samples: 64, nonFinite: 0, maxAbs: 4, spread: 0.3, labelSpread: 0.3, correlation: 1 - fall, classes: { count: 10, topPredicted: 0.14, topLabel: 0.13, labelEntropy: 2.2, agreement: 0.9, chance: 0.1 } }],
        tensors: 40,
        times: { data: step, total: 7 * step, loop: 7 * step },
      });
    }
    if (step % stepsAnEpoch === 0) {
      const metrics = { loss: 2.3 * fall + 0.1, accuracy: 1 - 0.9 * fall };
      const validation = { loss: 2.3 * fall + 0.15 + 0.05 * random(), accuracy: 0.98 - 0.9 * fall };
      emit('validation', null, { metrics: validation, samples: 10_000, ms: 300 });
      emit('prediction-dynamics', 'predictionDynamics', { output: 'logits', task: 'classification', logits: false, change: { meanAbsolute: fall * random(), flipped: 0, kl: fall }, trend: { label: 'settling', amplitude: null, growth: null, cosine: null, ofPeak: null, variation: null }, spread: 0.2, notFinite: 0, samples: Array.from({ length: 8 }, (_, index) => ({ index, prediction: Array.from({ length: 10 }, () => random()), label: index, change: fall, flips: 0 })) });
      emit('gpu-profile', 'gpuProfiler', { final: false, steps: step, samples: 64 * step, milliseconds: 7000, shares: { data: 0.02, forwardBackward: 0.8, update: 0.1, measure: 0.03, plugins: 0.01, validation: 0.03, pace: 0.01 }, stepsPerSecond: 140 + random(), samplesPerSecond: 9000, cpu: { cores: 1.2, available: 2, loadPerCore: 0.7 }, memory: { rss: 3e8, peakRss: 3e8, heapUsed: 1e8, heapTotal: 1.5e8, external: 1e7, tensorBytes: 2e7, peakTensorBytes: 2e7, tensors: 40 }, slowestPlugin: null, gpus: [], forgottenReadings: 0, verdict: { kind: 'compute', share: 0.9, of: 'compute', rule: 'compute', remedy: null } });
      emit('epoch-end', null, { epochs: 500, metrics, validation, learningRate: rate, steps: stepsAnEpoch, samples: 64_000, ms: 7300 });
      if (epoch === 100) emit('finding', 'diagnosis', { rule: 'overfitting', severity: 'warning', where: {}, message: 'the loss on validation data rises while that of the training falls', evidence: { epochs: 100 }, remedy: 'Stop earlier.', docs: 'rules/overfitting.md' });
    }
    if (chunk.length > 1 << 20) {
      bytes += Buffer.byteLength(chunk);
      if (!stream.write(chunk)) await once(stream, 'drain');
      chunk = '';
    }
  }
  emit('run-end', null, { reason: 'completed', by: null, message: null, epochs: epoch, steps: step, ms: 7 * step, metrics: { loss: 0.1 }, findings: 1 });
  bytes += Buffer.byteLength(chunk);
  stream.end(chunk);
  await once(stream, 'finish');
  return bytes;
}
