import type { TrainerOptions } from 'trainscope';

const clip: TrainerOptions['clip'] = { globalNorm: 5 };
console.log(clip);

export {};
