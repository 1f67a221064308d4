import type { LabelForm } from '../../../trainer/loss/loss.js';
import type { Lab } from '../lab.js';
import type { Column, Sample } from '../sample.js';
import { largestOf } from './representation.js';

/** Labels of one output as class numbers: `width` of them a sample, as one at each time step. */
export interface ClassTarget {
  readonly kind: 'classes';
  readonly name: string;
  readonly classes: number;
  /** [samples * width] */
  readonly values: Int32Array;
  readonly width: number;
  /** Whether each was a row of classes: one-hot, or a distribution. */
  readonly rows: boolean;
}

/** Labels of one output as numbers to come near to: `width` of them a sample. */
export interface NumberTarget {
  readonly kind: 'numbers';
  readonly name: string;
  /** [samples * width] */
  readonly values: Float32Array | Int32Array;
  readonly width: number;
}

export type Target = ClassTarget | NumberTarget;

/** What rows along the last axis are: all of them one-hot, all of them distributions, or neither. */
export function rowsAre(column: Column): 'one-hot' | 'distributions' | 'neither' {
  const classes = column.shape.at(-1) ?? 1;
  if (column.shape.length < 2 || classes < 2 || column.values.length === 0) return 'neither';
  let oneHot = true;
  for (let start = 0; start < column.values.length; start += classes) {
    let sum = 0;
    for (let c = 0; c < classes; c += 1) {
      const value = column.values[start + c] ?? 0;
      if (value !== 0 && value !== 1) oneHot = false;
      if (value < 0) return 'neither';
      sum += value;
    }
    // Float32 sums of up to some thousand shares stay well within 1e-3 of 1.
    if (Math.abs(sum - 1) > 1e-3) return 'neither';
  }
  return oneHot ? 'one-hot' : 'distributions';
}

const every = (values: Float32Array | Int32Array, isIt: (value: number) => boolean): boolean => values.every((value: number) => isIt(value));

function largest(column: Column): Int32Array {
  const classes = column.shape.at(-1) ?? 1;
  return Int32Array.from({ length: column.values.length / classes }, (_, row) => {
    let best = 0;
    for (let c = 1; c < classes; c += 1) if ((column.values[row * classes + c] ?? 0) > (column.values[row * classes + best] ?? 0)) best = c;
    return best;
  });
}

/** One-hot rows are classes under any loss; distributions where the loss says so. */
function isRows(column: Column, form: LabelForm | undefined): boolean {
  const are = rowsAre(column);
  return are === 'one-hot' || (are === 'distributions' && form === 'distribution');
}

/** What the labels of output `index` say, as far as the loss and the labels tell it. */
export function targetOf(lab: Lab, index: number, sample: Sample = lab.training): Target | undefined {
  const column = sample.labels[index];
  const loss = lab.loss.outputs[index];
  if (column === undefined || column.width === 0 || sample.count === 0) return undefined;
  const { name, values, width } = column;
  if (loss?.form === 'class') {
    const units = loss.output.shape?.at(-1) ?? 0;
    return { kind: 'classes', name, classes: Math.max(units, 1 + largestOf({ values })), values: Int32Array.from(values), width, rows: false };
  }
  if (isRows(column, loss?.form)) {
    const classes = column.shape.at(-1) ?? 1;
    return { kind: 'classes', name, classes, values: largest(column), width: width / classes, rows: true };
  }
  if (every(values, (value) => value === 0 || value === 1) || (loss?.values === 'sign' && every(values, (value) => value === 1 || value === -1))) {
    return { kind: 'classes', name, classes: 2, values: Int32Array.from(values, (value) => (value > 0 ? 1 : 0)), width, rows: false };
  }
  return { kind: 'numbers', name, values: values, width };
}

/** The targets of all outputs of a sample; those that there are no labels for are left out. */
export function targetsOf(lab: Lab, sample: Sample = lab.training): readonly Target[] {
  return sample.labels.flatMap((_, i) => targetOf(lab, i, sample) ?? []);
}

/** Samples of each class: of class targets with one class a sample, or of all their places together. */
export function classCounts(target: ClassTarget): readonly number[] {
  const counts = new Array<number>(target.classes).fill(0);
  for (const each of target.values) if (each >= 0 && each < target.classes) counts[each] = (counts[each] ?? 0) + 1;
  return counts;
}
