import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch } from '../../../data/index.js';
import { forwardBackward } from '../../../trainer/gradients.js';
import { digits, finding, percent, type Finding } from '../../finding.js';
import type { Check } from '../check.js';
import type { Lab } from '../lab.js';
import { layerNodes } from './graph.js';
import { valuesOf } from './predictions.js';

interface KernelGradient {
  readonly name: string;
  readonly layer: string | undefined;
  readonly weight: number;
  readonly gradient: number;
}

interface Norms {
  readonly kernels: readonly KernelGradient[];
  readonly data: number;
  readonly penalty: number | undefined;
  readonly loss: number;
  readonly penaltyValue: number;
}

/** Gradients of the untrained model: over its depth, and beside those of its penalties. */
export const gradientsAtStart: Check = {
  name: 'gradients-at-start',
  stage: 'model',
  summary: 'Whether gradients reach the first layer, and the data outweighs the regularisation.',
  run: async (lab) => {
    const norms = await measure(lab);
    return { findings: [...depth(lab, norms), ...regularisation(lab, norms)], measured: { ...norms } };
  },
};

async function measure(lab: Lab): Promise<Norms> {
  const count = Math.min(lab.training.count, Math.max(32, Math.min(lab.batchSize, 128)));
  const batch = lab.batch(lab.choose(count, 'model/gradients'));
  const { model, loss } = lab;
  const trainable = model.weights().filter(({ info }) => info.trainable);
  const withoutPenalty = { ...faceOf(model), penalty: () => undefined };
  try {
    return await lab.trial(async () => {
      const pass = forwardBackward({ model: withoutPenalty, loss, lossHook: undefined, trainable, batch, layers: [] });
      const sums = (of: ReadonlyMap<string, tf.Tensor>): tf.Tensor => tf.tidy(() => tf.stack([tf.scalar(0), ...[...of.values()].map((each) => tf.sum(tf.square(each)))]));
      const own = sums(pass.gradients);
      const names = [...pass.gradients.keys()];
      const sizes = tf.tidy(() => tf.stack([tf.scalar(0), ...trainable.map(({ variable }) => tf.sum(tf.square(variable)))]));
      const value = pass.loss;
      tf.dispose([...pass.perOutput, ...pass.predictions, ...pass.activations.values(), ...pass.gradients.values()]);
      const [squares = [], weights = [], [lossValue = NaN] = []] = await valuesOf([own, sizes, value]);
      const penalties = await penaltyNorm(lab);
      const rootOf = (x: number | undefined): number => Math.sqrt(x ?? 0);
      const kernels = trainable.flatMap(({ info }, i): KernelGradient[] =>
        info.role === 'kernel' && names.includes(info.name) ? [{ name: info.name, layer: info.layer, weight: rootOf(weights[i + 1]), gradient: rootOf(squares[names.indexOf(info.name) + 1]) }] : [],
      );
      return { kernels, data: Math.sqrt(Array.from(squares).reduce((sum, each) => sum + each, 0)), penalty: penalties?.norm, loss: lossValue, penaltyValue: penalties?.value ?? 0 };
    });
  } finally {
    disposeBatch(batch);
  }
}

/** A face whose methods are called on the model itself. */
const faceOf = (model: Lab['model']): Lab['model'] => ({
  kind: model.kind,
  source: model.source,
  inputs: model.inputs,
  outputs: model.outputs,
  dataNames: model.dataNames,
  forward: (...args) => model.forward(...args),
  tappable: () => model.tappable(),
  penalty: () => model.penalty(),
  weights: () => model.weights(),
  savedNames: () => model.savedNames(),
  statefulLayers: () => model.statefulLayers(),
  topology: () => model.topology(),
  layers: () => model.layers(),
});

