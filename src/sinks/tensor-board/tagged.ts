import { scalarsOf, type TrainscopeEvent } from '../../events/index.js';

/** Folders of a run, as Keras has them; '' is the run's own. */
export type Place = '' | 'train' | 'validation';

export interface TaggedScalar {
  readonly place: Place;
  readonly tag: string;
  readonly value: number;
}

/**
 * The numbers of a plugin's event. TensorBoard puts what stands before the first / into one section: the weights of one
 * measure are together.
 *
 * - of the whole: `gradient-norm/norm`
 * - of a part: `gradient-norm/dense_1/kernel` where the event is named after the field, else `gradient-norm.maxAbs/dense_1/kernel`
 * - of one of several outputs, where the event says which: `confusion-matrix/OUTPUT/accuracy`
 */
export function pluginScalars(event: TrainscopeEvent): readonly TaggedScalar[] {
  const { output } = event.data;
  const under = typeof output === 'string' ? `${output}/` : '';
  const place = event.event === 'confusion-matrix' ? 'validation' : 'train';
  return scalarsOf(event).map(({ field, of, value }) => {
    if (of === null) return { place, tag: `${event.event}/${under}${field === '' ? 'value' : field}`, value };
    const isNamesake = field === '' || event.event === field || event.event.endsWith(`-${field}`);
    return { place, tag: `${isNamesake ? event.event : `${event.event}.${field}`}/${under}${of}`, value };
  });
}
