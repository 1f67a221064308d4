import { finding } from '../../finding.js';
import type { Lab } from '../lab.js';
import type { Column } from '../sample.js';
import { featureName, featuresOf, varies } from './features.js';
import { goesIntoEmbedding } from './first-kernel.js';
import type { Look } from './labels-and-loss.js';
import { targetOf } from './targets.js';

/** Below it, a feature and a label may agree by chance or by rounding. */
const fewestSamples = 30;
/** Labels of fewer values may be one of many features by their meaning: a grade, a count. */
const fewestValues = 20;
/** Correlation of a copy: noise of half a percent has less. A sum of features has far less with each of them. */
const copy = 0.99999;
/** Labels of an output that are looked at, at most. */
const mostLabels = 16;

interface Place {
  readonly input: Column;
  readonly feature: number;
}

/** Whether y is an affine map of x in every sample, up to the rounding of float32 on either side. */
function isCopy(x: (i: number) => number, y: (i: number) => number, count: number): boolean {
  let meanX = 0;
  let meanY = 0;
  for (let i = 0; i < count; i += 1) {
    meanX += x(i) / count;
    meanY += y(i) / count;
  }
  let xx = 0;
  let yy = 0;
  let xy = 0;
  let largestX = 0;
  let largestY = 0;
  for (let i = 0; i < count; i += 1) {
    const a = x(i) - meanX;
    const b = y(i) - meanY;
    xx += a * a;
    yy += b * b;
    xy += a * b;
    largestX = Math.max(largestX, Math.abs(x(i)));
    largestY = Math.max(largestY, Math.abs(y(i)));
    // Cheap first: most features show within a few samples that they are no copy.
    if (i === 63 && !(Math.abs(xy) > 0.9 * Math.sqrt(xx * yy))) return false;
  }
  if (!(xx > 0 && yy > 0) || !(Math.abs(xy) > copy * Math.sqrt(xx * yy))) return false;
  const slope = xy / xx;
  // 2 ** -22: four roundings of float32, as of a label that was scaled, stored, and scaled back.
  const room = 1e-5 * Math.sqrt(yy / count) + 2 ** -22 * (largestY + Math.abs(slope) * largestX);
  for (let i = 0; i < count; i += 1) if (Math.abs(y(i) - meanY - slope * (x(i) - meanX)) > room) return false;
  return true;
}

/** Whether each class has one value of the feature, and another class another one. */
function namesClasses(x: (i: number) => number, labels: ArrayLike<number>): boolean {
  const valueOf = new Map<number, number>();
  for (let i = 0; i < labels.length; i += 1) {
    const label = labels[i] ?? 0;
    const known = valueOf.get(label);
    if (known === undefined) valueOf.set(label, x(i));
    else if (known !== x(i)) return false;
  }
  return valueOf.size > 1 && new Set(valueOf.values()).size === valueOf.size;
}

/** Inputs of numbers, with their features that vary and are finite. */
function candidates(lab: Lab): readonly Place[] {
  const { inputs } = lab.training;
  return inputs.flatMap((input, index) => (input.dtype !== 'float32' || goesIntoEmbedding(lab, index) ? [] : featuresOf(input).flatMap((each) => (varies(each) && each.finite ? [{ input, feature: each.index }] : []))));
}

const at =
  ({ input, feature }: Place) =>
  (i: number): number =>
    input.values[i * input.width + feature] ?? 0;

const distinctOf = (value: (i: number) => number, count: number): number => new Set(Array.from({ length: count }, (_, i) => value(i))).size;

/** In a sequence a copy of an early step is a task of memory. One of the last step leaves nothing to foretell. */
function isLastStep({ input, feature }: Place): boolean {
  const channels = input.shape.length === 3 ? (input.shape[2] ?? 1) : input.width;
  return feature >= input.width - channels;
}

function told(lab: Lab, label: Column, place: Place, isClass: boolean, severity: 'warning' | 'info'): ReturnType<typeof finding> {
  const { input, feature } = place;
  const isSequence = input.shape.length === 3;
  const channels = input.shape[2] ?? 1;
  const name = isSequence ? `step ${String(Math.floor(feature / channels))} of ${String(input.shape[1])}${channels > 1 ? `, channel ${String(feature % channels)},` : ''} of "${input.name}"` : featureName(lab, input, feature);
  return finding({
    rule: 'label-in-inputs',
    severity,
    where: { feature: isSequence ? input.name : name },
    message: `${name} is the label "${label.name}" over again, ${isClass ? 'with one value for each class' : 'up to a factor and an offset'}, in all ${String(lab.training.count)} samples looked at: there is nothing to learn but to copy it`,
    evidence: { input: input.name, feature, samples: lab.training.count },
    remedy: isSequence ? 'Let windows end one step before the value that is to be foretold.' : `Leave ${name} out of the inputs, unless it is known before the label where the model is used; where inputs are a window, let it end before the label.`,
  });
}

/** A feature that is the label itself, in another unit or not. A sum of features is a task, and one number alone too. */
export const labelInInputs: Look = (lab, output, column, measured) => {
  const { training } = lab;
  const { count, inputs } = training;
  const target = targetOf(lab, output);
  const loss = lab.loss.outputs[output];
  if (target === undefined || loss === undefined || count < fewestSamples || inputs.reduce((sum, { width }) => sum + width, 0) < 2) return undefined;
  // Labels at each step stand in inputs by right: the next token, a sequence rebuilt. Images and masks too.
  if (column.shape.length > 2 && column.width > 1 && target.width > 1) return undefined;
  const places = candidates(lab);
  if (target.kind === 'classes') {
    if (target.width !== 1 || inputs.some(({ shape }) => shape.length !== 2)) return undefined;
    const counts = new Map<number, number>();
    for (const label of target.values) counts.set(label, (counts.get(label) ?? 0) + 1);
    // Ten samples of other classes than the first: fewer agree with a rare feature now and then.
    if (count - Math.max(...counts.values()) < 10) return undefined;
    const found = places.find((place) => namesClasses(at(place), target.values));
    measured[`${column.name}/inInputs`] = found === undefined ? 0 : 1;
    // Among categories and bits a label that is one of them is a task, if an easy one.
    const others = places.some((place) => place !== found && distinctOf(at(place), count) > Math.max(fewestValues, count / 10));
    return found === undefined || !others ? undefined : told(lab, column, found, true, 'warning');
  }
  const labels = featuresOf(column)
    .filter((each) => varies(each) && each.finite)
    .slice(0, mostLabels)
    .map(({ index, std }) => {
      const label = (i: number): number => column.values[i * column.width + index] ?? 0;
      // Rounding of float32 makes no other value.
      return { label, values: distinctOf((i) => Math.round(label(i) / (1e-4 * std)), count) };
    })
    .filter(({ values }) => values >= fewestValues);
  const copies = labels.flatMap(({ label, values }) => {
    const place = places.find((each) => isCopy(at(each), label, count));
    return place === undefined ? [] : [{ place, values }];
  });
  measured[`${column.name}/inInputs`] = copies.length;
  const [first] = copies;
  // Most labels of several: inputs are to be rebuilt, put in another order, or moved on by a step.
  if (first === undefined || (column.width > 1 && 2 * copies.length > labels.length)) return undefined;
  // What a loss written by hand makes of labels is not known.
  const isMemory = first.place.input.shape.length === 3 && !isLastStep(first.place);
  // A wave that comes again after a period, or turned over after half of one, stands in its own window by nature.
  const comesAgain = first.values < count / 4;
  return told(lab, column, first.place, false, loss.custom || isMemory || comesAgain ? 'info' : 'warning');
};
