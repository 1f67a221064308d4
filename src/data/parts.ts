import { DataError } from '../errors.js';
import { didYouMean } from '../nearest-name.js';
import { describe, isNumericArray, isRecord, isSamplesRecord, isShapedArray, isTensor } from './recognize.js';

/** Samples taken apart: what stands for the inputs, the labels and the weights, not yet looked into. */
export interface Parts {
  readonly inputs: unknown;
  readonly labels: unknown;
  readonly sampleWeights: unknown;
}

const KEYS = ['inputs', 'labels', 'sampleWeights', 'xs', 'ys'];

/** Takes samples apart, in any of the forms that Samples allows, or an array alone as inputs without labels. Throws DATA_TYPE and DATA_NAMES. */
export function partsOf(samples: unknown, where: string): Parts {
  if (isSamplesRecord(samples)) return partsOfRecord(samples, where);
  if (Array.isArray(samples) && (samples.length === 2 || samples.length === 3)) {
    const [inputs, labels, sampleWeights] = samples as readonly unknown[];
    return { inputs, labels, sampleWeights };
  }
  if (isTensor(samples) || isShapedArray(samples) || isNumericArray(samples)) return { inputs: samples, labels: undefined, sampleWeights: undefined };
  const mistyped = isRecord(samples) ? Object.keys(samples).map((key) => didYouMean(key, KEYS)).find((hint) => hint !== '') : undefined;
  if (mistyped !== undefined) {
    throw new DataError('DATA_NAMES', { found: `${where}the samples are ${describe(samples)}`, expected: 'the inputs go under inputs (or xs)', remedy: mistyped });
  }
  throw new DataError('DATA_TYPE', {
    found: `${where}the samples are ${describe(samples)}`,
    expected: 'they take the form { inputs, labels, sampleWeights }, { xs, ys } or [inputs, labels]',
    remedy: 'Arrays of inputs by name go under inputs: { inputs: { left, right }, labels }.',
  });
}

function partsOfRecord(record: Readonly<Record<string, unknown>>, where: string): Parts {
  const unknown = Object.keys(record).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw new DataError('DATA_NAMES', {
      found: `${where}the samples have "${unknown}"`,
      expected: 'they take inputs, labels and sampleWeights (or xs and ys)',
      remedy: didYouMean(unknown, KEYS),
    });
  }
  for (const [one, other] of [['inputs', 'xs'], ['labels', 'ys']] as const) {
    if (one in record && other in record) {
      throw new DataError('DATA_NAMES', { found: `${where}the samples have both ${one} and ${other}`, expected: 'these are two names for the same thing', remedy: `Leave out ${other}.` });
    }
  }
  return { inputs: record.inputs ?? record.xs, labels: record.labels ?? record.ys, sampleWeights: record.sampleWeights };
}
