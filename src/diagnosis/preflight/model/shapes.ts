import { disposeBatch } from '../../../data/index.js';
import { finding, type Finding } from '../../finding.js';
import type { Check } from '../check.js';
import { layerNodes, type LayerNode } from './graph.js';

/** Sends a small batch through the model, and looks at the shapes on the way. */
export const shapes: Check = {
  name: 'shapes',
  stage: 'model',
  summary: 'Shapes layer by layer, and images that shrink to nothing.',
  run: (lab) => {
    const nodes = layerNodes(lab.model);
    const batch = lab.batch(lab.choose(2, 'model/shapes'));
    const { outputs, activations } = lab.forward(batch.inputs, false, 'all');
    const came = new Map([...activations].map(([name, { shape }]) => [name, [...shape]]));
    const measured = {
      inputs: batch.inputs.map(({ shape }) => [...shape]),
      layers: nodes.length > 0 ? nodes.map(({ name, className, parameters, outputShape }) => ({ name, className, shape: came.get(name) ?? outputShape ?? null, parameters })) : [...came].map(([name, shape]) => ({ name, shape })),
      outputs: outputs.map(({ shape }) => [...shape]),
      parameters: lab.model.weights().reduce((sum, { info }) => sum + info.size, 0),
    };
    for (const each of [...outputs, ...activations.values()]) each.dispose();
    disposeBatch(batch);
    const collapse = spatialCollapse(nodes);
    const empty = [...came].find(([, shape]) => shape.slice(1).includes(0));
    const findings = empty === undefined ? (collapse === undefined ? [] : [collapse]) : [vanished(...empty)];
    return { findings: [...findings, ...cropping(nodes)], measured };
  },
};

const vanished = (name: string, shape: readonly number[]): Finding =>
  finding({
    rule: 'spatial-collapse',
    severity: 'error',
    where: { layer: name },
    message: `layer "${name}" gives [${shape.join(', ')}]: an axis has shrunk to 0, and nothing is left of the input`,
    evidence: { shape: [...shape] },
    remedy: 'Take out a pooling, use padding "same", or give larger inputs.',
  });

const isConvolution = ({ className }: LayerNode): boolean => /^(Separable|Depthwise)?Conv[123]D$/.test(className);
const isPooling = ({ className }: LayerNode): boolean => /^(Max|Average)Pooling[123]D$/.test(className);

/** Sizes along the axes between batch and channels. */
const spatial = (shape: LayerNode['inputShape'], { config }: LayerNode): readonly (number | null)[] =>
  shape === undefined ? [] : config['dataFormat'] === 'channelsFirst' ? shape.slice(2) : shape.slice(1, -1);

const sizes = (value: unknown, axes: number): readonly number[] => (Array.isArray(value) ? (value as number[]) : Array.from({ length: axes }, () => (typeof value === 'number' ? value : 1)));

/** A convolution with a kernel beyond 1 on images of one pixel, which an earlier layer has shrunk from more. */
function spatialCollapse(nodes: readonly LayerNode[]): Finding | undefined {
  const late = nodes.filter((node) => {
    const size = spatial(node.inputShape, node);
    return isConvolution(node) && size.length > 0 && size.every((each) => each === 1) && sizes(node.config['kernelSize'], size.length).some((each) => each > 1);
  });
  const [first] = late;
  if (first === undefined) return undefined;
  const shrinking = nodes.findLast((node) => nodes.indexOf(node) < nodes.indexOf(first) && (isConvolution(node) || isPooling(node)) && spatial(node.inputShape, node).some((each) => each !== 1));
  if (shrinking === undefined) return undefined;
  // A decoder goes up again from its narrowest place.
  const grows = nodes.some(({ className }) => /UpSampling|Transpose/.test(className));
  return finding({
    rule: 'spatial-collapse',
    severity: grows ? 'info' : 'warning',
    where: { layer: first.name },
    message: `images have shrunk to one pixel at "${shrinking.name}", and ${String(late.length)} convolution${late.length === 1 ? '' : 's'} with larger kernels follow${late.length === 1 ? 's' : ''}, from "${first.name}" on: all but the kernel's centre sees padding alone`,
    evidence: { shrinkingLayer: shrinking.name, inputShape: [...(first.inputShape ?? [])], convolutions: late.map(({ name }) => name) },
    remedy: `Take strides or poolings out at or before "${shrinking.name}", or end the convolutions there.`,
  });
}

function cropping(nodes: readonly LayerNode[]): readonly Finding[] {
  const cropped = nodes.flatMap((node) => {
    if (!isConvolution(node) && !isPooling(node)) return [];
    const size = spatial(node.inputShape, node);
    if ((node.config['padding'] ?? 'valid') !== 'valid') return [];
    const window = sizes(isPooling(node) ? node.config['poolSize'] : node.config['kernelSize'], size.length);
    const strides = sizes(node.config['strides'] ?? (isPooling(node) ? window : 1), size.length);
    const left = size.map((each, i) => (each === null ? 0 : (each - (window[i] ?? 1)) % (strides[i] ?? 1)));
    return left.some((each) => each > 0) ? [{ layer: node.name, size: [...size], window: [...window], strides: [...strides], left }] : [];
  });
  const [first] = cropped;
  if (first === undefined) return [];
  return [
    finding({
      rule: 'uneven-cropping',
      severity: 'info',
      where: { layer: first.layer },
      message: `${cropped.length === 1 ? 'a layer leaves' : `${String(cropped.length)} layers leave`} out the last rows or columns of their inputs: "${first.layer}" sees ${first.size.join(' x ')}, with windows of ${first.window.join(' x ')} in steps of ${first.strides.join(' x ')}`,
      evidence: { layers: cropped },
      remedy: 'Use padding "same", or sizes that the steps divide, where the border matters.',
    }),
  ];
}
