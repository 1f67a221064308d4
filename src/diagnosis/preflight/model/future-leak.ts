import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch } from '../../../data/index.js';
import { digits, finding } from '../../finding.js';
import { nothing, type Check, type CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import { factsOf, type OutputFacts } from './facts.js';
import { layerNodes } from './graph.js';
import { changed, everything } from './mixing.js';
import { furthest, rms } from './predictions.js';

/** Share of label steps that have to be the next input for the training to be one of prediction. */
const enough = 0.99;

/** Changes inputs after a time step, and looks whether outputs up to it change. */
export const futureLeak: Check = {
  name: 'future-leak',
  stage: 'model',
  summary: 'Whether a model that predicts the next step of a sequence can see it.',
  run: async (lab) => {
    if (lab.experiment.causal === false || lab.training.count < 2) return nothing;
    const facts = await factsOf(lab);
    for (const output of facts.outputs) {
      for (const input of lab.training.inputs.keys()) {
        const [, steps = 0] = lab.training.inputs[input]?.shape ?? [];
        if (steps < 3 || output.rest[0] !== steps || output.rest.length < 2) continue;
        const shifted = shiftedShare(lab, output, input);
        if (lab.experiment.causal !== true && !(shifted >= enough)) continue;
        return leak(lab, output, input, steps, shifted);
      }
    }
    return lab.experiment.causal === true ? { findings: [], cannotTell: 'no output has the time steps of an input' } : nothing;
  },
};

/** Share of the steps whose label is the input of the next step; 0 where inputs do not change from step to step. */
function shiftedShare(lab: Lab, output: OutputFacts, input: number): number {
  const column = lab.training.inputs[input];
  if (column === undefined) return 0;
  const [, steps = 0] = column.shape;
  const features = column.width / steps;
  const perStep = output.labels.width / steps;
  if (!Number.isInteger(perStep)) return 0;
  // Tokens against rows of classes: the class with the 1.
  const isOneHot = output.kind === 'one-hot' && perStep === output.width && features === 1;
  if (!isOneHot && perStep !== features) return 0;
  const samples = Math.min(64, lab.training.count);
  let [next, same, moves, all] = [0, 0, 0, 0];
  for (let s = 0; s < samples; s += 1) {
    const at = (t: number): Float32Array | Int32Array => column.values.subarray(s * column.width + t * features, s * column.width + (t + 1) * features);
    for (let t = 0; t + 1 < steps; t += 1) {
      const label = output.labels.values.subarray(s * output.labels.width + t * perStep, s * output.labels.width + (t + 1) * perStep);
      const value = isOneHot ? Float32Array.of(label.indexOf(1)) : label;
      const equals = (other: Float32Array | Int32Array): boolean => furthest(value, other) <= 1e-6 * Math.max(1, rms(other));
      all += 1;
      if (equals(at(t + 1))) next += 1;
      if (equals(at(t))) same += 1;
      if (furthest(at(t), at(t + 1)) > 0) moves += 1;
    }
  }
  // Padding and pauses repeat; a label that is as often the input itself is no prediction.
  return all === 0 || moves < 0.2 * all || same > 0.8 * all ? 0 : next / all;
}

async function leak(lab: Lab, output: OutputFacts, input: number, steps: number, shifted: number): Promise<CheckResult> {
  if (layerNodes(lab.model).some(({ config }) => config['stateful'] === true)) return { findings: [], cannotTell: 'the model has a state that goes from batch to batch' };
  const chosen = lab.choose(4, 'model/future');
  const cut = Math.max(1, Math.floor(steps / 2));
  const batch = lab.batch(chosen);
  const later = lab.batch(Array.from(chosen, (_, i) => chosen[(i + 1) % chosen.length] ?? 0));
  try {
    const own = batch.inputs[input];
    const other = later.inputs[input];
    if (own === undefined || other === undefined) return nothing;
    // Steps from the cut on are those of another sample.
    const rest = own.shape.slice(2);
    const spliced = tf.tidy(() => tf.concat([tf.slice(own, [0, 0, ...rest.map(() => 0)], [chosen.length, cut, ...rest]), tf.slice(other, [0, cut, ...rest.map(() => 0)], [chosen.length, steps - cut, ...rest])], 1));
    const before = await everything(lab, batch.inputs);
    const after = await everything(lab, batch.inputs.map((each, i) => (i === input ? spliced : each)));
    spliced.dispose();
    const changes = before.map((each, i) => {
      const [rows = 0, time = 0] = each.shape;
      const next = after[i];
      if (next === undefined || rows !== chosen.length || time !== steps || each.shape.length < 3) return { name: each.name, early: 0, late: 0 };
      const width = each.values.length / rows;
      const size = rms(each.values);
      const part = (from: number, to: number): number =>
        Math.max(...Array.from({ length: rows }, (_, row) => furthest(each.values.subarray(row * width + (from * width) / steps, row * width + (to * width) / steps), next.values.subarray(row * width + (from * width) / steps, row * width + (to * width) / steps))));
      return { name: each.name, early: size === 0 ? 0 : part(0, cut) / size, late: size === 0 ? 0 : part(cut, steps) / size };
    });
    const name = `output ${output.name}`;
    const at = changes.find((each) => each.name === name);
    const measured = { input: lab.training.inputs[input]?.name, steps, cut, labelsThatAreTheNextInput: shifted, changes };
    if (at === undefined || !(at.early > changed)) return { findings: [], measured };
    const from = changes.find(({ early }) => early > changed);
    const layer = from === undefined || from.name.startsWith('output ') ? undefined : from.name;
    return {
      findings: [
        finding({
          rule: 'future-leak',
          severity: 'error',
          where: layer === undefined ? {} : { layer },
          message: `inputs from step ${String(cut)} on change the outputs before it, by ${digits(at.early)} of their size${layer === undefined ? '' : `, from "${layer}" on`}, and ${shifted >= enough ? 'the labels are the inputs one step later' : 'the training is said to be causal'}: the model sees what it is to predict`,
          evidence: { change: at.early, cut, steps, labelsThatAreTheNextInput: shifted, from: from?.name ?? null },
          remedy: 'Use what looks back alone: a recurrent layer in one direction, zeros put before the sequence and padding "valid" in convolutions, a mask in attention. If the labels may be seen, set causal: false.',
        }),
      ],
      measured,
    };
  } finally {
    disposeBatch(batch);
    disposeBatch(later);
  }
}
