import { disposeBatch } from '../../../data/index.js';
import type { ModelWeight } from '../../../trainer/model.js';
import { digits, finding, type Finding } from '../../finding.js';
import type { Check } from '../check.js';
import type { Lab } from '../lab.js';
import { layerNodes } from './graph.js';
import { rms } from './predictions.js';

/** Updates after which units that began alike are compared: the first ones are all that symmetry needs to break. */
const updates = 4;

/** Layers after which a branch of zeros is one of several: a residual or a gate that begins closed. */
const joining = /^(Add|Multiply|Concatenate|Average|Maximum|Subtract|Dot)$/;

/** Units that begin with equal weights, and whether a few updates tell them apart. */
export const symmetricWeights: Check = {
  name: 'symmetric-weights',
  stage: 'model',
  summary: 'Whether the units of a layer begin with equal weights, and stay equal.',
  run: async (lab) => {
    const kernels = hiddenKernels(lab);
    const alike: ModelWeight[] = [];
    for (const each of kernels) if (spreadOverUnits(await each.variable.data<'float32'>(), each.info.size, unitsOf(each)) === 0) alike.push(each);
    const measured: Record<string, unknown> = { kernels: kernels.length, alike: alike.map(({ info }) => info.name) };
    if (alike.length === 0) return { findings: [], measured };
    const after = await trained(lab, alike);
    measured['spreadAfterUpdates'] = Object.fromEntries(after);
    const all = alike.map(({ info }) => ({ weight: info.name, layer: info.layer, spread: after.get(info.name) ?? 0 }));
    // 1% of the size of what the kernel holds or has moved: dropout alone makes units differ slowly.
    const stuck = all.filter(({ spread }) => !(spread > 0.01));
    if (stuck.length > 0) return { findings: [found('error', stuck, `, and after ${String(updates)} updates they still are: a layer of such units is one unit`)], measured };
    const nodes = new Map(layerNodes(lab.model).map((node) => [node.name, node]));
    const isBranch = (layer: string | undefined): boolean => {
      for (let node = nodes.get(layer ?? ''), steps = 0; node !== undefined && steps < nodes.size; steps += 1) {
        if (node.after.length !== 1) return true;
        const next = nodes.get(node.after[0] ?? '');
        if (next === undefined || joining.test(next.className)) return true;
        if (next.parameters > 0 && !/Normalization/.test(next.className)) return false;
        node = next;
      }
      return true;
    };
    const plain = all.filter(({ layer }) => layer !== undefined && !isBranch(layer));
    return { findings: plain.length === 0 ? [] : [found('warning', plain, ': only later layers tell them apart')], measured };
  },
};

function found(severity: 'error' | 'warning', all: readonly { readonly weight: string; readonly layer: string | undefined; readonly spread: number }[], rest: string): Finding {
  const [first] = all;
  const names = all.slice(0, 4).map(({ weight }) => `"${weight}"`);
  return finding({
    rule: 'symmetric-weights',
    severity,
    where: { ...(first?.layer === undefined ? {} : { layer: first.layer }), weight: first?.weight ?? '' },
    message: `all units of ${names.join(', ')}${all.length > 4 ? ` and ${String(all.length - 4)} more` : ''} begin with equal weights${rest}`,
    evidence: { weights: all.map((each) => ({ ...each, layer: each.layer ?? null })), largestSpread: digits(Math.max(...all.map(({ spread }) => spread))) },
    remedy: 'Use a random kernelInitializer: heNormal before ReLU, glorotUniform before tanh and sigmoid.',
  });
}

const unitsOf = ({ info }: ModelWeight): number => info.shape.at(-1) ?? 1;

/** Trainable kernels of several units, the outputs' own left out. */
export function hiddenKernels(lab: Lab): readonly ModelWeight[] {
  const all = lab.model.weights().filter(({ info }) => info.trainable && info.shape.length >= 2 && (info.shape.at(-1) ?? 1) > 1 && (info.role === 'kernel' || info.role === 'other'));
  const outputs = new Set(layerNodes(lab.model).flatMap(({ isOutput, name }) => (isOutput ? [name] : [])));
  if (lab.model.kind === 'layers') return all.filter(({ info }) => info.layer !== undefined && !outputs.has(info.layer) && !/^embeddings/.test(info.name.split('/').at(-1) ?? ''));
  // Written by hand: a first kernel gets data; an embedding and a table of positions are told apart by training alone.
  return all;
}

/** Largest difference between a unit's weight and the first unit's, by the size of the weights; 0 for equal units. */
export function spreadOverUnits(values: Float32Array, size: number, units: number): number {
  let most = 0;
  for (let i = 0; i < size; i += 1) most = Math.max(most, Math.abs((values[i] ?? 0) - (values[i - (i % units)] ?? 0)));
  const scale = rms(values);
  return most === 0 ? 0 : most / Math.max(scale, 1e-30);
}

/** Spreads after some updates, relative to how far the kernel has moved or to its size, whichever is less. */
async function trained(lab: Lab, kernels: readonly ModelWeight[]): Promise<ReadonlyMap<string, number>> {
  const before = new Map<string, Float32Array>();
  for (const { info, variable } of kernels) before.set(info.name, (await variable.data<'float32'>()).slice());
  return lab.trial(async (trainee) => {
    for (let i = 0; i < updates; i += 1) {
      const batch = lab.batch(lab.choose(lab.batchSize, `model/symmetry/${String(i)}`));
      try {
        await trainee.step(batch);
      } finally {
        disposeBatch(batch);
      }
    }
    const spreads = new Map<string, number>();
    for (const each of kernels) {
      const own = await each.variable.data<'float32'>();
      const moved = own.map((value, i) => value - (before.get(each.info.name)?.[i] ?? 0));
      // What moved, unit by unit: equal moves keep equal units equal.
      spreads.set(each.info.name, spreadOverUnits(moved, each.info.size, unitsOf(each)));
    }
    return spreads;
  });
}
