import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch } from '../../../data/index.js';
import { digits, finding, percent, type Finding } from '../../finding.js';
import type { Check, CheckResult } from '../check.js';
import { readOnce, type Lab } from '../lab.js';
import type { Column } from '../sample.js';
import { featuresOf } from './features.js';
import { labelInInputs } from './label-in-inputs.js';
import { labelsSuitLoss, type Look } from './labels-and-loss.js';
import { isNominal, nominality } from './nominal.js';
import { classCounts, rowsAre, targetOf, type ClassTarget } from './targets.js';

/** Losses for numbers that are near or far: on classes they work, and learn slower and less (Golik et al. 2013, "Cross-entropy vs. squared error training"). */
const forNumbers = new Set(['meanSquaredError', 'meanAbsoluteError', 'meanAbsolutePercentageError', 'meanSquaredLogarithmicError', 'huber', 'logcosh']);
/** As the rule ClassImbalance of SageMaker Debugger has it. */
const imbalanced = 10;

const where = ({ name }: Column): Finding['where'] => ({ feature: name });

/** Weights that give each class the same share: samples / (classes * count), as scikit-learn's "balanced". */
function balancing(counts: readonly number[]): Record<string, number> {
  const present = counts.filter((each) => each > 0);
  const all = present.reduce((sum, each) => sum + each, 0);
  return Object.fromEntries(counts.flatMap((count, c) => (count === 0 ? [] : [[String(c), Number((all / (present.length * count)).toPrecision(3))]])));
}

const classesOf = (lab: Lab, output: number): ClassTarget | undefined => {
  const target = targetOf(lab, output);
  return target?.kind === 'classes' ? target : undefined;
};

const oneClass: Look = (lab, output, column, measured) => {
  const target = classesOf(lab, output);
  if (target === undefined) return undefined;
  const counts = classCounts(target);
  measured[`${column.name}/counts`] = counts.slice(0, 100);
  const present = counts.flatMap((count, c) => (count > 0 ? [c] : []));
  const { count, total, complete } = lab.training;
  if (present.length !== 1 || count < 8) return undefined;
  // Samples in memory come from all over them; of a stream the first ones are known.
  const sure = complete || total !== undefined;
  return finding({
    rule: 'one-class',
    severity: sure ? 'error' : 'warning',
    where: where(column),
    message: `${sure ? 'all' : 'the first'} ${String(count)} training labels${sure ? ' looked at' : ''} are class ${String(present[0])}: there is nothing to tell apart`,
    evidence: { class: present[0], samples: count },
    remedy: sure ? 'Look at what makes the labels: a comparison that is always false, or a column of another kind.' : 'Look at what makes the labels, and mix the stream: a source sorted by class trains on one class at a time.',
  });
};

const missingClass: Look = (lab, output, column) => {
  const target = classesOf(lab, output);
  const held = lab.validation === undefined ? undefined : targetOf(lab, output, lab.validation);
  if (target === undefined || held?.kind !== 'classes' || lab.validation === undefined) return undefined;
  const counts = classCounts(target);
  const theirs = classCounts(held);
  const all = theirs.reduce((sum, each) => sum + each, 0);
  const total = counts.reduce((sum, each) => sum + each, 0);
  // Not seen in a part of the training proves little: as frequent as in validation it would have come 20 times or more.
  const missing = theirs.flatMap((count, c) => (count > 0 && (counts[c] ?? 0) === 0 && (lab.training.complete || (count / all) * total > 20) ? [c] : []));
  if (missing.length === 0) return undefined;
  const share = missing.reduce((sum, c) => sum + (theirs[c] ?? 0), 0) / all;
  return finding({
    rule: 'missing-class',
    // A few samples of rare classes are how a random split falls out.
    severity: share > 0.05 && missing.some((c) => (theirs[c] ?? 0) >= 5) ? 'warning' : 'info',
    where: where(column),
    message: `class${missing.length === 1 ? '' : 'es'} ${missing.slice(0, 10).join(', ')}, ${percent(share)} of validation, ${missing.length === 1 ? 'has' : 'have'} no sample in training`,
    evidence: { classes: missing.slice(0, 100), share },
    remedy: 'Split class by class, or shuffle before you split: no model learns a class that it does not see.',
  });
};

