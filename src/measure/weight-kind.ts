import type { WeightInfo } from './sources.js';

/**
 * Whether a weight multiplies activations, so that its norm says something about depth and growth. A weight of a
 * hand-written model, whose name tells nothing, counts when it is at least a matrix.
 */
export const isKernel = ({ role, shape }: Pick<WeightInfo, 'role' | 'shape'>): boolean => role === 'kernel' || (role === 'other' && shape.length >= 2);
