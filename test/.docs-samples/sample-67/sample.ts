import type { TrainerOptions } from 'trainscope';

export const weightDecay: TrainerOptions['weightDecay'] = { rate: 0.01, mode: 'decoupled' };

export {};
