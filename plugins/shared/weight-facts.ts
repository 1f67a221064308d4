import type { FindingInput, WeightInfo } from 'trainscope/plugin';

/**
 * Whether a weight multiplies activations, so that its norm says something about depth and growth. A weight of a
 * hand-written model, whose name tells nothing, counts when it is at least a matrix.
 */
export const isKernel = ({ role, shape }: WeightInfo): boolean => role === 'kernel' || (role === 'other' && shape.length >= 2);

/** A weight as the place of a finding. */
export const placeOf = ({ name, layer }: WeightInfo): NonNullable<FindingInput['where']> => ({ weight: name, ...(layer === undefined ? {} : { layer }) });