const imbalance: Look = (lab, output, column) => {
  const target = classesOf(lab, output);
  if (target === undefined || target.width !== 1) return undefined;
  const counts = classCounts(target);
  const present = counts.flatMap((count, c) => (count > 0 ? [{ count, c }] : [])).toSorted((a, b) => b.count - a.count);
  const first = present[0];
  const last = present.at(-1);
  if (first === undefined || last === undefined || present.length < 2 || first.count / last.count <= imbalanced) return undefined;
  const all = present.reduce((sum, each) => sum + each.count, 0);
  const weights = balancing(counts);
  return finding({
    rule: 'class-imbalance',
    severity: 'info',
    where: where(column),
    message: `class ${String(first.c)} has ${digits(first.count / last.count)} times the samples of class ${String(last.c)} (${String(first.count)} and ${String(last.count)}): always saying ${String(first.c)} is right in ${percent(first.count / all)}`,
    evidence: { counts: counts.slice(0, 100), classWeights: weights },
    remedy: `Where the rare class matters, give fit classWeights ${counts.length <= 10 ? JSON.stringify(weights) : 'of samples / (classes * count)'}, and look at recall of each class instead of accuracy.`,
  });
};

const unused: Look = (lab, output, column) => {
  const target = classesOf(lab, output);
  if (target === undefined) return undefined;
  const counts = classCounts(target);
  const empty = counts.flatMap((count, c) => (count === 0 ? [c] : []));
  // With 20 samples a class on average, a class without one is no accident.
  if (empty.length === 0 || empty.length === counts.length - 1 || target.values.length < 20 * counts.length) return undefined;
  return finding({
    rule: 'classes-without-samples',
    severity: 'info',
    where: where(column),
    message: `${String(empty.length)} of ${String(counts.length)} classes have no training sample among those looked at: ${empty.slice(0, 10).join(', ')}`,
    evidence: { classes: empty.slice(0, 100) },
    remedy: 'Make the output as wide as there are classes, and number them from 0. One too many often is labels that begin at 1.',
  });
};

const constant: Look = (lab, output, column) => {
  if (targetOf(lab, output)?.kind !== 'numbers' || lab.training.count < 8 || lab.loss.outputs[output]?.form === 'free') return undefined;
  const features = featuresOf(column);
  const [first] = features;
  if (first === undefined || features.some(({ min, max }) => max > min)) return undefined;
  return finding({
    rule: 'labels-constant',
    severity: 'error',
    where: where(column),
    message: `all ${String(lab.training.count)} training labels looked at are ${features.length === 1 ? digits(first.mean) : 'the same'}: a constant is the best that can be learnt`,
    evidence: { value: first.mean, samples: lab.training.count },
    remedy: 'Look at what makes the labels: zeros that were never filled in, a division of whole numbers, or the wrong column.',
  });
};

const asNumbers: Look = (lab, output, column, measured) => {
  const target = targetOf(lab, output);
  if (target?.kind !== 'numbers' || target.width !== 1 || !forNumbers.has(lab.loss.outputs[output]?.name ?? '') || lab.training.count < 50) return undefined;
  const distinct = [...new Set(target.values)].toSorted((a, b) => a - b);
  const first = distinct[0] ?? -1;
  // Whole numbers from 0 or 1 without gaps, each with samples enough to be a class.
  if (distinct.length < 3 || distinct.length > Math.min(100, lab.training.count / 10) || (first !== 0 && first !== 1) || distinct.some((value, i) => value !== first + i)) return undefined;
  const names = nominality(lab, target.values);
  measured[`${column.name}/nominality`] = names;
  const isNames = names !== undefined && isNominal(names, distinct.length);
  return finding({
    rule: 'classes-as-numbers',
    severity: isNames ? 'warning' : 'info',
    where: where(column),
    message: `labels are the ${String(distinct.length)} whole numbers from ${String(first)} to ${String(distinct.at(-1))} under ${lab.loss.outputs[output]?.name ?? 'a loss'}, which takes class 2 for lying between 1 and 3${isNames ? `; but beside each label lies any other: the nearest sample with another one is ${digits(names.near)} away, two at random ${digits(names.apart)}` : ''}`,
    evidence: { distinct: distinct.slice(0, 20), ...names },
    remedy: `${isNames ? 'They name classes' : 'Where they name classes'}: an output of ${String(distinct.length)} units with softmax and sparseCategoricalCrossentropy${first === 1 ? ', with classes from 0' : ''}.${isNames ? '' : ' Counts and grades may stay as they are.'}`,
  });
};

/** Whether predictions of some samples are distributions over the last axis, where no activation tells. */
async function givesDistributions(lab: Lab, output: number): Promise<boolean> {
  const { activation, shape } = lab.loss.outputs[output]?.output ?? {};
  if (activation !== undefined) return activation === 'softmax' && (shape?.at(-1) ?? 2) !== 1;
  const batch = lab.batch(lab.choose(16, 'data/labels'));
  try {
    const { outputs } = lab.forward(batch.inputs);
    const own = outputs[output];
    const width = own?.shape.at(-1) ?? 1;
    const sums = own === undefined || width < 2 || own.rank < 2 ? undefined : tf.tidy(() => tf.stack([tf.max(tf.abs(tf.sub(tf.sum(own, -1), 1))), tf.neg(tf.min(own))]));
    tf.dispose([...outputs]);
    if (sums === undefined) return false;
    const [away = 1, below = 1] = await readOnce(sums);
    return away < 1e-4 && below <= 0;
  } finally {
    disposeBatch(batch);
  }
}

