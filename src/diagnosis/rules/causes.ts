import type { Causes } from '../causes.js';

/** What the causes that show during a training bring about. */
export const watchCauses: Causes = {};
