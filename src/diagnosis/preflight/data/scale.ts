import * as tf from '@tensorflow/tfjs-core';
import { digits, finding, type Finding } from '../../finding.js';
import type { Check, CheckResult } from '../check.js';
import { readOnce, type Lab } from '../lab.js';
import { rowsOf, type Column } from '../sample.js';
import { featureName, featuresOf, middleOf, rangeOf, someNames, sortedValues, varies, type Feature } from './features.js';
import { firstKernel, goesIntoEmbedding, type FirstKernel } from './first-kernel.js';
import { scaleShows } from './scale-effect.js';

/**
 * Initialisers take inputs of variance 1 (Glorot and Bengio 2010; He et al. 2015): an rms of r makes the first layer's
 * outputs r times, and its weights' gradients r times, as large. 10 is what AutoTrainer calls abnormal (utils/monitor.py).
 */
const largest = 10;
const smallest = 0.01;
/** Mean over deviation: the Gauss-Newton matrix of a layer with bias has a condition number of about its square (LeCun et al. 1998, "Efficient BackProp", 5.1). */
const farOff = 10;
/** Ratio of scales: the condition number is its square, 10,000, and gradient descent needs as many steps as that. */
const farApart = 100;
/** Samples that show what a layer gives. */
const looked = 256;

/** What reaches the first kernel, as a column: the input itself, or what layers before it make of it. */
async function reaching(lab: Lab, column: Column, way: FirstKernel | undefined): Promise<Column | undefined> {
  if (way?.from === undefined) return column;
  if (way.hidden) return undefined;
  const inputs = lab.training.inputs.map((each) => rowsOf(each, lab.choose(looked, 'data/scale')));
  try {
    const { outputs, activations } = lab.forward(inputs, false, [way.from]);
    const value = activations.get(way.from);
    const copy = value === undefined ? undefined : tf.clone(value);
    tf.dispose([...outputs, ...activations.values()]);
    if (copy === undefined) return undefined;
    const { shape } = copy;
    const values = await readOnce(copy);
    return { name: way.from, shape, dtype: 'float32', values: Float32Array.from(values), width: shape.slice(1).reduce((product, each) => product * each, 1) };
  } finally {
    tf.dispose(inputs);
  }
}

interface Scale {
  readonly rms: number;
  readonly mean: number;
  readonly std: number;
  readonly offset: number;
  readonly most: number;
}

/** Medians over the features that vary. */
function scaleOf(features: readonly Feature[]): Scale {
  const { min: low, max: high } = rangeOf(features);
  return {
    rms: middleOf(features.map(({ rms }) => rms)),
    mean: middleOf(features.map(({ mean }) => mean)),
    std: middleOf(features.map(({ std }) => std)),
    offset: middleOf(features.map(({ mean, std }) => Math.abs(mean) / std)),
    most: Math.max(Math.abs(low), Math.abs(high)),
  };
}

/** Features on the same scale, such as pixels, share one formula; others have each their own. */
function remedyOf(column: Column, features: readonly Feature[], { std }: Scale, lab: Lab): string {
  const images = column.shape.length >= 3;
  const all = Math.sqrt(features.reduce((sum, { std: each }) => sum + each * each, 0) / features.length);
  const { min: low, max: high } = rangeOf(features);
  if ((images || features.length > 32) && low >= 0 && high > 1 && high <= 255) return `Divide by ${high > 100 ? '255' : digits(high)}, in training, validation and use alike.`;
  if (features.length > 8 || images) return `Subtract the training's mean and divide by its standard deviation, ${images ? `${digits(all)} over all values` : `feature by feature (the median one is ${digits(std)})`}; use the same numbers in validation.`;
  const each = features.map(({ index, mean, std: deviation }) => `${featureName(lab, column, index)}: (x - ${digits(mean)}) / ${digits(deviation)}`);
  return `Standardise with the training's numbers, in validation too: ${each.join('; ')}.`;
}

