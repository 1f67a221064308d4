import type { FitSettings } from 'trainscope';
import { lrScheduler } from 'trainscope/plugins';

export const fit: FitSettings = { epochs: 20, validationEvery: { epochs: 1 } };
export const plugin = lrScheduler({ schedule: { kind: 'reduceOnPlateau', monitor: 'val_loss', patience: 5 } });

export {};
