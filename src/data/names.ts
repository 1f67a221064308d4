import { DataError } from '../errors.js';
import { didYouMean } from '../nearest-name.js';
import { describe, isRecord, isShapedArray, isTensor } from './recognize.js';

/** What an array is for. */
export type Role = 'input' | 'label' | 'sample weight';

/** One array with the name of what it is for; no name where neither the model nor the source gives one. */
export interface NamedValue {
  readonly name: string | undefined;
  readonly value: unknown;
}

/** `input "image"`, or `the input` without a name. */
export const labelOf = (role: Role, name: string | undefined): string => (name === undefined ? `the ${role}` : `${role} "${name}"`);

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

/** A list of arrays in the model's order, as opposed to one nested array of numbers: its elements say which. */
const isListOfArrays = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) && value.length > 0 && value.every((element) => isTensor(element) || isShapedArray(element));

/**
 * Arrays given alone, by name or in order, put into the model's order. Throws DATA_NAMES where a name is unknown or
 * missing, or their number differs. `names` undefined takes them as they come.
 */
export function nameValues(value: unknown, role: Role, names: readonly string[] | undefined, where: string): NamedValue[] {
  if (isRecord(value) && !isShapedArray(value)) return names === undefined ? byOwnNames(value) : byName(value, role, names, where);
  if (names === undefined) return isListOfArrays(value) ? value.map((each) => ({ name: undefined, value: each })) : [{ name: undefined, value }];
  if (names.length === 1 && !isListOfArrays(value)) return [{ name: names[0], value }];
  if (Array.isArray(value) && value.length === names.length) return names.map((name, index) => ({ name, value: value[index] as unknown }));
  throw new DataError('DATA_NAMES', {
    found: `${where}the ${role}s are ${describe(value)}`,
    expected: `the model has ${names.length} ${role}${names.length === 1 ? '' : 's'}: ${quoted(names)}`,
    remedy: names.length === 1 ? 'Give one array; tf.stack makes one tensor of several samples.' : 'Give one array for each, by name or in this order.',
  });
}

const byOwnNames = (record: Readonly<Record<string, unknown>>): NamedValue[] => Object.entries(record).map(([name, value]) => ({ name, value }));

function byName(record: Readonly<Record<string, unknown>>, role: Role, names: readonly string[], where: string): NamedValue[] {
  const unknown = Object.keys(record).filter((name) => !names.includes(name));
  const missing = names.filter((name) => record[name] === undefined);
  if (unknown.length > 0 || missing.length > 0) {
    const problems = [
      ...(unknown.length > 0 ? [`no ${role} of the model is named ${quoted(unknown)}`] : []),
      ...(missing.length > 0 ? [`the data has no ${role} ${quoted(missing)}`] : []),
    ];
    throw new DataError('DATA_NAMES', {
      found: `${where}${problems.join(', and ')}`,
      expected: `the model has ${quoted(names)}`,
      remedy: unknown.map((name) => didYouMean(name, missing)).find((hint) => hint !== '') ?? `Name the ${role}s as the model does, or give them in its order.`,
    });
  }
  return names.map((name) => ({ name, value: record[name] }));
}
