import { earlyStopping } from 'trainscope/plugins';

export const plugin = earlyStopping({ monitor: 'val_loss', patience: 5, restoreBestWeights: true });

export {};
