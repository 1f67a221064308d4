import * as tf from '@tensorflow/tfjs-core';
import { DataError } from '../errors.js';
import type { Column } from './column.js';
import { after, type Eventual } from './eventual.js';
import { readAndDispose } from './finite.js';
import { isTensor } from './recognize.js';

/**
 * Holds labels that number classes to the classes that there are: whole numbers from 0 to classes - 1, in every sample.
 * Out of range they raise no error later: a one-hot row of zeros counts as a loss of 0.
 *
 * @param classes One a label; undefined where the label is no class number.
 * @throws DataError LABEL_OUT_OF_RANGE, by a promise where the backend cannot read at once
 */
export function checkClassRange(labels: readonly Column[], classes: readonly (number | undefined)[] | undefined): Eventual<void> {
  return labels.reduce<Eventual<void>>((before, { label, content, shape }, i) => {
    const count = classes?.[i];
    if (count === undefined) return before;
    const perSample = shape.slice(1).reduce((product, each) => product * each, 1);
    const search = (values: ArrayLike<number>): void => {
      for (let at = 0; at < values.length; at += 1) {
        const value = values[at] as number;
        // Written so that NaN, which fails every comparison, is left to the search for what is not finite.
        if (!(value < 0 || value >= count || value !== Math.floor(value)) || Number.isNaN(value)) continue;
        throw new DataError('LABEL_OUT_OF_RANGE', {
          found: `${label} is ${String(value)} in sample ${String(Math.floor(at / Math.max(1, perSample)))}`,
          expected: `class labels are whole numbers from 0 to ${String(count - 1)}`,
          remedy: value === count ? 'Count the classes from 0, or give the output one unit more.' : 'Correct the label, or give the output as many units as there are classes.',
        });
      }
    };
    return after(before, () => (isTensor(content) ? after(readAndDispose(tf.clone(content)), search) : search(content)));
  }, undefined);
}
