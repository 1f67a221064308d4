import { finding, type Finding } from '../../finding.js';
import type { Lab } from '../lab.js';
import { labelsAreInputs } from './facts.js';
import { passing, type LayerNode } from './graph.js';

const hasKernel = ({ className }: LayerNode): boolean => /^(Dense|Conv[123]D|Conv2DTranspose|Conv3DTranspose|SeparableConv[12]D|DepthwiseConv2D)$/.test(className);
/** Layers that pass on the shares that a softmax makes, pooled or normalised. */
const carries = ({ className }: LayerNode): boolean => passing.has(className) || /Pooling|Normalization/.test(className);

/**
 * Layers whose hidden values go through softmax on their way to another kernel: they sum to 1, and share one gradient.
 * Weights that something is multiplied by, as in attention and gates, do not go into a kernel themselves.
 */
export function hiddenSoftmax(lab: Lab, nodes: readonly LayerNode[]): readonly Finding[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const neighbours = (names: readonly string[]): LayerNode[] => names.flatMap((name) => byName.get(name) ?? []);
  const found = nodes.filter((node) => node.activation === 'softmax' && !node.isOutput && (node.outputShape?.at(-1) ?? 0) !== 1 && isOfKernel(node) && goesIntoKernels(node));
  const [first] = found;
  if (first === undefined) return [];
  // A code of shares, as of topics, is a softmax on purpose: one, and what comes out is to be what went in.
  const isCode = found.length === 1 && labelsAreInputs(lab);
  return [
    finding({
      rule: 'hidden-softmax',
      severity: isCode ? 'info' : 'warning',
      where: { layer: first.name },
      message: `hidden layer "${first.name}" ends in softmax${found.length > 1 ? `, and so do ${String(found.length - 1)} more` : ''}: its values are shares that sum to 1, of which each is small, and gradients fade in it`,
      evidence: { layers: found.map(({ name }) => name), units: found.map(({ outputShape }) => outputShape?.at(-1) ?? null) },
      remedy: `Give ${found.slice(0, 5).map(({ name }) => `"${name}"`).join(', ')} relu in place of softmax, which belongs after the last layer alone.`,
    }),
  ];

  function isOfKernel(node: LayerNode): boolean {
    if (hasKernel(node)) return true;
    let at: LayerNode | undefined = node.className === 'Activation' || node.className === 'Softmax' ? node : undefined;
    while (at !== undefined) {
      at = at.before.length === 1 ? byName.get(at.before[0] ?? '') : undefined;
      if (at === undefined || hasKernel(at)) return at !== undefined;
      if (!carries(at)) return false;
    }
    return false;
  }

  /** All that takes its values is a kernel, or leads to nothing else. */
  function goesIntoKernels(node: LayerNode): boolean {
    const next = neighbours(node.after);
    return next.length > 0 && next.every((each) => hasKernel(each) || (carries(each) && !each.isOutput && goesIntoKernels(each)));
  }
}
