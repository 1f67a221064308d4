import type { Check } from '../check.js';

/** The checks of this stage, in the order in which they run. */
export const modelChecks: readonly Check[] = [];
