import type { Causes } from '../../causes.js';

/** What the rules of this stage bring about. */
export const dataCauses: Causes = {};
