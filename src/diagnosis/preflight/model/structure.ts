import { finding, percent, type Finding } from '../../finding.js';
import type { Check } from '../check.js';
import { heldKernels, type HeldKernel, type HeldKernels } from './fresh-kernels.js';
import { frozenByHand } from './frozen-by-hand.js';
import { hiddenSoftmax } from './hidden-softmax.js';
import { layerNodes, noisy, passing, type LayerNode } from './graph.js';
import type { Lab } from '../lab.js';
import { disposeBatch } from '../../../data/index.js';
import { valuesOf } from './predictions.js';

/** Noise and freezing, by the layers' settings. */
export const structure: Check = {
  name: 'structure',
  stage: 'model',
  summary: 'Whether dropout, freezing and softmax are where they do no harm.',
  run: async (lab) => {
    const nodes = layerNodes(lab.model);
    const rates = nodes.flatMap(({ name, className, config }) => (noisy.has(className) && typeof config['rate'] === 'number' ? [{ name, rate: config['rate'] }] : []));
    const weights = lab.model.weights();
    const trainable = weights.reduce((sum, { info }) => sum + (info.trainable ? info.size : 0), 0);
    const all = weights.reduce((sum, { info }) => sum + (info.role === 'statistic' ? 0 : info.size), 0);
    const kernels = await heldKernels(lab.model);
    const byHand = await frozenByHand(lab);
    const findings = [...dropout(rates), ...(await noiseOnOutput(lab, nodes)), ...hiddenSoftmax(lab, nodes), ...frozen(nodes, trainable, all, kernels), ...(byHand.length === 0 ? [] : [frozenAtRandom(byHand)])];
    return { findings, measured: { dropout: rates, trainable, parameters: all, heldKernels: [...kernels.held, ...byHand] } };
  },
};

function dropout(rates: readonly { readonly name: string; readonly rate: number }[]): readonly Finding[] {
  const worst = rates.toSorted((a, b) => b.rate - a.rate)[0];
  // Srivastava et al. (2014), figure 9: from a rate of 0.5 on the test error rises, steeply past 0.8.
  if (worst === undefined || !(worst.rate > 0.5)) return [];
  return [
    finding({
      rule: 'dropout-too-high',
      severity: worst.rate >= 0.8 ? 'warning' : 'info',
      where: { layer: worst.name },
      message: `layer "${worst.name}" drops ${percent(worst.rate)} of its inputs in training: a rate is the share that is dropped, not kept`,
      evidence: { rates },
      remedy: 'Use a rate of 0.1 to 0.5.',
    }),
  ];
}

async function noiseOnOutput(lab: Lab, nodes: readonly LayerNode[]): Promise<readonly Finding[]> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  for (let node of nodes.filter(({ isOutput }) => isOutput)) {
    // Back from the output through what has no weights: noise on logits before a softmax layer counts as well.
    for (;;) {
      if (noisy.has(node.className) && typeof node.config['rate'] === 'number' && node.config['rate'] > 0) {
        const inner = byName.get(node.before[0] ?? '');
        const isLogits = inner !== undefined && inner.parameters > 0;
        if (isLogits) return [onOutput(node.name, `layer "${node.name}" (${node.className}) changes the outputs themselves at random in training`)];
      }
      const next = byName.get(node.before.length === 1 ? (node.before[0] ?? '') : '');
      if (next === undefined || (!passing.has(node.className) && node.className !== 'Activation' && node.className !== 'Softmax')) break;
      node = next;
    }
  }
  return nodes.length === 0 ? handwrittenNoise(lab) : [];
}

/**
 * Outputs of a model written by hand that are 0 in training alone, where the others are all larger by one factor: that
 * of dropout. Where hidden units drop out, outputs may be 0 by chance, and the others change each in its own way.
 */
