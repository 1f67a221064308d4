import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch } from '../../../data/index.js';
import { digits, finding, percent, type Finding } from '../../finding.js';
import type { Check } from '../check.js';
import type { Lab } from '../lab.js';
import { affordable } from './facts.js';
import { layerNodes, type LayerNode } from './graph.js';
import { valuesOf } from './predictions.js';

interface LayerValues {
  readonly name: string;
  readonly rms: number;
  /** Units: the last axis. */
  readonly units: number;
  /** Share of units that are 0 for all samples. */
  readonly dead: number;
  /** Share of units beyond the flat range of tanh and sigmoid for 90% of the samples, by either's bounds. */
  readonly saturatedTanh: number;
  readonly saturatedSigmoid: number;
}

/** Values on the way through the untrained model. */
export const activationsAtStart: Check = {
  name: 'activations-at-start',
  stage: 'model',
  summary: 'Whether signals keep their size through the untrained model, and units are neither off nor saturated.',
  run: async (lab) => {
    const layers = await look(lab);
    const nodes = new Map(layerNodes(lab.model).map((node) => [node.name, node]));
    const findings = [...dead(layers, nodes), ...saturated(layers, nodes), ...course(layers, nodes)];
    return { findings, measured: { layers } };
  },
};

/** In training mode, for normalisation to be at work; a trial, for that moves running statistics. */
async function look(lab: Lab): Promise<readonly LayerValues[]> {
  const batch = lab.batch(lab.choose(affordable(lab, 256), 'model/activations'));
  try {
    return await lab.trial(async () => {
      const { outputs, activations } = lab.forward(batch.inputs, true, 'all');
      tf.dispose([...outputs]);
      const names = [...activations.keys()].filter((name) => (activations.get(name)?.rank ?? 0) >= 2);
      const units = names.map((name) => activations.get(name)?.shape.at(-1) ?? 1);
      const summaries = names.map((name) => {
        const each = activations.get(name) ?? tf.scalar(0);
        return tf.tidy(() => {
          const value = tf.reshape(tf.cast(each, 'float32'), [-1, each.shape.at(-1) ?? 1]);
          const share = (condition: tf.Tensor): tf.Tensor => tf.mean(tf.cast(condition, 'float32'), 0);
          const few = (condition: tf.Tensor): tf.Tensor => tf.mean(tf.cast(tf.greater(share(condition), 0.9), 'float32'));
          const size = tf.abs(value);
          return tf.stack([
            tf.sqrt(tf.mean(tf.square(value))),
            tf.mean(tf.cast(tf.equal(tf.max(size, 0), 0), 'float32')),
            few(tf.greater(size, 0.99)),
            few(tf.logicalOr(tf.less(value, 0.01), tf.greater(value, 0.99))),
          ]);
        });
      });
      tf.dispose([...activations.values()]);
      const values = await valuesOf(summaries);
      return names.map((name, i): LayerValues => {
        const [size = NaN, off = NaN, tanh = NaN, sigmoid = NaN] = values[i] ?? [];
        return { name, rms: size, units: units[i] ?? 1, dead: off, saturatedTanh: tanh, saturatedSigmoid: sigmoid };
      });
    });
  } finally {
    disposeBatch(batch);
  }
}

type Nodes = ReadonlyMap<string, LayerNode>;

/** Layers with units that a dead one in is told from the share of: one of four may be off by chance. */
const fewest = 8;

function dead(layers: readonly LayerValues[], nodes: Nodes): readonly Finding[] {
  const off = layers.filter(({ name, dead: share, units }) => {
    const activation = nodes.get(name)?.activation;
    // AUTOTRAINER's 70%; by hand the last output aside, only where all values are 0 or none is: a tap does not tell what it is.
    return units >= fewest && share > 0.7 && (nodes.size === 0 ? share === 1 : activation === 'relu' || activation === 'relu6');
  });
  const [first] = off;
  if (first === undefined) return [];
  // What gets zeros alone can give no more: the zeros' origin is the fault, and this one of its effects.
  const isStarved = isWithout(first.name, layers, nodes);
  const isAll = first.dead === 1;
  return [
    finding({
      rule: 'dead-units-at-start',
      severity: isStarved ? 'info' : isAll && nodes.get(first.name)?.after.length === 1 ? 'error' : 'warning',
      where: { layer: first.name },
      message: `${percent(first.dead)} of the ${String(first.units)} units of "${first.name}" are 0 for every sample before training${off.length > 1 ? `, and so it is in ${String(off.length - 1)} more layers` : ''}: ${isStarved ? 'what they get is 0 for every sample' : 'they have no gradient'}`,
      evidence: { isStarved, layers: off.map(({ name, dead: share, units }) => ({ name, dead: share, units })) },
      remedy: isStarved ? 'Look at the layers before it for what makes their values 0.' : 'Begin biases at 0 and kernels with heNormal, see that inputs are scaled, or use leakyReLU.',
    }),
  ];
}

