import type { TrainerOptions } from 'trainscope';

export const clip: TrainerOptions['clip'] = { globalNorm: 1 };

export {};
