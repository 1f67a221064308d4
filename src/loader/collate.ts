import type { NumericArray, Samples } from '../data/source.js';
import { DataError } from '../errors.js';
import { showValue } from '../problems.js';
import type { LoadedSample } from './define-loader.js';

/** One value of one sample, flat. Plain numbers are float64, so that class numbers and bytes stay exact whatever they become. */
interface Flat {
  readonly values: NumericArray | readonly number[];
  /** Of the sample: without the batch dimension. */
  readonly shape: readonly number[];
  readonly array: new (length: number) => NumericArray;
}

interface BatchValue {
  readonly values: NumericArray;
  /** [samples, ...] */
  readonly shape: number[];
}

type Role = 'inputs' | 'labels' | 'sampleWeights';
/** What stands for the samples of a batch under one key, and how to call it: `labels`, `inputs.left`, `inputs[1]`. */
interface Part {
  readonly what: string;
  readonly each: readonly unknown[];
}

/**
 * Puts samples together: [samples, ...] of what each has. The first one decides what there is, of which kind and shape.
 *
 * @param indices Of the samples, for messages.
 * @throws DataError DATA_TYPE and DATA_SHAPE, naming the sample that differs
 */
export function collate(samples: readonly LoadedSample[], indices: Int32Array): Samples {
  samples.forEach((sample: unknown, i) => {
    if (typeof sample !== 'object' || sample === null || !('inputs' in sample)) {
      throw new DataError('DATA_TYPE', { found: `sample ${nth(indices, i)} ${typeof sample === 'object' && sample !== null ? `has ${Object.keys(sample).join(', ') || 'no fields'} and no inputs` : `is ${showValue(sample)}`}`, expected: 'sample(index) gives { inputs, labels }', remedy: 'Return an object with inputs.' });
    }
  });
  const [first] = samples as readonly [LoadedSample, ...LoadedSample[]];
  for (const name of ['labels', 'sampleWeights'] as const) {
    const odd = first[name] === undefined ? samples.findIndex((sample) => sample[name] !== undefined) : -1;
    if (odd > 0) throw differs(name, ['undefined', 'not'], [indices[0] ?? 0, nth(indices, odd)]);
  }
  const has = (role: Role): boolean => first[role] !== undefined;
  const role = (name: Role): unknown => together({ what: name, each: samples.map((sample) => sample[name]) }, indices);
  return { inputs: role('inputs'), ...(has('labels') ? { labels: role('labels') } : {}), ...(has('sampleWeights') ? { sampleWeights: role('sampleWeights') } : {}) } as Samples;
}

const nth = (indices: Int32Array, i: number): number => indices[i] ?? i;
const isTyped = (value: unknown): value is NumericArray => ArrayBuffer.isView(value) && !(value instanceof DataView) && !(value instanceof BigInt64Array) && !(value instanceof BigUint64Array);
const isShaped = (value: unknown): value is { readonly values: NumericArray | readonly number[]; readonly shape: readonly number[] } =>
  typeof value === 'object' && value !== null && 'shape' in value && Array.isArray(value.shape) && 'values' in value && (isTyped(value.values) || Array.isArray(value.values));
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.length > 0 && value.every((each) => isTyped(each) || isShaped(each));
const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value) as null);

/** What is under a key, where it holds further values: how many in a list, or their names. */
const partsOf = (value: unknown): string | undefined =>
  isList(value) ? `a list of ${String(value.length)}` : !isShaped(value) && isPlain(value) ? `an object of ${Object.keys(value).sort().join(', ')}` : undefined;

/** The first sample of a batch changes with the order, so that what it lacks is no less an error than what it has alone. */
const differs = (what: string, [is, other]: readonly [string, string], [sample, otherSample]: readonly [number, number]): DataError =>
  new DataError('DATA_TYPE', {
    found: `${what} of sample ${sample} is ${is}, and that of sample ${otherSample}, in the same batch, is ${other}`,
    expected: 'all samples of a batch have the same',
    remedy: 'Return the same inputs, labels and sampleWeights for each sample.',
  });

