import { z } from 'zod';

/** MiB. Node keeps 192 KiB of the stack to itself (kStackBufferSize in its node_worker.h); a thread with less ends the whole process. */
const leastStack = 1;

const limit = z.number().positive().optional();

/** node:worker_threads' ResourceLimits, all in MiB. */
export const resourceLimitsSchema = z.strictObject({ maxOldGenerationSizeMb: limit, maxYoungGenerationSizeMb: limit, codeRangeSizeMb: limit, stackSizeMb: z.number().min(leastStack).optional() });
