import type { FindingInput, WeightInfo } from 'trainscope/plugin';

export { isKernel } from 'trainscope/plugin';

/** A weight as the place of a finding. */
export const placeOf = ({ name, layer }: WeightInfo): NonNullable<FindingInput['where']> => ({ weight: name, ...(layer === undefined ? {} : { layer }) });