function together({ what, each }: Part, indices: Int32Array): unknown {
  const [first] = each;
  const parts = partsOf(first);
  // Of what is no list and has no keys, and should have, it is told below what it is.
  const odd = each.findIndex((value) => parts !== undefined && (partsOf(value) ?? parts) !== parts);
  if (odd > 0) throw differs(what, [parts ?? '', partsOf(each[odd]) ?? ''], [nth(indices, 0), nth(indices, odd)]);
  if (isList(first)) return first.map((_, at) => together({ what: `${what}[${at}]`, each: each.map((value) => (isList(value) ? value[at] : undefined)) }, indices));
  if (!isShaped(first) && isPlain(first)) {
    return Object.fromEntries(Object.keys(first).map((key) => [key, together({ what: `${what}.${key}`, each: each.map((value) => (isPlain(value) ? value[key] : undefined)) }, indices)]));
  }
  return stack({ what, each }, indices);
}

function stack({ what, each }: Part, indices: Int32Array): BatchValue {
  const flats = each.map((value, i) => flat(value, () => `${what} of sample ${nth(indices, i)}`));
  const [first] = flats as [Flat, ...Flat[]];
  const size = first.values.length;
  const values = new first.array(size * flats.length);
  flats.forEach(({ values: own, shape, array }, i) => {
    if (!isSame(shape, first.shape)) {
      throw new DataError('DATA_SHAPE', {
        found: `${what} of sample ${nth(indices, i)} has shape [${shape.join(', ')}]`,
        expected: `that of sample ${nth(indices, 0)}, in the same batch, has [${first.shape.join(', ')}]`,
        remedy: 'Crop or pad it in sample, or put batches together in batch.',
      });
    }
    if (array !== first.array) {
      throw new DataError('DATA_TYPE', {
        found: `${what} of sample ${nth(indices, i)} is of another kind of array (${array.name}) than that of sample ${nth(indices, 0)} (${first.array.name})`,
        expected: 'the samples of a batch go into one array',
      });
    }
    // One number is what labels mostly are.
    if (size === 1) values[i] = own[0] ?? Number.NaN;
    else values.set(own, i * size);
  });
  return { values, shape: [flats.length, ...first.shape] };
}

function flat(value: unknown, where: () => string): Flat {
  if (typeof value === 'number') return { values: [value], shape: [], array: Float64Array };
  if (isTyped(value)) return { values: value, shape: [value.length], array: arrayOf(value) };
  if (isShaped(value)) {
    const { values, shape } = value;
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    if (size !== values.length) {
      throw new DataError('DATA_SHAPE', { found: `${where()} has ${values.length} values for the shape [${shape.join(', ')}]`, expected: `that shape takes ${size}`, remedy: 'The shape is that of one sample, without a batch dimension.' });
    }
    return { values: isTyped(values) ? values : numbers(values, where), shape, array: isTyped(values) ? arrayOf(values) : Float64Array };
  }
  if (Array.isArray(value)) return { values: numbers(value, where), shape: [value.length], array: Float64Array };
  const isTensor = typeof value === 'object' && value !== null && 'dataSync' in value;
  throw new DataError('DATA_TYPE', {
    found: `${where()} is ${isTensor ? 'a tensor' : showValue(value)}`,
    expected: 'it takes a number, a typed array, an array of numbers, or { values, shape }',
    ...(isTensor ? { remedy: 'Give its numbers, { values: tensor.dataSync(), shape: tensor.shape }: tensors do not pass between threads.' } : {}),
  });
}

function numbers(values: readonly unknown[], where: () => string): readonly number[] {
  const odd = values.findIndex((each) => typeof each !== 'number');
  if (odd < 0) return values as readonly number[];
  throw new DataError('DATA_TYPE', { found: `${where()} has ${showValue(values[odd])} among its numbers`, expected: 'an array of numbers is a vector', remedy: 'Give { values, shape } for what has more dimensions.' });
}

/** A Buffer of Node is a Uint8Array, and what is made here should be no Buffer. */
const arrayOf = (values: NumericArray): Flat['array'] => (values instanceof Uint8Array ? Uint8Array : (values.constructor as Flat['array']));
const isSame = (one: readonly number[], other: readonly number[]): boolean => one.length === other.length && one.every((dimension, axis) => dimension === other[axis]);