function scaleFinding(lab: Lab, index: number, column: Column, seen: Column, way: FirstKernel | undefined, measured: Record<string, unknown>): Finding | undefined {
  const features = featuresOf(seen).filter(varies);
  if (features.length === 0 || way?.normalised === true) return undefined;
  const scale = scaleOf(features);
  measured[column.name] = { ...scale, features: features.length, layer: way?.layer ?? null, after: way?.from ?? null };
  const large = scale.rms > largest;
  // Sparse inputs, one-hots among them, have a small rms and values around 1.
  const small = features.every(({ rms }) => rms < smallest) && scale.most < 10 * smallest;
  // An offset at unit scale or below is what a bias takes up in a few steps.
  const off = scale.offset > farOff && Math.abs(scale.mean) > 1;
  if (!large && !small && !off) return undefined;
  const subject = way?.from === undefined ? `input "${column.name}"` : `what layer "${way.from}" gives`;
  const what = off
    ? `is far from zero beside how much it varies: mean ${digits(scale.mean)}, standard deviation ${digits(scale.std)} in the median feature`
    : `has a root mean square of ${digits(scale.rms)} in the median feature, where about 1 is expected`;
  return finding({
    rule: 'inputs-not-scaled',
    severity: way?.normalisedAfter === true ? 'info' : 'warning',
    where: way?.layer === undefined ? { feature: column.name } : { layer: way.layer, feature: column.name },
    message: `${subject} ${what}`,
    evidence: { ...scale, features: features.length, expected: 1, index },
    remedy: remedyOf(seen, features, scale, lab),
  });
}

/** Half the width of a feature's bulk, on the scale of a deviation: an outlier alone does not make a scale. */
function bulk(column: Column, feature: Feature): number {
  const sorted = sortedValues(column, feature.index);
  const quartiles = (sorted[Math.floor(0.75 * (sorted.length - 1))] ?? 0) - (sorted[Math.floor(0.25 * (sorted.length - 1))] ?? 0);
  // 1.349: the quartiles' distance of a normal distribution with deviation 1. A rare 1 among zeros counts by its range.
  return quartiles > 0 ? quartiles / 1.349 : Math.max(feature.std, 0.1 * (feature.max - feature.min));
}

function apartFinding(lab: Lab, column: Column, way: FirstKernel | undefined, measured: Record<string, unknown>): Finding | undefined {
  if (column.shape.length !== 2 || column.width > 512 || column.dtype === 'int32' || way?.normalised === true || way?.from !== undefined) return undefined;
  const features = featuresOf(column)
    .filter(varies)
    .map((feature) => ({ ...feature, scale: bulk(column, feature) }));
  if (features.length < 2) return undefined;
  const usual = middleOf(features.map(({ scale }) => scale), 0.25);
  const sorted = features.toSorted((a, b) => b.scale - a.scale);
  const [first] = sorted;
  if (first === undefined) return undefined;
  const ratio = first.scale / usual;
  measured[`${column.name}/ratio`] = ratio;
  if (!(ratio > farApart)) return undefined;
  const large = sorted.filter(({ scale }) => scale > Math.sqrt(farApart) * usual);
  const name = featureName(lab, column, first.index);
  return finding({
    rule: 'features-scales-differ',
    severity: way?.normalisedAfter === true ? 'info' : 'warning',
    where: { feature: name },
    message: `${name} varies ${digits(ratio)} times as much as a quarter of the features do: it will rule the gradient`,
    evidence: { ratio, scale: first.scale, usual, features: large.slice(0, 10).map(({ index, mean, std }) => ({ feature: featureName(lab, column, index), mean, std })) },
    remedy: `Standardise each feature with the training's mean and deviation: ${someNames(large.map(({ index, mean, std }) => `${featureName(lab, column, index)}: (x - ${digits(mean)}) / ${digits(std)}`))}. Or take the logarithm of those that span powers of ten.`,
  });
}

/** Whole numbers from 0 on, as ids have that a table is looked up by. */
const areIds = ({ values }: Column): boolean => values.every((value: number) => Number.isInteger(value) && value >= 0);

async function run(lab: Lab): Promise<CheckResult> {
  const findings: Finding[] = [];
  const measured: Record<string, unknown> = {};
  for (const [index, column] of lab.training.inputs.entries()) {
    const way = firstKernel(lab, index);
    // Numbers of tokens have no scale.
    if (goesIntoEmbedding(lab, index) || (lab.model.kind !== 'layers' && column.dtype !== 'float32') || lab.training.count < 2) continue;
    const seen = await reaching(lab, column, way);
    if (seen === undefined) continue;
    for (const each of [scaleFinding(lab, index, column, seen, way, measured), apartFinding(lab, column, way, measured)]) {
      if (each === undefined) continue;
      // A model written by hand may scale what it gets, and nothing but its effect tells.
      // One that gathers rows of a table by ids answers to their size as well, and no scale is meant by it.
      const isSilent = lab.model.kind !== 'layers' && (areIds(column) || !(await scaleShows(lab)));
      findings.push(isSilent ? { ...each, severity: 'info' } : each);
    }
  }
  return Object.keys(measured).length === 0 ? { findings, measured, cannotTell: 'no input of numbers reaches a kernel without being normalised' } : { findings, measured };
}

export const inputScale: Check = { name: 'input-scale', stage: 'data', summary: 'What reaches the first layer with weights has about unit scale, and features share a scale.', run };
