import { TrainscopeError } from '../../errors.js';
import { thrownText } from '../../thrown-text.js';
import type { Check, CheckResult } from './check.js';
import type { Lab } from './lab.js';

/** How `cannotTell` begins where a check ended with an error. */
export const endedWithError = 'it ended with an error';

/**
 * What a check came to. A model or a loss that throws where it is asked about what no batch of the data would bring ends
 * that check alone; what would end the training is thrown on.
 */
export async function runCheck({ run }: Pick<Check, 'run'>, lab: Lab): Promise<CheckResult> {
  try {
    return await run(lab);
  } catch (error) {
    if (error instanceof TrainscopeError) throw error;
    return { findings: [], cannotTell: `${endedWithError}: ${thrownText(error)}` };
  }
}
