import { lrScheduler } from 'trainscope/plugins';

export const plugin = lrScheduler({ schedule: { kind: 'warmup', steps: 100, schedule: { kind: 'constant', learningRate: 0.01 } } });

export {};