const regressionOnClasses: Look = async (lab, output, column) => {
  const name = lab.loss.outputs[output]?.name ?? '';
  if (!forNumbers.has(name) || lab.training.count < 2) return undefined;
  const oneHot = rowsAre(column) === 'one-hot' && classCounts(targetOf(lab, output) as ClassTarget).filter((each) => each > 0).length > 1;
  const softmax = await givesDistributions(lab, output);
  // Rows that are the inputs over again are to be rebuilt, not told apart.
  const rebuilt = lab.training.inputs.some(({ values, width }) => width === column.width && values.every((value: number, i: number) => value === column.values[i]));
  if ((!oneHot && !softmax) || rebuilt || rowsAre(column) === 'distributions') return undefined;
  return finding({
    rule: 'loss-for-regression-on-classes',
    severity: 'warning',
    where: where(column),
    message: `${name} is for numbers, and ${oneHot ? 'labels are one-hot rows of classes' : 'the output is a softmax over classes'}: its gradient fades where the model is sure and wrong`,
    evidence: { loss: name, oneHot, softmax },
    remedy: softmax
      ? oneHot
        ? 'Use categoricalCrossentropy.'
        : 'Give the output the activation linear for numbers, or use categoricalCrossentropy for classes.'
      : "Use { name: 'categoricalCrossentropy', fromLogits: true }, or softmax and categoricalCrossentropy.",
  });
};

const distributions: Look = (lab, output, column, measured) => {
  const loss = lab.loss.outputs[output];
  if (loss === undefined || !['categoricalCrossentropy', 'kullbackLeiblerDivergence'].includes(loss.name)) return undefined;
  const classes = column.shape.at(-1) ?? 1;
  const rows = column.values.length / Math.max(1, classes);
  if (classes < 2 || rows < 2) return undefined;
  let off = 0;
  let example = 1;
  for (let start = 0; start < column.values.length; start += classes) {
    let sum = 0;
    for (let c = 0; c < classes; c += 1) sum += column.values[start + c] ?? 0;
    // Rows of zeros are how a place is left out: padding has no class.
    if (sum === 0 || Math.abs(sum - 1) < 0.02) continue;
    off += 1;
    example = sum;
  }
  measured[`${column.name}/rowsOff`] = off / rows;
  if (off / rows < 0.01) return undefined;
  return finding({
    rule: 'labels-not-distributions',
    severity: 'warning',
    where: where(column),
    message: `${percent(off / rows)} of label rows do not sum to 1 (one sums to ${digits(example)}), and ${loss.name} takes rows for distributions over classes`,
    evidence: { share: off / rows, example },
    remedy: 'Where a sample may have several classes: sigmoid outputs with binaryCrossentropy. Else divide each row by its sum, or make it one-hot.',
  });
};

const binaryOnClasses: Look = async (lab, output, column) => {
  if (lab.loss.outputs[output]?.name !== 'binaryCrossentropy' || rowsAre(column) !== 'one-hot' || lab.training.count < 20) return undefined;
  if (!(await givesDistributions(lab, output))) return undefined;
  return finding({
    rule: 'binary-loss-on-classes',
    severity: 'info',
    where: where(column),
    message: `labels are one-hot rows of ${String(column.shape.at(-1))} classes and the output is a softmax, under binaryCrossentropy, which takes each class for a question of its own`,
    remedy: 'Use categoricalCrossentropy. An accuracy made for binary labels counts each class and looks too good.',
  });
};

const looks: readonly Look[] = [oneClass, missingClass, imbalance, unused, constant, asNumbers, regressionOnClasses, distributions, binaryOnClasses, labelsSuitLoss, labelInInputs];

async function run(lab: Lab): Promise<CheckResult> {
  const { training } = lab;
  if (training.labels.length === 0) return { findings: [], cannotTell: 'there are no labels' };
  const findings: Finding[] = [];
  const measured: Record<string, unknown> = { samples: training.total ?? training.count };
  if (training.complete && training.count < 50) {
    findings.push(
      finding({
        rule: 'too-few-samples',
        severity: 'info',
        message: `there are ${String(training.count)} training samples: metrics of validation will mostly be chance`,
        evidence: { samples: training.count },
        remedy: 'Measure by cross-validation, and start with a small model.',
      }),
    );
  }
  for (const [output, column] of training.labels.entries()) {
    for (const look of looks) {
      const found = await look(lab, output, column, measured);
      if (found !== undefined) findings.push(found);
    }
  }
  return { findings, measured };
}

export const labelValues: Check = { name: 'label-values', stage: 'data', summary: 'Labels differ, cover the classes, and are what the loss takes.', run };