/** Whether all that comes to a layer is 0, for every sample. */
function isWithout(name: string, layers: readonly LayerValues[], nodes: Nodes): boolean {
  const before = nodes.get(name)?.before ?? [];
  return before.length > 0 && before.every((each) => layers.find((layer) => layer.name === each)?.rms === 0);
}

/** Share of units beyond which a layer counts as saturated: most. SageMaker's rule has 50% too. */
const most = 0.5;

function saturated(layers: readonly LayerValues[], nodes: Nodes): readonly Finding[] {
  const flat = layers.flatMap((each) => {
    const node = nodes.get(each.name);
    // A gated layer's values are products; an output may well be sure.
    if (node === undefined || node.isOutput || /LSTM|GRU/.test(node.className) || each.units < 2) return [];
    const share = node.activation === 'tanh' ? each.saturatedTanh : node.activation === 'sigmoid' ? each.saturatedSigmoid : 0;
    return share > most ? [{ name: each.name, activation: node.activation, share }] : [];
  });
  const [first] = flat;
  if (first === undefined) return [];
  return [
    finding({
      rule: 'saturated-at-start',
      severity: 'warning',
      where: { layer: first.name },
      message: `${percent(first.share)} of the units of "${first.name}" (${String(first.activation)}) are in its flat part for 90% of the samples before training: hardly any gradient passes`,
      evidence: { layers: flat },
      remedy: 'Scale the inputs to a standard deviation of about 1, begin biases at 0, and use glorotUniform.',
    }),
  ];
}

/** Layers that a signal's size is followed through: those that end in a hidden value. */
const followed = /^(Dense|Conv[123]D|SeparableConv[12]D|DepthwiseConv2D|Activation|ReLU|LeakyReLU|ELU|BatchNormalization|LayerNormalization|Add|SimpleRNN)$/;

function course(layers: readonly LayerValues[], nodes: Nodes): readonly Finding[] {
  const hidden = layers.filter(({ name, rms: size }) => {
    const node = nodes.get(name);
    return size > 0 && (nodes.size === 0 || (node !== undefined && !node.isOutput && followed.test(node.className)));
  });
  const [first] = hidden;
  const last = hidden.at(-1);
  if (first === undefined || last === undefined || hidden.length < 3) return [];
  const ratio = last.rms / first.rms;
  // A factor of 1000 over the depth is one no rate suits at both ends.
  if (!(ratio > 1e3 || ratio < 1e-3)) return [];
  const rate = ratio ** (1 / (hidden.length - 1));
  const told = ratio > 1 ? ({ rule: 'activations-explode' } as const) : ({ rule: 'activations-vanish' } as const);
  return [
    finding({
      ...told,
      severity: nodes.size === 0 && !isSteady(hidden, ratio > 1) ? 'info' : 'warning',
      where: { layer: last.name },
      message: `activations ${ratio > 1 ? 'grow' : 'shrink'} from ${digits(first.rms)} in "${first.name}" to ${digits(last.rms)} in "${last.name}" before training, by ${digits(rate)} a layer`,
      evidence: { sizes: hidden.map(({ name, rms: size }) => ({ name, size })), rate },
      remedy: 'Use heNormal before ReLU and glorotUniform before tanh, or normalise between the layers.',
    }),
  ];
}

/** Taps from which on a course shows, and not just two values of different kinds. */
const fewestTaps = 6;

/** A tap may be anything; many of which each is larger than the one before, or each smaller, are a signal on its way. */
function isSteady(taps: readonly LayerValues[], isRising: boolean): boolean {
  return taps.length >= fewestTaps && taps.every(({ rms: size }, i) => i === 0 || (isRising ? size > (taps[i - 1]?.rms ?? 0) : size < (taps[i - 1]?.rms ?? 0)));
}