async function handwrittenNoise(lab: Lab): Promise<readonly Finding[]> {
  const batch = lab.batch(lab.choose(Math.min(64, lab.training.count), 'model/noise'));
  try {
    const [training, inference] = await lab.trial(async () => [await valuesOf(lab.forward(batch.inputs, true).outputs), await valuesOf(lab.forward(batch.inputs, false).outputs)] as const);
    for (const [i, values] of training.entries()) {
      const before = inference[i] ?? new Float32Array();
      if (values.length < 20 || before.some((each) => each === 0)) continue;
      const factors = Array.from(values, (each, at) => each / (before[at] ?? NaN)).filter((each) => each !== 0);
      const [factor = NaN] = factors;
      const share = 1 - factors.length / values.length;
      if (!(share > 0.05) || factors.length < 4 || factors.some((each) => !(Math.abs(each - factor) < 1e-3 * factor))) continue;
      return [onOutput(lab.model.outputs[i]?.name ?? '', `${percent(share)} of the outputs are 0 in training and none in inference: dropout is applied to the outputs themselves`)];
    }
    return [];
  } finally {
    disposeBatch(batch);
  }
}

const onOutput = (layer: string, message: string): Finding =>
  finding({ rule: 'dropout-on-output', severity: 'warning', where: { layer }, message, evidence: {}, remedy: 'Put dropout before the last layer with weights, not after it.' });

function frozen(nodes: readonly LayerNode[], trainable: number, all: number, kernels: HeldKernels): readonly Finding[] {
  const held = nodes.filter(({ layer }) => layer.weights.length > 0 && layer.trainableWeights.length === 0 && !/Normalization/.test(layer.getClassName()));
  const output = held.find(({ isOutput }) => isOutput);
  if (output !== undefined) {
    return [
      finding({
        rule: 'output-frozen',
        severity: 'warning',
        where: { layer: output.name },
        message: `the output layer "${output.name}" is frozen: its ${String(output.parameters)} parameters are not trained`,
        evidence: { frozen: held.map(({ name }) => name) },
        remedy: `Set trainable to true on "${output.name}"; freeze what was trained before, and not what answers the new question.`,
      }),
    ];
  }
  const fresh = kernels.held.filter(({ isFresh, isOutput }) => isFresh === true && !isOutput);
  const atRandom = fresh.length === 0 ? [] : [frozenAtRandom(fresh)];
  // Kernels that have been trained may well be kept, and their biases alone trained on (Ben Zaken et al. 2022, "BitFit").
  if (kernels.trained === 0 && trainable > 0 && kernels.held.some(({ isFresh }) => isFresh === true)) {
    return [
      finding({
        rule: 'few-trainable',
        severity: 'warning',
        where: { weight: kernels.held[0]?.weight ?? '' },
        message: `no kernel is trained, and what is, ${percent(trainable / all)} of ${String(all)} parameters, is biases and scales; yet kernels such as "${kernels.held.find(({ isFresh }) => isFresh === true)?.weight ?? ''}" hold the random numbers of their initialiser`,
        evidence: { frozen: kernels.held.map(({ weight }) => weight), fresh: kernels.held.filter(({ isFresh }) => isFresh === true).map(({ weight }) => weight), trainable, parameters: all },
        remedy: 'Set trainable to true on the kernels, or load weights that have been trained before you freeze them.',
      }),
      ...atRandom,
    ];
  }
  const [first] = held;
  if (first === undefined || all === 0) return atRandom;
  return [
    ...atRandom,
    finding({
      rule: 'few-trainable',
      severity: 'info',
      where: { layer: first.name },
      message: `${String(held.length)} layers are frozen, and ${percent(trainable / all)} of ${String(all)} parameters are trained`,
      evidence: { frozen: held.map(({ name }) => name), trainable, parameters: all },
      remedy: 'That is right for layers that have been trained before; ones that begin at random should not be frozen.',
    }),
  ];
}

const frozenAtRandom = (fresh: readonly HeldKernel[]): Finding =>
  finding({
    rule: 'frozen-at-random',
    severity: 'warning',
    where: { layer: fresh[0]?.layer ?? '', weight: fresh[0]?.weight ?? '' },
    message: `${fresh.length === 1 ? 'the kernel' : `${String(fresh.length)} kernels, such as`} "${fresh[0]?.weight ?? ''}" ${fresh.length === 1 ? 'is' : 'are'} not trained and ${fresh.length === 1 ? 'holds' : 'hold'} the random numbers of ${fresh.length === 1 ? 'its' : 'their'} initialiser: what was trained before looks otherwise`,
    evidence: { kernels: fresh },
    remedy: `Train ${fresh.slice(0, 5).map(({ layer }) => `"${layer}"`).join(', ')} (trainable: true, or among the trainableWeights of a model by hand), or load the trained weights before training (after the model is built, and by the same names). Random features that are fixed on purpose are rare: then leave this as it is.`,
  });