async function penaltyNorm({ model }: Lab): Promise<{ readonly value: number; readonly norm: number } | undefined> {
  const variables = model.weights().flatMap(({ info, variable }) => (info.trainable ? [variable] : []));
  const has = tf.tidy(() => model.penalty() !== undefined);
  if (!has) return undefined;
  try {
    const { value, grads } = tf.variableGrads(() => model.penalty() ?? tf.scalar(0), variables);
    const norm = tf.tidy(() => tf.sqrt(tf.addN([tf.scalar(0), ...Object.values(grads).flatMap((each: tf.Tensor | null) => (each === null ? [] : [tf.sum(tf.square(each))]))])));
    tf.dispose(Object.values(grads).filter((each: tf.Tensor | null) => each !== null));
    const [[size = NaN] = [], [own = NaN] = []] = await valuesOf([norm, value]);
    return { value: own, norm: size };
  } catch {
    // A penalty that is a constant has no gradient.
    return undefined;
  }
}

function depth(lab: Lab, { kernels }: Norms): readonly Finding[] {
  const nodes = layerNodes(lab.model);
  if (nodes.length === 0) return [];
  // One kernel a layer, in the order of the layers; recurrent layers have a depth in time of their own.
  const plain = new Set(nodes.flatMap(({ name, className }) => (/^(Dense|Conv[123]D)$/.test(className) ? [name] : [])));
  const chain = kernels.filter(({ layer }) => layer !== undefined && plain.has(layer));
  const [first] = chain;
  const last = chain.at(-1);
  if (first === undefined || last === undefined || chain.length < 4 || !(first.gradient > 0) || !(last.gradient > 0)) return [];
  // Relative to the weights, for what counts is how soon they change.
  const relative = chain.map(({ gradient, weight }) => gradient / Math.max(weight, 1e-12));
  const ratio = (relative[0] ?? NaN) / (relative.at(-1) ?? NaN);
  const steps = relative.slice(1).map((each, i) => each / (relative[i] ?? NaN));
  const falling = steps.filter((each) => each > 1).length / steps.length;
  // AUTOTRAINER's 1e-3 for the first layer's gradient beside the last's; and shrinking in most of the layers, not in one.
  // Three sigmoid layers before a target that is far off come to 7e-4 and train (measured): a warning takes a decade more.
  if (!(ratio < 1e-3 && falling >= 0.7)) return [];
  const squashing = nodes.filter(({ activation, isOutput }) => !isOutput && (activation === 'sigmoid' || activation === 'tanh'));
  return [
    finding({
      rule: 'gradients-vanish',
      severity: ratio < 1e-4 ? 'warning' : 'info',
      where: { layer: first.layer ?? '' },
      message: `the gradient of the first kernel is ${digits(ratio)} of the last one's, relative to their weights, and shrinks through ${percent(falling)} of ${String(chain.length)} layers on its way back`,
      evidence: { relativeGradients: chain.map(({ name }, i) => ({ name, relative: relative[i] ?? NaN })), ratio, squashingLayers: squashing.map(({ name }) => name) },
      remedy: squashing.length > 1 ? `Use relu with heNormal in the hidden layers in place of ${String(squashing[0]?.activation)}, or normalise between them.` : 'Use heNormal before ReLU, normalise between the layers, or add residual connections.',
    }),
  ];
}

function regularisation(lab: Lab, { data, penalty, loss, penaltyValue }: Norms): readonly Finding[] {
  if (penalty === undefined || !(data > 0)) return [];
  const ratio = penalty / data;
  const share = penaltyValue / Math.abs(loss);
  // TheDeepChecker's bound: regularisation pulls twice as much as the data. Early gradients of the data are the largest
  // there will be, so where it holds at the start it holds throughout; the value beside it tells a strong pull from a flat start.
  const isStrong = ratio > 2 && share > 1;
  if (!isStrong && !(share > 10)) return [];
  const regularised = layerNodes(lab.model).filter(({ config }) => config['kernelRegularizer'] != null).map(({ name }) => name);
  return [
    finding({
      rule: 'regularization-too-strong',
      severity: isStrong ? 'warning' : 'info',
      where: regularised[0] === undefined ? {} : { layer: regularised[0] },
      message: `penalties are ${digits(penaltyValue)} beside a loss of ${digits(loss)} at the start, and their gradient is ${digits(ratio)} times that of the data: training shrinks the weights first of all`,
      evidence: { penalty: penaltyValue, loss, gradientRatio: ratio, layers: regularised },
      remedy: `Make the regularisation smaller, by ${digits(Math.max(ratio, share))} and more; 1e-4 is a common factor for L2.`,
    }),
  ];
}
