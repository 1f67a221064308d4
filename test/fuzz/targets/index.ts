import type { Target } from '../target.js';
import { checkpointTargets } from './checkpoints.js';
import { configTargets } from './config.js';
import { eventTargets } from './events.js';
import { optionTargets } from './options.js';
import { trainerTargets } from './trainer.js';

/** Everything that takes what others wrote. */
export const targets: readonly Target[] = [...configTargets, ...eventTargets, ...optionTargets, ...trainerTargets, ...checkpointTargets];
