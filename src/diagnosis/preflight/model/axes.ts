import { digits, finding, type Finding } from '../../finding.js';
import type { Check } from '../check.js';
import { factsOf, rowSums, type OutputFacts } from './facts.js';
import { layerNodes, type LayerNode } from './graph.js';
import type { Lab } from '../lab.js';
import { predict } from './predictions.js';

/** Sums of probabilities are 1 up to this, as of float32. */
const near = 1e-3;

/** Axes along which a softmax and normalisations go. */
export const axes: Check = {
  name: 'axes',
  stage: 'model',
  summary: 'Whether softmax goes along the classes, and normalisation along the features.',
  run: async (lab) => {
    const { outputs } = await factsOf(lab);
    const findings: Finding[] = [];
    const measured: Record<string, unknown> = {};
    for (const output of outputs) {
      const found = await softmaxAxis(lab, output, measured);
      if (found !== undefined) findings.push(found);
    }
    for (const node of layerNodes(lab.model)) {
      const found = normalisationAxis(node);
      if (found !== undefined) findings.push(found);
    }
    return { findings, measured };
  },
};

/** Sums along an axis of row-major values, one for each of the other places. */
function sumsAlong(values: Float32Array, shape: readonly number[], axis: number): Float64Array {
  const inner = shape.slice(axis + 1).reduce((product, each) => product * each, 1);
  const size = shape[axis] ?? 1;
  const sums = new Float64Array(values.length / size);
  for (let i = 0; i < values.length; i += 1) {
    const at = Math.floor(i / (inner * size)) * inner + (i % inner);
    sums[at] = (sums[at] ?? 0) + (values[i] ?? 0);
  }
  return sums;
}

const areOne = (sums: Float64Array): boolean => sums.length > 0 && sums.every((sum) => Math.abs(sum - 1) < near);

async function softmaxAxis(lab: Lab, output: OutputFacts, measured: Record<string, unknown>): Promise<Finding | undefined> {
  const { rest, width, name } = output;
  if (lab.training.count < 3) return undefined;
  const count = Math.min(7, lab.training.count);
  // One batch, for an axis that is the batch's shows in one alone.
  const { values } = await predict(lab, lab.choose(count, 'model/axes'));
  const predictions = values[output.index];
  if (predictions === undefined || predictions.length < 2 || !predictions.every((each) => each >= 0 && each <= 1)) return undefined;
  const shape = [count, ...rest];
  const last = shape.length - 1;
  const along = shape.flatMap((size, axis) => (size > 1 && areOne(sumsAlong(predictions, shape, axis)) ? [axis] : []));
  measured[name] = { shape: ['batch', ...rest], axesThatSumToOne: along };
  const [axis] = along;
  if (axis === undefined || along.includes(last) || (axis !== 0 && width === 1)) return undefined;
  // Class probabilities are along the last axis: so every loss here has it. Labels of another form may be weights over time.
  if (axis !== 0 && output.kind !== 'class' && output.kind !== 'one-hot') return undefined;
  const rows = Array.from(rowSums(predictions, width).slice(0, 5));
  return finding({
    rule: 'softmax-axis',
    severity: 'error',
    where: { layer: name },
    message: `output "${name}" sums to 1 along axis ${String(axis)}${axis === 0 ? ', the batch,' : ''} and not along its classes, whose sums are ${rows.map(digits).join(', ')}`,
    evidence: { axis, shape: ['batch', ...rest], sumsOfClasses: rows },
    remedy: 'Take the softmax along the last axis: tf.softmax(x, -1), or axis: -1.',
  });
}

function normalisationAxis({ className, config, name, inputShape, before, layer }: LayerNode): Finding | undefined {
  if ((className !== 'BatchNormalization' && className !== 'LayerNormalization') || inputShape === undefined) return undefined;
  const { axis } = config;
  const rank = inputShape.length;
  const all = (Array.isArray(axis) ? axis : [axis]).map((each) => (typeof each === 'number' ? (each < 0 ? rank + each : each) : rank - 1));
  const isLast = all.includes(rank - 1);
  const from = layer.inboundNodes[0]?.inboundLayers[0]?.getConfig() as Record<string, unknown> | undefined;
  if (isLast || from?.['dataFormat'] === 'channelsFirst') return undefined;
  return finding({
    rule: 'normalisation-axis',
    severity: 'warning',
    where: { layer: name },
    message: `layer "${name}" (${className}) normalises along axis ${all.join(', ')} of [${inputShape.map((each) => String(each ?? 'any')).join(', ')}], and the features are along axis ${String(rank - 1)}`,
    evidence: { axis: all, inputShape: [...inputShape], before: [...before] },
    remedy: 'Leave axis at -1: channels come last in TensorFlow.js.',
  });
}
