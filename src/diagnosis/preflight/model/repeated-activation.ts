import { digits, finding, type Finding } from '../../finding.js';
import type { Lab } from '../lab.js';
import { rowSums, type OutputFacts } from './facts.js';
import { layerNodes, passing } from './graph.js';

const squashing: ReadonlySet<string> = new Set(['softmax', 'sigmoid']);
/** Layers that apply an activation and nothing else. */
const pure: ReadonlySet<string> = new Set(['Activation', 'Softmax']);

/** Softmax or sigmoid applied to what already went through one: by the layers, or by what comes out for inputs scaled up. */
export function activationRepeated(lab: Lab, output: OutputFacts, scaled: readonly Float32Array[]): Finding | undefined {
  const byLayers = twiceInLayers(lab, output);
  if (byLayers !== undefined) return found(output, `layer "${byLayers[1]}" applies ${byLayers[2]} to what layer "${byLayers[0]}" has made probabilities of`, { layers: byLayers.slice(0, 2) }, byLayers[1]);
  const byValues = twiceInValues(output, scaled);
  if (byValues === undefined) return undefined;
  return found(output, `output "${output.name}" looks like ${byValues.what} of probabilities: however large the inputs are, its logits differ by ${digits(byValues.most)} at most`, { largestLogitDifference: byValues.most }, output.name);
}

const found = (output: OutputFacts, message: string, evidence: Record<string, unknown>, layer: string): Finding =>
  finding({ rule: 'double-softmax', severity: 'error', where: { layer }, message, evidence: { ...evidence, activation: output.activation ?? null }, remedy: 'Take one of the two away: the first turns logits into probabilities, the second flattens them.' });

function twiceInLayers(lab: Lab, output: OutputFacts): readonly [string, string, string] | undefined {
  const nodes = new Map(layerNodes(lab.model).map((node) => [node.name, node]));
  const ends = [...nodes.values()].filter(({ isOutput }) => isOutput);
  let node = ends.length === 1 ? ends[0] : ends.find(({ name }) => name === output.name);
  while (node !== undefined) {
    const first: typeof node | undefined = nodes.get(node.before.length === 1 ? (node.before[0] ?? '') : '');
    if (first === undefined) return undefined;
    if (pure.has(node.className) && squashing.has(node.activation ?? '')) {
      let source: typeof node | undefined = first;
      while (source !== undefined && passing.has(source.className)) source = nodes.get(source.before[0] ?? '');
      return source !== undefined && squashing.has(source.activation ?? '') ? [source.name, node.name, node.activation ?? ''] : undefined;
    }
    if (!passing.has(node.className)) return undefined;
    node = first;
  }
  return undefined;
}

/**
 * Logits that are probabilities lie in 0..1, so two of a row differ by 1 at most, and by 1 exactly once the inner
 * softmax is saturated: log p of a row then spans 1. Of one sigmoid of a sigmoid the logit lies in 0..1.
 */
function twiceInValues({ width, rest, predictions }: OutputFacts, scaled: readonly Float32Array[]): { readonly what: string; readonly most: number } | undefined {
  const last = scaled.at(-1);
  if (last === undefined || rest.length === 0 || last.length < 16) return undefined;
  if ([predictions, ...scaled].some((values) => values.some((each) => each <= 0 || each >= 1))) return undefined;
  if (width > 1 && !rowSums(last, width).every((sum) => Math.abs(sum - 1) < 1e-3)) return undefined;
  const most = scaled.map((values) => {
    let widest = 0;
    if (width === 1) {
      const logits = Array.from(values, (p) => Math.log(p / (1 - p)));
      return Math.max(...logits) - Math.min(...logits);
    }
    for (let from = 0; from < values.length; from += width) {
      const row = Array.from(values.subarray(from, from + width), Math.log);
      widest = Math.max(widest, Math.max(...row) - Math.min(...row));
    }
    return widest;
  });
  const [, , third = 0] = most;
  // Saturated at 1000 times the inputs, and never beyond; 1e-2 for what is left of the saturation.
  if (!(most.every((each) => each < 1.001) && third > 0.99)) return undefined;
  if (width === 1 && !last.every((p) => p > 0.4999)) return undefined;
  return { what: width === 1 ? 'a sigmoid' : 'a softmax', most: third };
}
