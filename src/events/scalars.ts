import type { TrainscopeEvent } from './envelope.js';
import { isPlainObject } from './json-value.js';
import { nonFiniteNames } from './numbers.js';

/** One number of an event, and of what it is. */
export interface Scalar {
  /** What is measured: `loss`, `norm`, `updateRatio`; nested names with dots. */
  readonly field: string;
  /** Of which weight, layer, class or metric, where the number is one of several: its name in the event. */
  readonly of: string | null;
  readonly value: number;
}

/** Fields of events that hold one entry for each weight, layer and so on: their keys are names of things, not of measures. */
const collections: ReadonlySet<string> = new Set(['weights', 'layers', 'classes', 'perClass', 'hooks', 'plugins']);
/** Fields that only group: their keys are the measures themselves. */
const groups: ReadonlySet<string> = new Set(['metrics']);

const numbers: ReadonlyMap<unknown, number> = new Map(nonFiniteNames.map((name) => [name, Number(name)]));

/**
 * The numbers of an event's data, also of plugins that are not known here. Lists are left out: what stands in them has
 * no name. Metrics of a validation have `val_` in front, as everywhere.
 *
 * @example scalarsOf(gradientNormEvent) // [{ field: 'norm', of: null, value: 0.4 }, { field: 'norm', of: 'dense_1/kernel', value: 0.1 }, ...]
 */
export function scalarsOf({ event, data }: Pick<TrainscopeEvent, 'event' | 'data'>): Scalar[] {
  const found: Scalar[] = [];
  const look = (value: unknown, field: string, of: string | null): void => {
    const number = typeof value === 'number' ? value : numbers.get(value);
    if (number !== undefined) found.push({ field, of, value: number });
    else if (isPlainObject(value)) {
      for (const [key, child] of Object.entries(value)) {
        if (collections.has(key) && isPlainObject(child)) for (const [name, each] of Object.entries(child)) look(each, field, name);
        else look(child, groups.has(key) ? field : key === 'validation' && (event === 'epoch-end' || event === 'validation') ? 'val_' : field === '' || field === 'val_' ? `${field}${key}` : `${field}.${key}`, of);
      }
    }
  };
  look(event === 'validation' ? { validation: data['metrics'] ?? null, samples: data['samples'], ms: data['ms'] } : data, '', null);
  return found;
}
