import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch } from '../../../data/index.js';
import { digits, finding, type Finding } from '../../finding.js';
import type { Check } from '../check.js';
import type { Lab } from '../lab.js';
import { factsOf, labelsAreInputs } from './facts.js';
import { layerNodes, passing, type LayerNode } from './graph.js';
import { predictInputs, rms } from './predictions.js';

/** Layers whose result is an affine function of what they get, given activation `linear`. */
const isLinearKernel = ({ className, activation }: LayerNode): boolean => /^(Dense|Conv[123]D)$/.test(className) && (activation === undefined || activation === 'linear');
const isKernel = ({ className }: LayerNode): boolean => /^(Dense|Conv[123]D)$/.test(className);

/** Whether several layers do more than one would. */
export const linearity: Check = {
  name: 'linearity',
  stage: 'model',
  summary: 'Whether something non-linear stands between the layers.',
  run: async (lab) => {
    const nodes = layerNodes(lab.model);
    const pairs = linearPairs(nodes);
    // With weights of another draw: what begins at zero, a residual branch or a last kernel, hides what comes after it.
    const drawn = (draw: number): ReturnType<typeof wholeIsLinear> =>
      lab.trial(() => {
        stir(lab, draw);
        return wholeIsLinear(lab);
      });
    const first = await drawn(1);
    // Of another draw once more: a few units of ReLU may all be off, or on, by chance.
    const whole = first.isLinear ? await drawn(2) : first;
    const measured = { linearPairs: pairs, bend: whole.bend ?? null };
    if (whole.isLinear) return { findings: [networkIsLinear(whole.kernels, whole.bend ?? 0, pairs, await isLinearCode(lab))], measured };
    return { findings: missingActivation(pairs), measured };
  },
};

/** Whether inputs are to come out again of fewer numbers: of a linear code, as principal components are (Baldi and Hornik 1989). */
async function isLinearCode(lab: Lab): Promise<boolean> {
  const narrowest = Math.min(...lab.model.weights().flatMap(({ info: { shape, role } }) => (shape.length === 2 && role !== 'statistic' ? [shape.at(-1) ?? 1] : [])));
  const widths = layerNodes(lab.model).map(({ outputShape }) => sizeOf(outputShape));
  const { outputs } = await factsOf(lab);
  return outputs.some((output) => Math.min(narrowest, ...widths) < output.labels.width) && labelsAreInputs(lab);
}

const sizeOf = (shape: LayerNode['outputShape']): number => (shape ?? []).slice(1).reduce<number>((product, each) => product * (each ?? 1), 1);

/** Two kernels with nothing between them but what passes values on, where the first is no bottleneck. */
function linearPairs(nodes: readonly LayerNode[]): readonly (readonly [string, string])[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return nodes.flatMap((node): (readonly [string, string])[] => {
    if (!isLinearKernel(node) || node.isOutput) return [];
    let at = node;
    for (;;) {
      const next = at.after.length === 1 ? byName.get(at.after[0] ?? '') : undefined;
      if (next === undefined || next.before.length !== 1) return [];
      if (isKernel(next)) return isBottleneck(node, next) ? [] : [[node.name, next.name]];
      if (!passing.has(next.className) || next.isOutput) return [];
      at = next;
    }
  });
}

/** Fewer numbers than before and after it: a code, a factorised kernel. A convolution of 1x1 mixes channels on purpose. */
function isBottleneck(node: LayerNode, next: LayerNode): boolean {
  const kernel = node.config['kernelSize'];
  const isPointwise = Array.isArray(kernel) && kernel.every((each) => each === 1);
  return isPointwise || (sizeOf(node.outputShape) < sizeOf(node.inputShape) && sizeOf(node.outputShape) < sizeOf(next.outputShape));
}

function missingActivation(pairs: readonly (readonly [string, string])[]): readonly Finding[] {
  const [first] = pairs;
  if (first === undefined) return [];
  return [
    finding({
      rule: 'missing-activation',
      severity: 'warning',
      where: { layer: first[0] },
      message: `layer "${first[0]}" has no activation before layer "${first[1]}"${pairs.length > 1 ? `, nor have ${String(pairs.length - 1)} others before theirs` : ''}: together the two are one linear layer`,
      evidence: { pairs: pairs.map((pair) => [...pair]) },
      remedy: `Give "${first[0]}" an activation such as relu, or take it out.`,
    }),
  ];
}

/** How far apart f((a + b) / 2) and the mean of f(a) and f(b) may be for float32, by the difference of f(a) and f(b). */
const straight = 1e-3;

