import { lrScheduler } from 'trainscope/plugins';

lrScheduler({ schedule: { kind: 'step', stepSize: 30 } }); // the optimizer's rate, a tenth of it from epoch 31 on
lrScheduler({ schedule: { kind: 'oneCycle', maxLr: 0.1, totalSteps: 1000 } });
lrScheduler({ schedule: { kind: 'reduceOnPlateau', monitor: 'val_loss', patience: 5 } });
lrScheduler({ schedule: (step) => 0.1 / (1 + step / 100) });

export {};
