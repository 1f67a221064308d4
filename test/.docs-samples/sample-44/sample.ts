import { lrScheduler } from 'trainscope/plugins';

const [epochs, stepsPerEpoch] = [10, 150];
export const plugin = lrScheduler({ schedule: { kind: 'cosine', learningRate: 0.01, tMax: epochs * stepsPerEpoch, etaMin: 1e-5 }, per: 'step' });

export {};