/** Adds to each weight what an initialiser would draw. */
function stir(lab: Lab, draw: number): void {
  const stream = lab.random(`model/linear/weights/${String(draw)}`);
  for (const { info, variable } of lab.model.weights()) {
    if (info.role === 'statistic') continue;
    const scale = info.shape.length < 2 ? 0.1 : Math.sqrt((info.shape.at(-1) ?? 1) / info.size);
    const moved = tf.tidy(() => tf.add(variable, tf.tensor(Float32Array.from({ length: info.size }, () => scale * stream.normal()), [...info.shape])));
    variable.assign(moved);
    moved.dispose();
  }
}

async function wholeIsLinear(lab: Lab): Promise<{ readonly isLinear: boolean; readonly kernels: number; readonly bend?: number }> {
  const kernels = lab.model.weights().filter(({ info }) => info.shape.length >= 2 && info.role !== 'statistic').length;
  const { isFloat, outputs } = await factsOf(lab);
  if (kernels < 2 || !isFloat || lab.training.count < 4 || outputs.length === 0) return { isLinear: false, kernels };
  const count = Math.min(16, lab.training.count);
  const bends: number[] = [];
  // As they are, and spread wide: tanh is straight near 0, and ReLU where it does not turn.
  for (const factor of [1, 3, 30]) {
    const chosen = lab.choose(count, `model/linear/${String(factor)}`);
    const a = lab.batch(chosen);
    const b = lab.batch(Array.from(chosen, (_, i) => chosen[(i + 1) % count] ?? 0));
    try {
      // a is scaled, b is scaled the other way: the line between them passes near the middle of the data.
      const [one, two] = [a.inputs.map((each) => tf.mul(each, factor)), b.inputs.map((each) => tf.mul(each, -factor))];
      const middle = one.map((each, i) => tf.tidy(() => tf.mul(tf.add(each, two[i] ?? each), 0.5)));
      const [f, g, h] = [await predictInputs(lab, one), await predictInputs(lab, two), await predictInputs(lab, middle)];
      tf.dispose([...one, ...two, ...middle]);
      for (const output of outputs) {
        const logits = [f, g, h].map(({ values }) => logitsOf(values[output.index] ?? new Float32Array(), output.activation, output.width));
        const bend = bendOf(logits);
        if (bend !== undefined) bends.push(bend);
      }
    } finally {
      disposeBatch(a);
      disposeBatch(b);
    }
  }
  const bend = Math.max(...bends);
  // Two of three scales at least have to tell: probabilities at 0 and 1 have no logits.
  return { isLinear: bends.length >= 2 * outputs.length && bend < straight, kernels, ...(bends.length === 0 ? {} : { bend }) };
}

/** What goes into the last activation, up to a constant a row; NaN where it cannot be told. */
function logitsOf(values: Float32Array, activation: string | undefined, width: number): Float32Array {
  // Below 1e-6 of 1, float32 probabilities keep too few digits.
  if (activation === 'sigmoid') return values.map((p) => (p > 1e-4 && p < 1 - 1e-4 ? Math.log(p / (1 - p)) : NaN));
  if (activation === 'softmax') return values.map((p, i) => (p > 1e-6 && (values[i - (i % width)] ?? 0) > 1e-6 ? Math.log(p) - Math.log(values[i - (i % width)] ?? NaN) : NaN));
  return values;
}

function bendOf([f = new Float32Array(), g = new Float32Array(), h = new Float32Array()]: readonly Float32Array[]): number | undefined {
  const told = Array.from(h.keys()).filter((i) => [f, g, h].every((each) => Number.isFinite(each[i])));
  if (told.length < 4) return undefined;
  const scale = rms(told.map((i) => (f[i] ?? 0) - (g[i] ?? 0)));
  // A constant is no evidence of anything.
  if (!(scale > 0)) return undefined;
  return Math.max(...told.map((i) => Math.abs((h[i] ?? 0) - ((f[i] ?? 0) + (g[i] ?? 0)) / 2))) / scale;
}

function networkIsLinear(kernels: number, bend: number, pairs: readonly (readonly [string, string])[], isCode: boolean): Finding {
  const [first] = pairs;
  return finding({
    rule: 'network-is-linear',
    severity: isCode ? 'info' : 'warning',
    where: first === undefined ? {} : { layer: first[0] },
    message: `the model has ${String(kernels)} kernels and is a linear function of its inputs: halfway between two inputs it gives the mean of their outputs, to ${digits(bend)} of their difference`,
    evidence: { kernels, bend, layersWithoutActivation: pairs.map(([name]) => name), isLinearCode: isCode },
    remedy: first === undefined ? 'Put a non-linear activation such as relu between the kernels.' : `Give ${pairs.map(([name]) => `"${name}"`).join(', ')} an activation such as relu.`,
  });
}
