import type * as tf from '@tensorflow/tfjs-core';
import { disposeBatch } from '../../../data/index.js';
import { digits, finding, type Finding } from '../../finding.js';
import type { Check } from '../check.js';
import type { Lab } from '../lab.js';
import { layerNodes } from './graph.js';
import { furthest, predictInputs, rms, valuesOf } from './predictions.js';

/** Relative change beyond which an output has changed: float32 products of another batch differ by some 1e-6. */
export const changed = 1e-4;

interface Values {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** All layers' values, taps and outputs in inference mode, in the order of the forward pass. */
export async function everything(lab: Lab, inputs: readonly tf.Tensor[]): Promise<readonly Values[]> {
  const { outputs, activations } = lab.forward(inputs, false, 'all');
  const named = [...activations, ...outputs.map((each, i): [string, tf.Tensor] => [`output ${lab.model.outputs[i]?.name ?? String(i)}`, each])];
  const shapes = named.map(([, { shape }]) => shape);
  const values = await valuesOf(named.map(([, each]) => each));
  return named.map(([name], i) => ({ name, shape: shapes[i] ?? [], values: values[i] ?? new Float32Array() }));
}

/** How far a sample's part of the values is from another's, by the size of the values. */
export function rowChange(a: Values, b: Values, row: number): number {
  const [rows = 1] = a.shape;
  const width = a.values.length / rows;
  const part = ({ values }: Values): Float32Array => values.subarray(row * width, (row + 1) * width);
  const size = rms(a.values);
  return size === 0 ? 0 : furthest(part(a), part(b)) / size;
}

/** Replaces one sample of a batch, and looks whether the outputs of others change. */
export const batchMixing: Check = {
  name: 'batch-mixing',
  stage: 'model',
  summary: 'Whether the outputs of a sample depend on the other samples of its batch, and are the same when they are computed again.',
  run: async (lab) => {
    const count = Math.min(6, lab.training.count - 1);
    if (count < 2) return { findings: [], cannotTell: 'it takes three samples' };
    if (layerNodes(lab.model).some(({ config }) => config['stateful'] === true)) return { findings: [], cannotTell: 'the model has a state that goes from batch to batch' };
    const chosen = Array.from(lab.choose(count + 1, 'model/mixing'));
    const replaced = Math.floor(count / 2);
    const other = chosen[count] ?? 0;
    const a = lab.batch(chosen.slice(0, count));
    const b = lab.batch(chosen.slice(0, count).map((each, i) => (i === replaced ? other : each)));
    try {
      const [first, again, second] = [await everything(lab, a.inputs), await everything(lab, a.inputs), await everything(lab, b.inputs)];
      const noise = notDeterministic(first, again, count);
      if (noise !== undefined) return { findings: [noise], measured: { isDeterministic: false } };
      const others = Array.from({ length: count }, (_, i) => i).filter((i) => i !== replaced);
      const outputs = first.filter(({ name }) => name.startsWith('output '));
      const changes = first.map((each, i) => {
        const with2 = second[i];
        const comparable = with2 !== undefined && each.shape[0] === count && with2.values.length === each.values.length;
        return { name: each.name, changes: comparable ? others.map((row) => rowChange(each, with2, row)) : [] };
      });
      const mixed = changes.filter((each) => each.changes.some((change) => change > changed));
      const normalisations = layerNodes(lab.model).flatMap(({ className, name }) => (className === 'BatchNormalization' ? [name] : []));
      const measured = { samples: count, replaced, isDeterministic: true, outputs: changes.filter(({ name }) => name.startsWith('output ')), layersThatMix: mixed.map(({ name }) => name), setAside: normalisations };
      const mixedOutputs = mixed.filter(({ name }) => outputs.some((output) => output.name === name));
      if (mixedOutputs.length === 0) return { findings: [], measured };
      const perBatch = await withBatchAxes(lab, outputs, chosen.slice(0, count - 1));
      if (mixedOutputs.every(({ name }) => perBatch.includes(name))) return { findings: [], measured: { ...measured, outputsWithABatchAxis: perBatch } };
      return { findings: [mixing(mixed, measured, others.length)], measured };
    } finally {
      disposeBatch(a);
      disposeBatch(b);
    }
  },
};

/**
 * Outputs with another axis that follows the batch: scores of each sample beside each, as in contrastive training, which
 * samples of a batch are to share. A batch of one sample less tells.
 */
async function withBatchAxes(lab: Lab, outputs: readonly Values[], fewer: readonly number[]): Promise<readonly string[]> {
  const batch = lab.batch(fewer);
  try {
    const { rests } = await predictInputs(lab, batch.inputs);
    return outputs.filter(({ shape }, i) => rests[i]?.length === shape.length - 1 && rests[i].some((size, axis) => size !== shape[axis + 1])).map(({ name }) => name);
  } finally {
    disposeBatch(batch);
  }
}

function mixing(mixed: readonly { readonly name: string; readonly changes: readonly number[] }[], measured: Record<string, unknown>, others: number): Finding {
  const [first] = mixed;
  const changesOf = first?.changes ?? [];
  const affected = changesOf.filter((change) => change > changed).length;
  const place = first === undefined || first.name.startsWith('output ') ? undefined : first.name;
  // A statistic of the batch reaches every sample; a reshape those whose rows are exchanged, which may be all as well.
  const looks = affected === others ? 'every other sample' : `${String(affected)} of ${String(others)} other samples`;
  return finding({
    rule: 'batch-mixing',
    severity: 'error',
    where: place === undefined ? {} : { layer: place },
    message: `replacing one sample of a batch changes the outputs of ${looks}, by ${digits(Math.max(...changesOf))} of their size${place === undefined ? '' : `, from "${place}" on`}: samples see each other, in inference mode too`,
    evidence: { ...measured, firstChanged: first?.name ?? null },
    remedy:
      affected === others
        ? 'Look first for a reshape where a transpose belongs: after tf.transpose moved the batch, only a transpose brings it back to the first axis. Then for a mean, softmax or other statistic along axis 0: compute it along the features, or use running statistics in inference as batch normalisation does.'
        : 'Look for a reshape where a transpose belongs, or one that moves the batch: the batch has to stay the first axis throughout.',
  });
}

function notDeterministic(first: readonly Values[], again: readonly Values[], count: number): Finding | undefined {
  const apart = first.map((each, i) => {
    const next = again[i];
    return { name: each.name, change: next === undefined || each.shape[0] !== count ? 0 : Math.max(...Array.from({ length: count }, (_, row) => rowChange(each, next, row))) };
  });
  const outputs = apart.filter(({ name }) => name.startsWith('output '));
  const most = Math.max(0, ...outputs.map(({ change }) => change));
  if (!(most > changed)) return undefined;
  const from = apart.find(({ change }) => change > changed);
  const layer = from === undefined || from.name.startsWith('output ') ? undefined : from.name;
  return finding({
    rule: 'noise-in-inference',
    severity: 'warning',
    where: layer === undefined ? {} : { layer },
    message: `the same samples get other outputs when they are computed again in inference mode, ${digits(most)} of their size apart`,
    evidence: { change: most, from: from?.name ?? null },
    remedy: 'Apply dropout and noise in training alone: a model written by hand gets { training } for that.',
  });
}
