import { gradientNorm } from 'trainscope/plugins';

gradientNorm({ every: 100 }, { name: 'gradientsRarely', enforce: 'post', onError: 'isolate' });

export {};
