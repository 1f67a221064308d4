import * as tf from '@tensorflow/tfjs-core';

/** Logs as tfjs-layers hands them to callbacks: numbers, or scalars that all callbacks share. */
export type UnresolvedLogs = Readonly<Record<string, number | tf.Scalar>>;

/** Numbers of a batch that are no metrics. */
const notMetrics: ReadonlySet<string> = new Set(['batch', 'size']);

/** The metrics of logs by name, parted into numbers and those that are yet to be read. */
export interface PartedLogs {
  readonly numbers: Readonly<Record<string, number>>;
  readonly names: readonly string[];
  readonly tensors: readonly tf.Tensor[];
}

/** What a callback before this one has read is a number already; the scalars stay tfjs-layers' own. */
export function partLogs(logs: UnresolvedLogs): PartedLogs {
  const entries = Object.entries(logs).filter(([name]) => !notMetrics.has(name));
  const unread = entries.flatMap(([name, value]) => (value instanceof tf.Tensor ? [[name, value as tf.Tensor] as const] : []));
  return {
    numbers: Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number')),
    names: unread.map(([name]) => name),
    tensors: unread.map(([, tensor]) => tensor),
  };
}

/** All metrics, in the order of the logs, once the tensors were read. */
export function joinLogs(logs: UnresolvedLogs, { numbers, names }: PartedLogs, read: readonly ArrayLike<number>[]): Readonly<Record<string, number>> {
  const values = new Map(names.map((name, i) => [name, read[i]?.[0] ?? NaN]));
  return Object.fromEntries(Object.keys(logs).flatMap((name) => {
    const value = numbers[name] ?? values.get(name);
    return value === undefined ? [] : [[name, value] as const];
  }));
}

/** Parts those of an epoch by the prefix that tfjs-layers gives to what was validated. */
export function splitValidation(metrics: Readonly<Record<string, number>>): { readonly training: Readonly<Record<string, number>>; readonly validation: Readonly<Record<string, number>> | null } {
  const entries = Object.entries(metrics);
  const validation = entries.filter(([name]) => name.startsWith('val_')).map(([name, value]) => [name.slice('val_'.length), value] as const);
  return { training: Object.fromEntries(entries.filter(([name]) => !name.startsWith('val_'))), validation: validation.length === 0 ? null : Object.fromEntries(validation) };
}
